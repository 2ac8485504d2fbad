// Folders for servers and stores under test.
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWriter } from '../../dist/store/sqlite/database.js';

export const newFolder = () => mkdtempSync(join(tmpdir(), 'throughline-test-'));

/** A folder whose segments are so small that a few events fill several levels of them. */
export function segmented(smallest: number, fanout: number, slice: number, from?: string): string {
  const folder = newFolder();
  if (from !== undefined) cpSync(from, folder, { recursive: true });
  const db = openWriter(folder);
  db.prepare('UPDATE timeline_shape SET smallest = ?, fanout = ?, slice = ?').run(smallest, fanout, slice);
  db.close();
  return folder;
}

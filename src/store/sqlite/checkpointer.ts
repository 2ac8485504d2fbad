// The checkpointer thread: copies the WAL into the database beside the writer, so that no reply waits for it.
import { parentPort, workerData } from 'node:worker_threads';
import { openCheckpointer } from './database.js';

/** What is written while a pass copies is left to the next one, so that what is left to the writer is little. */
const MAX_PASSES = 4;
const FEW_FRAMES = 64;

const { folder } = workerData as { folder: string };

parentPort?.on('message', (message: 'checkpoint' | 'close') => {
  if (message === 'close') return void parentPort?.close();
  try {
    const db = openCheckpointer(folder);
    try {
      for (let pass = 0, copied = 0; pass < MAX_PASSES; pass++) {
        const [{ log }] = db.pragma('wal_checkpoint(PASSIVE)') as [{ log: number }];
        if (log - copied < FEW_FRAMES) break;
        copied = log;
      }
    } finally {
      db.close();
    }
  } catch {
    // A full or busy disk: the WAL keeps everything, and the next round tries again.
  }
  parentPort?.postMessage('done');
});

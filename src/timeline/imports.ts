// The port of bulk imports: where each stands is kept with the events that it brought.
// A file is known by what it begins with, so that it may be moved, copied or grow.
import type { Refusal } from '../refusal.js';
import type { EventDraft } from './store.js';

export interface ImportKey {
  portalId: number;
  appId: number;
  /** The digest of what the file begins with. */
  head: Uint8Array;
  /** Of how many bytes that is. */
  headBytes: number;
}

export interface ImportRefusal {
  line: number;
  refusal: Pick<Refusal, 'reason' | 'message' | 'faults' | 'context'>;
}

interface Position {
  /** Bytes of the file that are done: they end with a line. */
  at: number;
  /** How many lines these are. */
  line: number;
  /** Where the last of them begins, and its digest. */
  lastLineAt: number;
  lastLine: Uint8Array;
}

export interface ImportStanding extends Position {
  stored: number;
  refused: number;
  /** How long the report is. What came after that is in `unreported`, by line. */
  reportBytes: number;
  unreported: ImportRefusal[];
}

export interface ImportStep extends ImportKey, Position {
  /** Where the step begins. */
  from: number;
  /** The line of each draft. */
  lines: readonly number[];
  /** Lines of the step that are no events. */
  refusals: readonly ImportRefusal[];
  /** How long the report is, and the line up to which it tells everything. */
  reported: { bytes: number; line: number };
}

export interface ImportStore {
  /** Of how many bytes the heads are that imports of the portal and app are known by. */
  importHeads(portalId: number, appId: number): number[];
  /** Undefined: the file was not imported, or no step of it was. */
  importStanding(key: ImportKey): ImportStanding | undefined;
  /**
   * Appends the drafts as `append` does and notes the step, in one transaction. Answers the lines that were refused.
   * Rejects, having stored nothing, with a Refusal `conflict` where the import does not stand at `step.from`.
   */
  importStep(drafts: readonly EventDraft[], step: ImportStep): Promise<ImportRefusal[]>;
  /** The file counts as not imported; its events stay. */
  forgetImport(key: ImportKey): Promise<void>;
}

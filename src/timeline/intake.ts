// The group commit in front of the store. While one batch commits, one stands ready behind it and the next one
// gathers; there is no timer and no delay at low load. What waits is bounded in events and bytes: beyond that a caller
// is told at once to come back.
//
// A draft that comes while fewer than MAX_IN_FLIGHT batches are with the store goes there when this turn of the event
// loop ends, with all that came in it; else it waits. When a batch is done, the waiting ones are flipped before its
// callers hear of it, so that the disk is never idle while there is work.
import { Refusal } from '../refusal.js';
import type { AppendOutcome, EventDraft, StoredEvent, TimelineStore } from './store.js';

export const MAX_WAITING_EVENTS = 20_000;
export const MAX_WAITING_BYTES = 128 * 1024 * 1024;
/** Batches with the store at once: while one commits the next one stands ready, so that the disk never waits for us. */
const MAX_IN_FLIGHT = 2;
const MAX_BATCH_EVENTS = 1_000;
const MAX_BATCH_BYTES = 16 * 1024 * 1024;

interface Waiting {
  drafts: readonly EventDraft[];
  bytes: number;
  resolve: (outcomes: AppendOutcome[]) => void;
  reject: (error: unknown) => void;
}

export class Intake {
  #waiting: Waiting[] = [];
  #events = 0;
  #bytes = 0;
  #due = false;
  #inFlight = 0;

  constructor(private readonly store: Pick<TimelineStore, 'append'>) {}

  /** Stores one event. Rejects with the Refusal where it is refused. */
  async append(draft: EventDraft): Promise<StoredEvent> {
    const [outcome] = await this.appendAll([draft]);
    if (!outcome || outcome instanceof Refusal) throw outcome;
    return outcome;
  }

  /** Stores the drafts of one caller, in order, in one transaction. */
  appendAll(drafts: readonly EventDraft[]): Promise<AppendOutcome[]> {
    let bytes = 0;
    for (const draft of drafts) bytes += draft.body.length;
    if (this.#events + drafts.length > MAX_WAITING_EVENTS || this.#bytes + bytes > MAX_WAITING_BYTES)
      return Promise.reject(this.#overloaded());
    this.#events += drafts.length;
    this.#bytes += bytes;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ drafts, bytes, resolve, reject });
      if (this.#due || this.#inFlight >= MAX_IN_FLIGHT) return;
      this.#due = true;
      setImmediate(() => {
        this.#due = false;
        this.#flip();
      });
    });
  }

  /** Throws the Refusal when not one more event is taken: before a body is read, that costs next to nothing. */
  refuseWhenFull(): void {
    if (this.#events >= MAX_WAITING_EVENTS || this.#bytes >= MAX_WAITING_BYTES) throw this.#overloaded();
  }

  #overloaded(): Refusal {
    return new Refusal(
      'overloaded',
      `${this.#events} events are waiting for the disk, as many as may; try again shortly`,
    );
  }

  #flip(): void {
    const batch = this.#takeBatch();
    if (batch.length === 0) return;
    this.#inFlight++;
    const drafts = batch.flatMap((each) => each.drafts);
    this.store.append(drafts).then(
      (outcomes) => {
        this.#inFlight--;
        this.#flip();
        let at = 0;
        for (const { drafts, resolve } of batch) {
          resolve(outcomes.slice(at, at + drafts.length));
          at += drafts.length;
        }
        this.#leave(batch);
      },
      (error: unknown) => {
        this.#inFlight--;
        this.#flip();
        for (const each of batch) each.reject(error);
        this.#leave(batch);
      },
    );
  }

  /** The callers that go into the next commit: as many as its bounds allow, at least one. */
  #takeBatch(): Waiting[] {
    let events = 0;
    let bytes = 0;
    let count = 0;
    for (const each of this.#waiting) {
      events += each.drafts.length;
      bytes += each.bytes;
      if (count > 0 && (events > MAX_BATCH_EVENTS || bytes > MAX_BATCH_BYTES)) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  #leave(batch: readonly Waiting[]): void {
    for (const each of batch) {
      this.#events -= each.drafts.length;
      this.#bytes -= each.bytes;
    }
  }
}

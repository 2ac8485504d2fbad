// The way of drafts to the store: those that come in one turn of the event loop go together, or as soon as enough are
// there for the store to begin while the turn goes on. No timer, no delay at low load; the store commits what waits for
// it together. Callers' batches stand in line before, as the bytes they came as. What the store has at a time, and what
// waits here, is bounded in events and bytes: beyond that a caller is told at once to come back.
import { Refusal } from '../refusal.js';
import type { AppendOutcome, EventDraft, StoredEvent, TimelineStore } from './store.js';

export const MAX_WAITING_EVENTS = 20_000;
export const MAX_WAITING_BYTES = 128 * 1024 * 1024;
/** A batch of so many goes at once: the store works on it while the rest of the turn is read. */
const READY_EVENTS = 32;
const READY_BYTES = 1024 * 1024;
/**
 * The store has no more than so much at a time: other writes stand behind it for a fifth of a second at most. With
 * less it would rest while a turn reads many large bodies.
 */
const AHEAD_EVENTS = 10_000;
const AHEAD_BYTES = 64 * 1024 * 1024;
/** A caller's batch is begun while less than this waits and is with the store: enough that the store has work. */
const BEGIN_EVENTS = 4_000;
const BEGIN_BYTES = 16 * 1024 * 1024;
/** Batches that have not begun; their bytes may be as many as those of events that wait. */
export const MAX_IN_LINE = 256;
/** Batches are begun for so long in one turn of the event loop: those that are refused fill nothing up. */
const BEGIN_MS = 20;
/** What has waited goes in batches of no more than so much. */
const MAX_BATCH_EVENTS = 1_000;
const MAX_BATCH_BYTES = 16 * 1024 * 1024;

interface Caller {
  drafts: readonly EventDraft[];
  bytes: number;
  resolve: (outcomes: AppendOutcome[]) => void;
  reject: (error: unknown) => void;
}

export class Intake {
  #gathered: Caller[] = [];
  #gatheredEvents = 0;
  #gatheredBytes = 0;
  #aheadEvents = 0;
  #aheadBytes = 0;
  #due = false;
  #line: { bytes: number; begin: () => void }[] = [];
  #lineBytes = 0;
  #begun = 0;
  #beginsSoon = false;

  constructor(private readonly store: Pick<TimelineStore, 'append'>) {}

  /** Stores one event. Rejects with the Refusal where it is refused. */
  append(draft: EventDraft): Promise<StoredEvent> {
    return new Promise((resolve, reject) => {
      const settle = ([outcome]: AppendOutcome[]) =>
        !outcome || outcome instanceof Refusal ? reject(outcome) : resolve(outcome);
      this.#gather({ drafts: [draft], bytes: draft.body.length, resolve: settle, reject });
    });
  }

  /** Stores the drafts of one caller, in order, in one transaction. */
  appendAll(drafts: readonly EventDraft[]): Promise<AppendOutcome[]> {
    let bytes = 0;
    for (const draft of drafts) bytes += draft.body.length;
    return new Promise((resolve, reject) => this.#gather({ drafts, bytes, resolve, reject }));
  }

  /**
   * Does the work of a caller's batch when its turn comes, in order of arrival. Until then it is no more than the bytes
   * it came as: drafts that wait for long are copied by one collection after the other. It appends before it waits for
   * anything.
   */
  inLine<Answer>(bytes: number, work: () => Promise<Answer>): Promise<Answer> {
    // A caller that has gone is no longer counted elsewhere: its bytes are still here.
    if (this.#line.length >= MAX_IN_LINE || this.#lineBytes + bytes > MAX_WAITING_BYTES)
      throw new Refusal(
        'overloaded',
        `${this.#line.length} batches wait for their turn, as many as may; try again shortly`,
      );
    return new Promise((resolve, reject) => {
      const begin = () => {
        this.#begun++;
        work()
          .then(resolve, reject)
          .finally(() => {
            this.#begun--;
            this.#beginSoon();
          });
      };
      this.#line.push({ bytes, begin });
      this.#lineBytes += bytes;
      if (!this.#beginsSoon) this.#begin();
    });
  }

  #beginSoon(): void {
    if (this.#beginsSoon) return;
    this.#beginsSoon = true;
    setImmediate(() => {
      this.#beginsSoon = false;
      this.#begin();
    });
  }

  /** Whether a batch may begin. If none is at work it may: single events, however many, keep none waiting for ever. */
  get #hasRoom(): boolean {
    return this.#begun === 0 || (this.#events < BEGIN_EVENTS && this.#bytes < BEGIN_BYTES);
  }

  #begin(): void {
    const startedAt = performance.now();
    while (this.#hasRoom) {
      const next = this.#line.shift();
      if (!next) return;
      this.#lineBytes -= next.bytes;
      next.begin();
      if (performance.now() - startedAt > BEGIN_MS) {
        this.#beginSoon();
        return;
      }
    }
  }

  /** Gathered, and with the store. */
  get #events(): number {
    return this.#gatheredEvents + this.#aheadEvents;
  }
  get #bytes(): number {
    return this.#gatheredBytes + this.#aheadBytes;
  }

  /** Whether not one more event is taken. */
  get isFull(): boolean {
    return this.#events >= MAX_WAITING_EVENTS || this.#bytes >= MAX_WAITING_BYTES;
  }

  /** Throws the Refusal when not one more event is taken: before a body is read, that costs next to nothing. */
  refuseWhenFull(): void {
    if (this.isFull) throw this.#overloaded();
  }

  #gather(caller: Caller): void {
    const { drafts, bytes, reject } = caller;
    if (this.#events + drafts.length > MAX_WAITING_EVENTS || this.#bytes + bytes > MAX_WAITING_BYTES) {
      reject(this.#overloaded());
      return;
    }
    this.#gathered.push(caller);
    this.#gatheredEvents += drafts.length;
    this.#gatheredBytes += bytes;
    if (this.#gatheredEvents >= READY_EVENTS || this.#gatheredBytes >= READY_BYTES) {
      this.#send();
    } else if (!this.#due) {
      this.#due = true;
      setImmediate(() => {
        this.#due = false;
        this.#send();
      });
    }
  }

  #overloaded(): Refusal {
    return new Refusal(
      'overloaded',
      `${this.#events} events are waiting for the disk, as many as may; try again shortly`,
    );
  }

  /** Sends what is gathered, unless the store has enough to do. */
  #send(): void {
    while (this.#gathered.length > 0 && this.#aheadEvents < AHEAD_EVENTS && this.#aheadBytes < AHEAD_BYTES)
      this.#sendBatch(this.#takeBatch());
  }

  #sendBatch(batch: readonly Caller[]): void {
    this.store.append(batch.flatMap((each) => each.drafts)).then(
      (outcomes) => {
        let at = 0;
        for (const { drafts, resolve } of batch) {
          resolve(outcomes.slice(at, at + drafts.length));
          at += drafts.length;
        }
        this.#leave(batch);
      },
      (error: unknown) => {
        for (const each of batch) each.reject(error);
        this.#leave(batch);
      },
    );
  }

  /** The callers that go together: as many as a batch's bounds allow, at least one. */
  #takeBatch(): Caller[] {
    let [events, bytes, count] = [0, 0, 0];
    for (const each of this.#gathered) {
      if (
        count > 0 &&
        (events + each.drafts.length > MAX_BATCH_EVENTS || bytes + each.bytes > MAX_BATCH_BYTES)
      )
        break;
      events += each.drafts.length;
      bytes += each.bytes;
      count++;
    }
    this.#gatheredEvents -= events;
    this.#gatheredBytes -= bytes;
    this.#aheadEvents += events;
    this.#aheadBytes += bytes;
    return this.#gathered.splice(0, count);
  }

  #leave(batch: readonly Caller[]): void {
    for (const each of batch) {
      this.#aheadEvents -= each.drafts.length;
      this.#aheadBytes -= each.bytes;
    }
    this.#send();
  }
}

// How the domain says no. Every room may throw it; wire/problem.ts alone turns it into HTTP.
// A refusal names the field, what was wrong with it and what would do.

/** One thing wrong: `in` is the field's path, such as `tokens.petColor`. */
export interface Fault {
  in?: string;
  message: string;
  code?: string;
  /** Such as the property's name. */
  context?: Readonly<Record<string, readonly string[]>>;
}

export type RefusalReason =
  | 'invalid' //        the caller's input breaks a rule
  | 'not-found' //      the thing named is not there, or not the caller's
  | 'too-many' //       it would pass a bound of the record's
  | 'conflict' //       it contradicts what is stored
  | 'overloaded' //     a bounded queue is full: try again shortly
  | 'unavailable'; //   the disk does not take writes at present

export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(
    readonly reason: RefusalReason,
    message: string,
    readonly faults: readonly Fault[] = [],
    readonly context: Readonly<Record<string, readonly string[]>> = {},
  ) {
    super(message);
  }
}

/** At most this many faults of one input are told; the rest are counted. */
const MAX_FAULTS = 100;

/** The refusal of an input that breaks rules: one fault speaks for itself, several are listed. */
export function invalid(what: string, faults: readonly Fault[]): Refusal {
  const told = faults.slice(0, MAX_FAULTS);
  const line = (fault: Fault) => (fault.in ? `${fault.in}: ${fault.message}` : fault.message);
  const [first] = told;
  const message =
    faults.length === 1 && first
      ? line(first)
      : `Invalid ${what}, ${faults.length} problems: ${told.slice(0, 5).map(line).join('; ')}${faults.length > 5 ? '; …' : ''}`;
  return new Refusal('invalid', message, told);
}

/** What `work` comes to, or the refusal that it throws. */
export function orRefusal<T>(work: () => T): T | Refusal {
  try {
    return work();
  } catch (error) {
    return refusalOf(error);
  }
}

/** What was thrown, if it is a refusal; anything else goes on. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  throw error;
}

/** What comes of each input: those that were not refused go on together, which gives one outcome each. */
export async function together<Input, Outcome>(
  inputs: readonly (Input | Refusal)[],
  go: (inputs: Input[]) => Promise<readonly Outcome[]>,
): Promise<(Outcome | Refusal)[]> {
  const outcomes = (await go(inputs.filter((each): each is Input => !(each instanceof Refusal)))).values();
  return inputs.map((each) => (each instanceof Refusal ? each : (outcomes.next().value as Outcome)));
}

/** A hostile or long value, short enough for a message. */
export function brief(value: string): string {
  return value.length > MAX_BRIEF_LENGTH ? `${value.slice(0, MAX_BRIEF_LENGTH)}…` : value;
}

const MAX_BRIEF_LENGTH = 80;

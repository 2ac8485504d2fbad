// JSON as it comes: a body's text and value, and where the parts of a text stand, so that they can go on as they came:
// JSON.parse loses key order, big and exponent numbers. The latter only for text that JSON.parse has accepted; never
// recurses.
import { isUtf8 } from 'node:buffer';
import { invalid } from '../refusal.js';

const BYTE_ORDER_MARK = 0xfeff;

/** A body up to this size is read, whatever is in it. */
const LIGHT_BYTES = 1024 * 1024;
/** What a larger one may have of objects, lists and members: each costs, and 16 MiB have room for millions. */
const MAX_PARTS = 500_000;

/** The text and the value of a body, or a refusal. A byte order mark before it is none of its text (RFC 8259, 8.1). */
export function jsonOf(body: Buffer): { text: string; value: unknown } {
  if (body.length === 0) throw invalid('body', [{ message: 'The body is empty: send a JSON object' }]);
  if (!isUtf8(body)) throw invalid('body', [{ message: 'The body is not UTF-8 text: send JSON in UTF-8' }]);
  if (body.length > LIGHT_BYTES && partsOf(body) > MAX_PARTS)
    throw invalid('body', [
      { message: `The body has more than ${MAX_PARTS} objects, lists and members: send it in parts` },
    ]);
  const written = body.toString('utf8');
  const text = written.charCodeAt(0) === BYTE_ORDER_MARK ? written.slice(1) : written;
  try {
    return { text, value: JSON.parse(text) };
  } catch (error) {
    throw invalid('body', [{ message: `Invalid input JSON: ${(error as Error).message}` }]);
  }
}

/** Objects, lists and members; what looks like their beginnings in texts is counted too. */
function partsOf(body: Buffer): number {
  let parts = 0;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at];
    if (byte === COLON || byte === OPENING_BRACE || byte === OPENING_BRACKET) parts++;
  }
  return parts;
}

/** Whether a number may have lost digits on its way: others of as many digits are read as the same. */
export function losesDigits(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER;
}

export const LOST_DIGITS = 'is a number beyond ±2^53, which JSON does not carry exactly; send it as a string';

const FEW_MEMBERS = 16;
/** Of each. */
const MARKS = 4;

/** A value's text is `text.slice(start, end)`. */
export interface Span {
  start: number;
  end: number;
}

/** The members of an object, as often as they stand there. */
export class Members {
  /** Where the name of each begins and ends, and its value. Strings and objects for them cost twice as much. */
  readonly #marks: number[] = [];
  #hasEscapes = false;
  /** Where a name stands last; where there are few, looking through them costs less. */
  #places: Map<string, number> | undefined;

  constructor(private readonly text: string) {}

  add(nameStart: number, nameEnd: number, start: number, end: number): void {
    for (let at = nameStart; at < nameEnd; at++)
      if (this.text.charCodeAt(at) === BACKSLASH) this.#hasEscapes = true;
    this.#marks.push(nameStart, nameEnd, start, end);
  }

  /** The value that JSON.parse takes: the last one of the name. */
  span(name: string): Span | undefined {
    const place = this.#lastOf(name);
    if (place === undefined) return undefined;
    return { start: this.#marks[place + 2] as number, end: this.#marks[place + 3] as number };
  }

  /** The names that stand there more than once. */
  repeated(): string[] {
    const names: string[] = [];
    for (let place = 0; place < this.#marks.length; place += MARKS)
      if (this.#standsLater(place)) names.push(this.#nameAt(place));
    return names;
  }

  #standsLater(place: number): boolean {
    if (!this.#areFew) return this.#lastOf(this.#nameAt(place)) !== place;
    const length = this.#lengthAt(place);
    for (let later = place + MARKS; later < this.#marks.length; later += MARKS)
      if (this.#lengthAt(later) === length && this.#nameAt(later) === this.#nameAt(place)) return true;
    return false;
  }

  #lastOf(name: string): number | undefined {
    if (!this.#areFew) return this.#all().get(name);
    for (let place = this.#marks.length - MARKS; place >= 0; place -= MARKS)
      if (this.#lengthAt(place) === name.length && this.text.startsWith(name, this.#marks[place]))
        return place;
    return undefined;
  }

  get #areFew(): boolean {
    return !this.#hasEscapes && this.#marks.length <= FEW_MEMBERS * MARKS;
  }

  #lengthAt(place: number): number {
    return (this.#marks[place + 1] as number) - (this.#marks[place] as number);
  }

  #nameAt(place: number): string {
    const written = this.text.slice(this.#marks[place], this.#marks[place + 1]);
    return this.#hasEscapes ? (JSON.parse(`"${written}"`) as string) : written;
  }

  #all(): Map<string, number> {
    if (this.#places) return this.#places;
    this.#places = new Map();
    for (let place = 0; place < this.#marks.length; place += MARKS)
      this.#places.set(this.#nameAt(place), place);
    return this.#places;
  }
}

/** The members of the object that begins at or after `start`. */
export function members(text: string, start = 0): Members {
  const found = new Members(text);
  let at = skipSpace(text, skipSpace(text, start) + 1);
  while (text.charCodeAt(at) !== CLOSING_BRACE) {
    const nameEnd = skipString(text, at);
    const value = skipSpace(text, skipSpace(text, nameEnd) + 1);
    const end = skipValue(text, value);
    found.add(at + 1, nameEnd - 1, value, end);
    at = afterComma(text, end);
  }
  return found;
}

/** The elements of the array that begins at or after `start`. */
export function elements(text: string, start = 0): Span[] {
  const spans: Span[] = [];
  let at = skipSpace(text, skipSpace(text, start) + 1);
  while (text[at] !== ']') {
    const end = skipValue(text, at);
    spans.push({ start: at, end });
    at = afterComma(text, end);
  }
  return spans;
}

/**
 * The paths of names that stand more than once in the object that begins at or after `start`, and in the objects of
 * its first member of these, be it a list or an object, those of their second, and so on.
 */
export function repeatedPaths(text: string, [list, ...deeper]: readonly string[], start = 0): string[] {
  const found = members(text, start);
  const repeated = found.repeated();
  const span = list === undefined ? undefined : found.span(list);
  if (!span) return repeated;
  if (text[span.start] === '{')
    return [...repeated, ...repeatedPaths(text, deeper, span.start).map((path) => `${list}.${path}`)];
  if (text[span.start] !== '[') return repeated;
  const inside = elements(text, span.start).flatMap((each, index) =>
    repeatedPaths(text, deeper, each.start).map((path) => `${list}[${index}].${path}`),
  );
  return [...repeated, ...inside];
}

function afterComma(text: string, at: number): number {
  const next = skipSpace(text, at);
  return text.charCodeAt(next) === COMMA ? skipSpace(text, next + 1) : next;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPENING_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** The index after the value that begins at `start`. */
function skipValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return skipString(text, start);
  let at = start;
  if (first !== OPENING_BRACE && first !== OPENING_BRACKET) {
    while (at < text.length && !endsNumberOrWord(text.charCodeAt(at))) at++;
    return at;
  }
  let depth = 0;
  do {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = skipString(text, at);
      continue;
    }
    if (code === OPENING_BRACE || code === OPENING_BRACKET) depth++;
    else if (code === CLOSING_BRACE || code === CLOSING_BRACKET) depth--;
    at++;
  } while (depth > 0);
  return at;
}

function endsNumberOrWord(code: number): boolean {
  return code === COMMA || code === CLOSING_BRACE || code === CLOSING_BRACKET || isSpace(code);
}

/** The index after the string that begins at `at`. */
function skipString(text: string, at: number): number {
  const end = text.indexOf('"', at + 1);
  return text.charCodeAt(end - 1) === BACKSLASH ? skipEscapedString(text, at) : end + 1;
}

function skipEscapedString(text: string, at: number): number {
  let end = at + 1;
  for (;;) {
    const code = text.charCodeAt(end);
    if (code === QUOTE) return end + 1;
    end += code === BACKSLASH ? 2 : 1;
  }
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

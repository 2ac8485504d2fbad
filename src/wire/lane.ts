// A lane past Node's HTTP and the framework for the two calls that come by the thousand: sending one event and reading
// one. It takes a request only where all that comes before its body is in order, and answers as the routes do; the rest
// is left to them. One thing differs: after an event that is not JSON the framework ends the connection, and here, where
// all of it has been read, it goes on.
import { randomUUID } from 'node:crypto';
import { EVENTS_READ, EVENTS_WRITE } from '../access/scopes.js';
import type { Principal } from '../access/store.js';
import type { Intake } from '../timeline/intake.js';
import type { Authenticator } from './authenticate.js';
import type { EventCalls } from './events.js';
import type { Answer, Lane } from './front.js';
import type { Fields } from './head.js';
import { jsonOf } from './json.js';
import { bodyOf, INTERNAL, problemOf } from './problem.js';

/** Bodies that are taken without counting them: no more than the headers of a request may hold. */
export const SMALL_BODY_BYTES = 16 * 1024;

interface LaneOptions {
  calls: EventCalls;
  intake: Intake;
  authenticator: Authenticator;
  /** The paths under which the events stand. */
  families: readonly string[];
  /** Sent with every answer, as `linesOf` writes them. */
  headers: string;
  isOurHost: (host: string | undefined) => boolean;
  /** Told of what failed by a fault of ours. */
  failed: (error: unknown, correlationId: string) => void;
}

interface Asked {
  answer: Answer;
  principal: Principal;
  template: string;
  event: string;
}

/** Takes what the lane can. */
export function eventLane(options: LaneOptions): Lane {
  const { calls, intake, authenticator, families } = options;
  const mayWrite = authenticator.holderOf(EVENTS_WRITE);
  const mayRead = authenticator.holderOf(EVENTS_READ);
  const sending = new Set(families.map((family) => `${family}/events`));
  // No percent-encoding, no query: those are the router's.
  const reading = new RegExp(`^(?:${families.join('|')})/events/(\\w{1,100})/([\\w.-]{1,100})$`);
  let asked: Asked[] = [];

  return ({ method, url, fields }) => {
    if (!options.isOurHost(fields.host)) return undefined;
    if (method === 'POST' && sending.has(url) && isSmallJson(fields) && !intake.isFull) {
      const principal = mayWrite(fields.authorization);
      return principal && ((body, answer) => send(body, answer, principal));
    }
    if (method !== 'GET' || fields.contentLength !== undefined) return undefined;
    const named = reading.exec(url);
    const principal = named && mayRead(fields.authorization);
    if (!principal) return undefined;
    return (_body, answer) => read(answer, principal, named[1] as string, named[2] as string);
  };

  function send(body: Buffer, answer: Answer, principal: Principal): void {
    const correlationId = randomUUID();
    const refused = (error: unknown) => refuse(answer, correlationId, error as Error);
    try {
      const { text, value } = jsonOf(body);
      calls
        .send(principal, value, text)
        .then((event) => answer(201, headersOf(correlationId), event), refused);
    } catch (error) {
      refused(error);
    }
  }

  // What was asked for in one turn of the event loop is read together and answered one right after the other: to wake
  // the callers' process for each answer by itself costs more than to read the event.
  function read(answer: Answer, principal: Principal, template: string, event: string): void {
    if (asked.push({ answer, principal, template, event }) === 1) setImmediate(readAll);
  }

  function readAll(): void {
    const all = asked;
    asked = [];
    const answers = all.map(({ answer, principal, template, event }) => {
      const correlationId = randomUUID();
      try {
        const found = calls.read(principal, template, event);
        return () => answer(200, headersOf(correlationId), found);
      } catch (error) {
        return () => refuse(answer, correlationId, error as Error);
      }
    });
    for (const each of answers) each();
  }

  function refuse(answer: Answer, correlationId: string, error: Error): void {
    const problem = problemOf(error);
    if (!problem) options.failed(error, correlationId);
    const { http, headers } = problem ?? INTERNAL;
    const body = JSON.stringify(bodyOf(problem ?? INTERNAL, correlationId));
    answer(http, headersOf(correlationId) + linesOf(headers), body);
  }

  function headersOf(correlationId: string): string {
    return `x-hubspot-correlation-id: ${correlationId}\r\n${options.headers}content-type: application/json; charset=utf-8\r\n`;
  }
}

/** Headers as they stand in an answer, each with the end of its line. */
export function linesOf(headers: Readonly<Record<string, string>> = {}): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
}

const JSON_TYPE = /^application\/json\s*(?:;|$)/i;

/** Whether its body is JSON and small. */
function isSmallJson({ contentType, contentLength = 0, isPacked }: Fields): boolean {
  return !isPacked && contentLength > 0 && contentLength <= SMALL_BODY_BYTES && JSON_TYPE.test(contentType);
}

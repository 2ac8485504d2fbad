// An event as it was sent, over HTTP or in a file to import: its shape is checked against the schema, the rest by the
// rules on the ground; everything wrong in one event is told at once.
import type { Static } from 'typebox';
import type { Principal } from '../access/store.js';
import type { Definitions } from '../records/definitions.js';
import { unknownIn } from '../records/identity.js';
import type { Schemas } from '../records/schemas.js';
import { type Fault, invalid, orRefusal, Refusal } from '../refusal.js';
import { draftEvent, type EventInput, MAX_EVENT_BYTES } from '../timeline/event.js';
import type { EventDraft } from '../timeline/store.js';
import { MAX_TOKENS_PER_TEMPLATE } from '../timeline/template.js';
import type { Templates } from '../timeline/templates.js';
import { LOST_DIGITS, losesDigits, members, type Span } from './json.js';
import { faultsOf, repeatedFaults } from './problem.js';
import { TimelineEvent } from './schemas/events.js';
import { ajv } from './schemas.js';

type SentEvent = Static<typeof TimelineEvent>;
const isEvent = ajv.compile<SentEvent>(TimelineEvent);

/** What an event is checked against. */
interface Known {
  templates: Templates;
  definitions: Definitions;
  schemas: Schemas;
  clock: () => number;
}

/**
 * Reads events as they were sent: `sent` is what JSON.parse made of `text`, or of its part at `span`. Answers the draft,
 * or throws a refusal that tells everything wrong with it.
 */
export function readerOfSent({ templates, definitions, schemas, clock }: Known) {
  return function checked(
    sent: unknown,
    text: string,
    span: Span | undefined,
    { portal, appId }: Pick<Principal, 'portal' | 'appId'>,
  ): EventDraft {
    const length = span ? span.end - span.start : text.length;
    if (length * 3 > MAX_EVENT_BYTES) {
      const bytes = Buffer.byteLength(span ? text.slice(span.start, span.end) : text);
      if (bytes > MAX_EVENT_BYTES)
        throw invalid('event', [
          { message: `the event is ${bytes} bytes; at most ${MAX_EVENT_BYTES} (1 MB) are taken` },
        ]);
    }
    const faults: Fault[] = [];
    const { eventTemplateId, input } = readEvent(sent, text, span?.start ?? 0, faults);
    // Without its template nothing more can be told; with it, one answer tells the rest too.
    const template =
      eventTemplateId === undefined ? undefined : orRefusal(() => templates.ofApp(appId, eventTemplateId));
    if (!template || template instanceof Refusal)
      throw faults.length > 0 ? invalid('event', faults) : template;
    const draft = draftEvent(
      input,
      {
        portalId: portal.id,
        unknown: unknownIn(portal),
        template,
        definitions,
        schemas,
        now: clock(),
      },
      faults,
    );
    if (faults.length > 0) throw invalid('event', faults);
    return draft;
  };
}

const NO_TOKENS: ReadonlyMap<string, string> = new Map();

/** The parts of an event that have the right shape; the faults of those that have not go to `faults`. */
function readEvent(
  sent: unknown,
  text: string,
  start: number,
  faults: Fault[],
): { eventTemplateId?: string | undefined; input: EventInput } {
  const names = Object.keys((sent as { tokens?: object } | null)?.tokens ?? {}).length;
  if (names > MAX_TOKENS_PER_TEMPLATE)
    throw invalid('event', [
      { in: 'tokens', message: `has ${names} tokens; a template has at most ${MAX_TOKENS_PER_TEMPLATE}` },
    ]);
  const bad = isEvent(sent) ? [] : faultsOf(isEvent.errors, sent);
  for (const fault of bad) faults.push(fault);
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent))
    return { input: { tokens: NO_TOKENS } };
  const event = (bad.length > 0 ? withoutFaulty(sent as Record<string, unknown>, bad) : sent) as SentEvent;

  const written = members(text, start);
  for (const fault of repeatedFaults(written.repeated())) faults.push(fault);
  const tokens = event.tokens
    ? readTokens(event.tokens, text, written.span('tokens') as Span, faults)
    : NO_TOKENS;
  const id = (field: 'eventTemplateId' | 'id' | 'objectId') => {
    const value = event[field];
    return value == null ? undefined : idText(value, field, faults);
  };
  const eventTemplateId = id('eventTemplateId');
  const extra = event.extraData ? written.span('extraData') : undefined;
  const input: EventInput = {
    id: id('id'),
    tokens,
    objectId: id('objectId'),
    email: event.email ?? undefined,
    utk: event.utk ?? undefined,
    domain: event.domain ?? undefined,
    customObjectTypeId: event.customObjectTypeId ?? undefined,
    timestamp: event.timestamp ?? undefined,
    extraData: extra && text.slice(extra.start, extra.end),
    timelineIFrame: event.timelineIFrame ?? undefined,
  };
  if (event.timelineIFrame) {
    const parts = members(text, (written.span('timelineIFrame') as Span).start);
    for (const fault of repeatedFaults(parts.repeated().map((name) => `timelineIFrame.${name}`)))
      faults.push(fault);
  }
  return { eventTemplateId, input };
}

/** The event without the fields and tokens that are at fault, so that the rules can judge the rest. */
function withoutFaulty(sent: Record<string, unknown>, faults: readonly Fault[]): Record<string, unknown> {
  const paths = new Set(faults.map((fault) => fault.in ?? ''));
  const fields = new Set([...paths].map((path) => path.split('.', 1)[0]));
  const hasParts = (name: string) => (name === 'tokens' || name === 'timelineIFrame') && !paths.has(name);
  const rest = Object.entries(sent).filter(([name]) => hasParts(name) || !fields.has(name));
  return Object.fromEntries(
    rest.map(([name, value]) => [
      name,
      hasParts(name) && value ? omit(value as object, `${name}.`, paths) : value,
    ]),
  );
}

function omit(values: object, prefix: string, paths: ReadonlySet<string>): object {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !paths.has(`${prefix}${name}`)));
}

/** Token values as text; a number as it was written. */
function readTokens(
  tokens: SentEvent['tokens'],
  text: string,
  span: Span,
  faults: Fault[],
): ReadonlyMap<string, string> {
  const written = members(text, span.start);
  for (const fault of repeatedFaults(written.repeated().map((name) => `tokens.${name}`))) faults.push(fault);
  const values = new Map<string, string>();
  for (const name of Object.keys(tokens)) {
    const value = tokens[name];
    if (losesDigits(value)) {
      faults.push({ in: `tokens.${name}`, message: LOST_DIGITS });
      continue;
    }
    const number = typeof value === 'number' ? written.span(name) : undefined;
    values.set(name, number ? text.slice(number.start, number.end) : String(value));
  }
  return values;
}

function idText(value: string | number, field: string, faults: Fault[]): string | undefined {
  if (!losesDigits(value)) return String(value);
  faults.push({ in: field, message: LOST_DIGITS });
  return undefined;
}

// How an event reads: its template's header and detail, rendered from the stored text. Templates are parsed once a
// version; extraData is for the detail alone.
import { type CompiledTemplate, compile, type RenderScope, render } from './render/render.js';
import type { StoredEvent } from './store.js';
import type { Template } from './template.js';

type Part = 'headerTemplate' | 'detailTemplate';

/** The stored event's own fields that a page shows besides what the template makes of it. */
export interface EventBody {
  tokens: Record<string, string>;
  extraData?: unknown;
  timelineIFrame?: { linkLabel: string; headerLabel: string; url: string; width: number; height: number };
}

export function eventBody({ body }: StoredEvent): EventBody {
  return JSON.parse(LONG.test(body) ? body.replace(STRING_OR_NUMBER, longAsText) : body) as EventBody;
}

// A whole number beyond ±2^53 is read as the text that was sent: as a number, other digits would be shown.
const LONG = /\d{16}/;
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;

function longAsText(part: string): string {
  return /^-?\d{16,}$/.test(part) && !Number.isSafeInteger(Number(part)) ? `"${part}"` : part;
}

/** Safe HTML of one part; empty where the template has none. `timeZone` is IANA's name. Never throws. */
export function present(
  event: StoredEvent,
  body: EventBody,
  template: Template,
  part: Part,
  timeZone: string,
): string {
  const compiled = compiledPart(template, part);
  if (!compiled) return '';
  const { objectType } = template;
  const scope: RenderScope = { tokens: body.tokens, id: event.id, objectType, timestamp: event.timestamp };
  if (part === 'detailTemplate' && body.extraData !== undefined) scope.extraData = body.extraData;
  return render(compiled, scope, { timeZone });
}

const compiledParts = new WeakMap<Template, Map<Part, CompiledTemplate>>();

function compiledPart(template: Template, part: Part): CompiledTemplate | undefined {
  const source = template[part];
  if (source === undefined) return undefined;
  const parts = compiledParts.get(template) ?? new Map<Part, CompiledTemplate>();
  compiledParts.set(template, parts);
  const compiled = parts.get(part) ?? compile(source);
  parts.set(part, compiled);
  return compiled;
}

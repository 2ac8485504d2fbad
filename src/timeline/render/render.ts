// Templates and events become HTML here: compile once per template version, render at every look.
// Rendering never throws and what it returns is safe to put into a page: hostile templates and values stay text, and
// work and size are bounded (by the constants in syntax.ts, handlebars.ts and markdown.ts).
import { RenderFault } from './faults.js';
import { interpret, type Root } from './handlebars.js';
import { NOTHING, placeholder, toHtml, withoutPlaceholders } from './markdown.js';
import { parseTemplate, type Template } from './syntax.js';

export { TemplateSyntaxError } from './faults.js';

const PARTS: unique symbol = Symbol('parts');

/** A template that was parsed and checked. */
export interface CompiledTemplate {
  readonly [PARTS]: Template;
}

/** What a template can name. */
export interface RenderScope {
  tokens: Readonly<Record<string, string>>;
  id: string;
  objectType: string;
  /** Epoch ms. */
  timestamp: number;
  /** Parsed JSON; given only for the detail part. */
  extraData?: unknown;
}

interface RenderOptions {
  /** IANA name. */
  timeZone: string;
}

/** Parses and checks a template. Throws TemplateSyntaxError. */
export function compile(source: string): CompiledTemplate {
  return { [PARTS]: parseTemplate(withoutPlaceholders(source)) };
}

/** Safe HTML. Never throws: where a bound is passed or a format unknown, a short notice says so. */
export function render(template: CompiledTemplate, scope: RenderScope, { timeZone }: RenderOptions): string {
  try {
    const values: string[] = [];
    const emit = (value: string) => (value === '' ? NOTHING : placeholder(values.push(value) - 1));
    return toHtml(interpret(template[PARTS], rootOf(scope), { timeZone, emit }), values);
  } catch (fault) {
    return notice(fault instanceof RenderFault ? fault.message : 'something unexpected happened');
  }
}

/** Tokens hide the event's own fields. */
function rootOf({ tokens, id, objectType, timestamp, extraData }: RenderScope): Root {
  return { id, objectType, timestamp, extraData, ...tokens };
}

function notice(reason: string): string {
  return toHtml(`*${placeholder(0)}*`, [`This cannot be shown: ${reason}.`]);
}

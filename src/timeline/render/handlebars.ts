// The interpreter of checked templates: it walks the parts and asks `emit` how a value is to stand in the text.
// It promises: no code from a template or an event runs, only own properties are read, and steps, turns of loops,
// characters and depth stay under the bounds named here (a RenderFault says which was passed).
import { isDay, parseMoment } from '../../records/moment.js';
import { formatDate, isDateStyle } from './dates.js';
import { RenderFault } from './faults.js';
import {
  type Block,
  type LoopVariable,
  type Names,
  namesOf,
  type Part,
  type Source,
  type Template,
} from './syntax.js';

const MAX_STEPS = 100_000;
const MAX_LOOP_TURNS = 10_000;
/** Text of the template and values together, before Markdown. */
export const MAX_OUTPUT_CHARS = 1024 * 1024;
const MAX_PRINT_DEPTH = 32;

interface InterpretOptions {
  /** IANA name, for formatDate. */
  timeZone: string;
  /** What stands in the text for a value. */
  emit(value: string): string;
}

export type Root = Readonly<Record<string, unknown>>;

export function interpret(template: Template, root: Root, options: InterpretOptions): string {
  return new Run(root, options).parts(template, {
    context: { value: root },
    loop: undefined,
    params: undefined,
  });
}

/** The value that names are looked up in; `parent` is what `../` climbs to. */
interface Context {
  value: unknown;
  parent?: Context;
}
interface Loop extends Record<LoopVariable, unknown> {
  parent: Loop | undefined;
}
interface Params {
  values: ReadonlyMap<string, unknown>;
  parent: Params | undefined;
}
interface Scope {
  context: Context;
  loop: Loop | undefined;
  params: Params | undefined;
}

// Never data of anyone's, whatever an event calls its fields.
const UNREADABLE = new Set(['__proto__', 'constructor', 'prototype']);

class Run {
  #steps = 0;
  #turns = 0;
  #chars = 0;

  constructor(
    readonly root: Root,
    readonly options: InterpretOptions,
  ) {}

  parts(template: Template, scope: Scope): string {
    let text = '';
    for (const part of template) text += this.#part(part, scope);
    return text;
  }

  #part(part: Part, scope: Scope): string {
    this.#step();
    switch (part.kind) {
      case 'text':
        this.#count(part.text);
        return part.text;
      case 'value':
        return this.#emit(this.#print(this.#read(part.value, scope)));
      case 'date':
        return this.#emit(this.#date(this.#read(part.value, scope), this.#read(part.style, scope)));
      case 'block':
        return this.#block(part, scope);
    }
  }

  #block(block: Block, scope: Scope): string {
    const subject = this.#read(block.subject, scope);
    const holds = isFilled(subject);
    switch (block.does) {
      case 'if':
        return this.#choose(block, scope, this.#isTrue(block, subject, scope));
      case 'unless':
        return this.#choose(block, scope, !this.#isTrue(block, subject, scope));
      case 'with':
        return holds ? this.#enter(block, scope, subject) : this.#choose(block, scope, false);
      case 'each':
        return this.#each(block, scope, subject);
      case 'section':
        if (Array.isArray(subject)) return this.#each(block, scope, subject);
        if (typeof subject === 'boolean' || subject === null || subject === undefined) {
          return this.#choose(block, scope, subject === true);
        }
        return this.#enter(block, scope, subject);
    }
  }

  #isTrue(block: Block, subject: unknown, scope: Scope): boolean {
    return isFilled(subject) && (subject !== 0 || Boolean(this.#read(block.includeZero, scope)));
  }

  #choose(block: Block, scope: Scope, holds: boolean): string {
    return this.parts(holds ? block.body : block.otherwise, scope);
  }

  #each(block: Block, scope: Scope, subject: unknown): string {
    const isList = Array.isArray(subject);
    const keys = isList ? subject : Object.keys(isObject(subject) ? subject : {});
    if (keys.length === 0) return this.#choose(block, scope, false);
    this.#turns += keys.length;
    if (this.#turns > MAX_LOOP_TURNS) throw exceeded('loops turn', MAX_LOOP_TURNS, 'times');
    let text = '';
    for (let index = 0; index < keys.length; index++) {
      const key = isList ? index : keys[index];
      const item = isList ? subject[index] : own(subject, String(key));
      const last = index === keys.length - 1;
      const loop = { index, key, first: index === 0, last, parent: scope.loop };
      text += this.#enter(block, { context: scope.context, loop, params: scope.params }, item, key);
    }
    return text;
  }

  /** The body with `value` as its context. As in Handlebars, entering the same value again is no step down. */
  #enter(block: Block, scope: Scope, value: unknown, key?: unknown): string {
    const context = value === scope.context.value ? scope.context : { value, parent: scope.context };
    const { loop, params } = scope;
    const [item, index] = block.params;
    if (item === undefined) return this.parts(block.body, { context, loop, params });
    const values = new Map([[item, value]]);
    if (index !== undefined) values.set(index, key);
    return this.parts(block.body, { context, loop, params: { values, parent: params } });
  }

  #read(source: Source, scope: Scope): unknown {
    switch (source.kind) {
      case 'literal':
        return source.value;
      case 'root':
        return this.#within(this.root, source);
      case 'loop':
        return climb(scope.loop, source.depth)?.[source.variable];
      case 'path': {
        for (let params = source.mayBeParam ? scope.params : undefined; params; params = params.parent) {
          const [head = '', ...tail] = source.names;
          if (params.values.has(head)) return this.#within(params.values.get(head), namesOf(tail));
        }
        return this.#within(climb(scope.context, source.depth)?.value, source);
      }
    }
  }

  #within(value: unknown, { names, whole }: Names): unknown {
    // At the root a path is a token's name first: names may hold dots.
    if (value === this.root && Object.hasOwn(this.root, whole)) return this.root[whole];
    let found = value;
    for (const name of names) found = own(found, name);
    return found;
  }

  /** As JavaScript prints it into a string (so does Handlebars), without asking the value itself. */
  #print(value: unknown, depth = 0): string {
    if (value === null || value === undefined) return '';
    if (!isObject(value)) return String(value);
    if (!Array.isArray(value)) return '[object Object]';
    if (depth === MAX_PRINT_DEPTH) throw exceeded('a printed list nests', MAX_PRINT_DEPTH, 'deep');
    const items = value.map((item) => {
      this.#step();
      return this.#print(item, depth + 1);
    });
    return items.join(',');
  }

  /** A value that is no date is shown as it is: one odd event should not lose its whole text. */
  #date(value: unknown, style: unknown): string {
    if (!isDateStyle(style))
      throw new RenderFault(`formatDate has no format “${this.#print(style).slice(0, 40)}”`);
    const moment = typeof value === 'number' || typeof value === 'string' ? parseMoment(value) : undefined;
    if (moment === undefined) return this.#print(value);
    return formatDate(moment, style, isDay(String(value)) ? undefined : this.options.timeZone);
  }

  #emit(value: string): string {
    this.#count(value);
    return this.options.emit(value);
  }

  #step(): void {
    if (++this.#steps > MAX_STEPS) throw exceeded('it takes', MAX_STEPS, 'steps');
  }

  #count(text: string): void {
    this.#chars += text.length;
    if (this.#chars > MAX_OUTPUT_CHARS) throw exceeded('it has', MAX_OUTPUT_CHARS, 'characters');
  }
}

function exceeded(what: string, bound: number, unit: string): RenderFault {
  return new RenderFault(`${what} more than ${bound.toLocaleString('en-US')} ${unit}`);
}

function climb<T extends { parent?: T | undefined }>(from: T | undefined, steps: number): T | undefined {
  let at = from;
  for (let step = 0; at && step < steps; step++) at = at.parent;
  return at;
}

/** Handlebars' rule of what is something: 0 is, an empty list is not, an empty object is. */
function isFilled(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value) || value === 0;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Strings and lists have their length and places, as in Handlebars. */
function own(value: unknown, name: string): unknown {
  if (value === null || value === undefined || UNREADABLE.has(name)) return undefined;
  return Object.hasOwn(value as object, name) ? (value as Record<string, unknown>)[name] : undefined;
}

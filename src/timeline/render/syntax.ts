// From a template's text to the few kinds of parts that the interpreter knows. The grammar is Handlebars' own parser;
// what may stand in a template is the short list here. Everything else is refused with its line, column and a reason,
// so that a template that was accepted has no surprise left in it.
import * as handlebars from '@handlebars/parser';
import { DATE_STYLES, isDateStyle } from './dates.js';
import { TemplateSyntaxError } from './faults.js';

export const MAX_SOURCE_BYTES = 64 * 1024;
export const MAX_NESTING = 64;
export const MAX_PATH_SEGMENTS = 32;

export type Template = readonly Part[];
export type Part =
  | { kind: 'text'; text: string }
  | { kind: 'value'; value: Source }
  | { kind: 'date'; value: Source; style: Source }
  | Block;
export interface Block {
  kind: 'block';
  does: 'if' | 'unless' | 'each' | 'with' | 'section';
  subject: Source;
  includeZero: Source;
  /** Block parameters, `as |item index|`. */
  params: readonly string[];
  body: Template;
  otherwise: Template;
}
/** Where a value comes from. */
export type Source =
  | { kind: 'literal'; value: unknown }
  | { kind: 'loop'; variable: LoopVariable; depth: number }
  | ({ kind: 'root' } & Names)
  | ({ kind: 'path'; depth: number; mayBeParam: boolean } & Names);
/** The steps of a path, and as one name: `pet.name` may be a token's. */
export interface Names {
  names: readonly string[];
  whole: string;
}
export const namesOf = (names: readonly string[]): Names => ({ names, whole: names.join('.') });
export type LoopVariable = 'index' | 'key' | 'first' | 'last';

/** Throws TemplateSyntaxError. */
export function parseTemplate(source: string): Template {
  if (Buffer.byteLength(source) > MAX_SOURCE_BYTES) {
    throw new TemplateSyntaxError(1, 1, `a template has at most ${MAX_SOURCE_BYTES} bytes`);
  }
  const dotted = withDots(source);
  return new Checker(dotted).parts(programOf(dotted));
}

/** HubSpot's templates have {{extraData.pets[1]}}, where Handlebars knows {{extraData.pets.[1]}} alone. */
function withDots(source: string): string {
  return source.replace(/(?<!\\)\{\{\{?[^{}"']*/g, (tag) =>
    tag.replace(/((?<=[\w\]-])\[\d+\])|\[(?:\\\]|[^\]])*\]?/g, (part, place) => (place ? `.${place}` : part)),
  );
}

// What the parser's tree is made of, as far as it is looked at here (the parser's own types do not tell kinds apart).
interface Position {
  line: number;
  column: number;
}
interface Node {
  type: string;
  loc: { start: Position; end: Position };
}
interface Path extends Node {
  data: boolean;
  depth: number;
  parts: (string | Node)[];
  original: string;
}
interface Literal extends Node {
  value?: unknown;
}
interface Program {
  body: Node[];
  blockParams?: string[];
}
interface Hash {
  pairs: (Node & { key: string; value: Node })[];
}
interface Call extends Node {
  path: Node;
  params: Node[];
  hash?: Hash;
}
interface BlockCall extends Call {
  program?: Program;
  inverse?: Program;
  /** Empty in a raw block. */
  openStrip: { open?: boolean };
}

interface Lexer {
  next(): number | undefined;
  /** Of the token that was read last. */
  yylloc: { first_line: number; first_column: number };
}
interface Watched extends Lexer {
  depth?: number;
  /** How deep it was before each block that is open. */
  opened?: number[];
}

// The package has it, its types do not.
const { parse, parser } = handlebars as typeof handlebars & {
  parser: { lexer: Lexer; symbols_: Readonly<Record<string, number>> };
};
watchDepth(parser);

const ONE_DOT = 'one dot stands between two names';
const IN_PARENTHESES = 'expressions in parentheses are not supported';
const REFUSED: Record<string, string> = {
  PartialStatement: 'partials {{> …}} are not supported',
  PartialBlockStatement: 'partials {{#> …}} are not supported',
  Decorator: 'decorators {{* …}} are not supported',
  DecoratorBlock: 'decorators {{#* …}} are not supported',
  SubExpression: IN_PARENTHESES,
  HashLiteral: 'name=value can only stand behind a helper',
};
const HELPERS = ['if', 'unless', 'each', 'with', 'formatDate'] as const;
type Helper = (typeof HELPERS)[number];
const LOOP_VARIABLES: readonly string[] = ['index', 'key', 'first', 'last'] satisfies LoopVariable[];
const MAX_PARAMS = { if: 0, unless: 0, each: 2, with: 1, section: 2 } as const;
const NOTHING: Source = { kind: 'literal', value: undefined };

class Checker {
  readonly #lines: string[];

  constructor(source: string) {
    this.#lines = source.split(/\r\n?|\n/);
  }

  parts(program: Program | undefined): Template {
    return (program?.body ?? []).flatMap((node) => this.#part(node) ?? []);
  }

  #part(node: Node): Part | undefined {
    switch (node.type) {
      case 'ContentStatement':
        return { kind: 'text', text: String((node as Literal).value) };
      case 'CommentStatement':
        return undefined;
      case 'MustacheStatement':
        return this.#mustache(node as Call);
      case 'BlockStatement':
        return this.#block(node as BlockCall);
      default:
        return refuse(node, REFUSED[node.type] ?? 'this is not supported');
    }
  }

  // {{{x}}} and {{&x}} are taken, but escaped like {{x}}: values come from strangers.
  #mustache(call: Call): Part {
    const helper = this.#helper(call);
    if (helper === 'formatDate') return this.#date(call);
    if (helper) refuse(call, `${helper} is a block: write {{#${helper} …}} … {{/${helper}}}`);
    return { kind: 'value', value: this.#name(call.path) };
  }

  #block(call: BlockCall): Part {
    if (!('open' in call.openStrip)) refuse(call, 'raw blocks {{{{…}}}} are not supported');
    const helper = this.#helper(call, true);
    const params = (call.program ?? call.inverse)?.blockParams ?? [];
    const body = this.parts(call.program);
    const otherwise = this.parts(call.inverse);
    if (helper === 'formatDate') return this.#date(call);
    const does = helper ?? 'section';
    if (params.length > MAX_PARAMS[does]) {
      refuse(
        call,
        `${helper ? `#${helper}` : 'this block'} gives ${MAX_PARAMS[does] || 'no'} block parameters`,
      );
    }
    const subject = helper ? this.#subject(call, helper) : this.#name(call.path);
    const options = this.#options(call, does === 'if' || does === 'unless' ? ['includeZero'] : []);
    const includeZero = options.get('includeZero') ?? NOTHING;
    return { kind: 'block', does, subject, includeZero, params, body, otherwise };
  }

  /** As a block its content is not looked at: HubSpot's templates leave it empty. */
  #date(call: Call): Part {
    const value = this.#subject(call, 'formatDate');
    const style = this.#options(call, ['format']).get('format') ?? { kind: 'literal', value: 'medium' };
    if (style.kind === 'literal' && !isDateStyle(style.value)) {
      refuse(call, `formatDate has the formats ${DATE_STYLES.join(', ')}`);
    }
    return { kind: 'date', value, style };
  }

  /** The helper that is called; undefined for a plain name, which alone (without values behind it) is data. */
  #helper(call: Call, block = false): Helper | undefined {
    [call.path, ...call.params].reduce((before, node) => this.#apart(before, node));
    const name = this.#raw(call.path);
    const bare = call.params.length === 0 && !call.hash;
    const helper = HELPERS.find((known) => known === name);
    if (bare && !(block && helper)) return undefined;
    if (!helper) refuse(call, `“${name}” is no helper: there are ${HELPERS.join(', ')}`);
    return helper;
  }

  /** The parser takes {{pet.}} for {{pet .}}, and so on: two values, where a name was forgotten. */
  #apart(before: Node, node: Node): Node {
    const [dots, more] = [this.#raw(before), this.#raw(node)];
    const { line, column } = before.loc.end;
    const touches = node.loc.start.line === line && node.loc.start.column === column;
    if (touches && (dots.endsWith('.') || more.startsWith('.')))
      refuse(before, `“${dots}${more}” is no path: ${ONE_DOT}`);
    return node;
  }

  #subject(call: Call, helper: Helper): Source {
    const [subject, ...others] = call.params;
    if (!subject || others.length > 0) refuse(call, `${helper} takes one value`);
    return isLiteral(subject) ? { kind: 'literal', value: subject.value } : this.#path(subject);
  }

  #options(call: Call, known: readonly string[]): Map<string, Source> {
    const options = new Map<string, Source>();
    for (const { key, value, ...pair } of call.hash?.pairs ?? []) {
      if (!known.includes(key)) refuse(pair, `“${key}” is no option here`);
      options.set(key, isLiteral(value) ? { kind: 'literal', value: value.value } : this.#path(value));
    }
    return options;
  }

  /** {{0}}, {{true}} and {{"pet name"}} are names, as in Handlebars; the text is taken, so that {{007}} is not {{7}}. */
  #name(node: Node): Source {
    if (!isLiteral(node)) return this.#path(node);
    const name = node.type === 'StringLiteral' ? String(node.value) : this.#raw(node);
    return { kind: 'path', depth: 0, ...namesOf([name]), mayBeParam: true };
  }

  #path(node: Node): Source {
    const path = node as Path;
    const [head] = path.parts ?? [];
    if (path.type !== 'PathExpression') refuse(node, REFUSED[node.type] ?? 'this is not supported');
    if (typeof head === 'object') refuse(head, REFUSED.SubExpression ?? '');
    // The parser's grammar knows a.#b; Handlebars' does not.
    // A [segment] that goes on in the next line has no end in this one.
    if (/\.#/.test(this.#raw(path).replace(/\[(?:\\\]|[^\]])*\]?/g, '')))
      refuse(path, '“.#” is not supported');
    const names = path.parts as string[];
    if (names.length + path.depth > MAX_PATH_SEGMENTS) {
      refuse(path, `a path has at most ${MAX_PATH_SEGMENTS} segments`);
    }
    if (!path.data) {
      const scoped = /^(?:\.|this[./])/.test(path.original);
      return { kind: 'path', depth: path.depth, ...namesOf(names), mayBeParam: !scoped };
    }
    const [variable = '', ...rest] = names;
    if (variable === 'root' && path.depth === 0) return { kind: 'root', ...namesOf(rest) };
    if (!LOOP_VARIABLES.includes(variable) || rest.length > 0) {
      refuse(path, `“${this.#raw(path)}” is not known: there are @root, @${LOOP_VARIABLES.join(', @')}`);
    }
    return { kind: 'loop', variable: variable as LoopVariable, depth: path.depth };
  }

  /** A node on one line, as it was written. */
  #raw({ loc: { start, end } }: Node): string {
    return (this.#lines[start.line - 1] ?? '').slice(
      start.column,
      start.line === end.line ? end.column : undefined,
    );
  }
}

function isLiteral(node: Node): node is Literal {
  return node.type.endsWith('Literal') && node.type !== 'HashLiteral';
}

function refuse(node: Pick<Node, 'loc'>, reason: string): never {
  throw new TemplateSyntaxError(node.loc.start.line, node.loc.start.column + 1, reason);
}

/**
 * The parser's time grows with the square of what is open, whatever comes of it: what may not stand in a template, or
 * is too deep, ends it as soon as it is read. Each parse has a lexer of its own, which inherits this one.
 */
function watchDepth({ lexer, symbols_: symbols }: typeof parser): void {
  const { next } = lexer;
  const opening = new Set([symbols.OPEN_BLOCK, symbols.OPEN_INVERSE, symbols.OPEN_PARTIAL_BLOCK]);
  lexer.next = function (this: Watched) {
    const token = next.call(this);
    const end = (reason: string): never => {
      throw new TemplateSyntaxError(this.yylloc.first_line, this.yylloc.first_column + 1, reason);
    };
    this.opened ??= [];
    this.depth ??= 0;
    if (token === symbols.OPEN_SEXPR) end(IN_PARENTHESES);
    if (token === symbols.OPEN_ENDBLOCK) this.depth = this.opened.pop() ?? 0;
    if (token && opening.has(token)) this.opened.push(this.depth++);
    if (token === symbols.OPEN_INVERSE_CHAIN) this.depth++;
    if (this.depth > MAX_NESTING) end(`blocks may be nested ${MAX_NESTING} deep`);
    return token;
  };
}

/** Lines of blocks are not stripped: HubSpot's golden output has a paragraph for each turn of a loop. */
function programOf(source: string): Program {
  try {
    return parse(source, { ignoreStandalone: true }) as unknown as Program;
  } catch (error) {
    throw error instanceof TemplateSyntaxError ? error : explained(error as ParserError, source);
  }
}

interface ParserError extends Error {
  /** Of the grammar's errors: the token that does not fit; `loc` is of the one before it. */
  hash?: { text: string; token: string | null; line: number; expected?: string[]; loc?: ParserLocation };
  /** Of the errors found on the finished tree. */
  lineNumber?: number;
  column?: number;
}
interface ParserLocation {
  last_line: number;
  last_column: number;
}

function explained(error: ParserError, source: string): TemplateSyntaxError {
  const { hash } = error;
  if (!hash) {
    const reason = error.message
      .replace(/ - \d+:\d+$/, '')
      .replace(/^(.*) doesn't match (.*)$/s, 'the block “$1” is closed as “$2”');
    return new TemplateSyntaxError(error.lineNumber ?? 1, (error.column ?? 0) + 1, reason);
  }
  if (!hash.loc) {
    const line = source.split(/\r\n?|\n/)[hash.line] ?? '';
    const column = Math.max(0, line.search(/\{\{~?!--|\[/)) + 1;
    return new TemplateSyntaxError(hash.line + 1, column, 'a comment or a [segment] is not closed');
  }
  return new TemplateSyntaxError(hash.loc.last_line, hash.loc.last_column + 1, reasonOf(hash));
}

function reasonOf({ text, token, expected = [] }: NonNullable<ParserError['hash']>): string {
  if (token === 'EOF') return 'the template ends, but something is still open';
  if (token === 'INVALID') return `“${text}” does not fit here: is a quote or a }} missing?`;
  if (token === 'SEP' && text === '.') return `“.” does not fit here: ${ONE_DOT}`;
  if (expected.length === 1 && expected[0] === "'ID'" && /^[\w.-]+$/.test(text)) {
    return `“${text}” must stand in brackets here: [${text}]`;
  }
  return `“${text}” does not fit here`;
}

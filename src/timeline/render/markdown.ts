// From the interpreter's text to safe HTML. Values never meet the Markdown parser: the text has a placeholder for each,
// made of characters that nothing else can hold, and the values are put into the parsed tokens, so that whatever they
// say they are text (or a part of an address), never structure.
// Of Markdown all is kept but: raw HTML is shown as text, reference links ([a]: …) are text, a picture becomes a link to
// it (a strict page would not load it), the columns of a table are not aligned. Links lead to http, https and mailto;
// any other is only its text.
import MarkdownIt, { type Token } from 'markdown-it';
import sanitize from 'sanitize-html';
import { addressOf } from '../../records/address.js';
import { RenderFault } from './faults.js';

/** The text with its placeholders. */
const MAX_MARKDOWN_CHARS = 128 * 1024;
export const MAX_HTML_CHARS = 2 * 1024 * 1024;

// Unicode's noncharacters "for internal use": no keyboard makes them, Markdown takes them for letters and refuses them
// as &#x…; entities. A placeholder is FDD0, the value's index in hexadecimal FDE0–FDEF, FDD1.
const PLACEHOLDER = /\ufdd0([\ufde0-\ufdef]+)\ufdd1/g;
const DIGIT_ZERO = 0xfde0;
/**
 * An empty value. It leaves no trace, but beside the marks of emphasis it stands as a letter until they are parsed: so
 * they pair as they do with any other value, and go with it.
 */
export const NOTHING = '\ufdd4';
const TRACELESS = /\ufdd4(?<![*_~]\ufdd4)(?![*_~])/g;
/** What placeholders are made of, and what cannot stand in HTML or in an address: NUL and halves of surrogate pairs. */
const UNWANTED = /[\0\ufdd0-\ufdef\p{Surrogate}]/gu;

/** Finds every value that has to be cleaned, and a few more: most have none of these. */
const MAYBE_UNCLEAN = /[\0\r\ud800-\udfff\ufdd0-\ufdef]/;

/** Text without the characters that placeholders are made of. Of the same length, so that places in it stay true. */
export function withoutPlaceholders(text: string): string {
  return text.replace(UNWANTED, '\ufffd');
}

/** Most texts have no more values. */
const FIRST_PLACEHOLDERS = Array.from({ length: 64 }, (_, index) => makePlaceholder(index));

export function placeholder(index: number): string {
  return FIRST_PLACEHOLDERS[index] ?? makePlaceholder(index);
}

function makePlaceholder(index: number): string {
  const digits = [...index.toString(16)].map((digit) =>
    String.fromCharCode(DIGIT_ZERO + parseInt(digit, 16)),
  );
  return `\ufdd0${digits.join('')}\ufdd1`;
}

/** `values` are those that `text` has placeholders for; the rest of it went through withoutPlaceholders. */
export function toHtml(text: string, values: readonly string[]): string {
  const markdown = text.replace(TRACELESS, '');
  return fromShape(markdown, cleaned(values)) ?? parsedToHtml(markdown, values);
}

function cleaned(values: readonly string[]): string[] {
  return values.map((value) =>
    MAYBE_UNCLEAN.test(value) ? withoutPlaceholders(value).replace(/\r\n?/g, '\n') : value,
  );
}

/** The whole way, whatever the values are: for what has no shape, and what shapes are measured against. */
export function parsedToHtml(markdown: string, values: readonly string[]): string {
  if (markdown.length > MAX_MARKDOWN_CHARS) throw tooLong(MAX_MARKDOWN_CHARS);
  return finished(settle(parser.parse(markdown, {}), cleaned(values)));
}

function finished(tokens: Token[]): string {
  const html = parser.renderer.render(tokens, parser.options, {});
  if (html.length > MAX_HTML_CHARS) throw tooLong(MAX_HTML_CHARS);
  // HubSpot's output has &#x27;; outside of text an apostrophe stands only in attributes, where it is right as well.
  return sanitize(html, ALLOWED).replaceAll("'", '&#x27;');
}

/**
 * A template's events mostly come down to the same text but for their values. Then the HTML is the same but for them
 * too: it is parsed and sanitised once, with holes that take the values, escaped for where they stand.
 */
interface Shape {
  /** One more than there are holes. */
  pieces: readonly string[];
  holes: readonly Hole[];
}
type Hole = { as: 'text' | 'code'; value: number } | { as: 'address'; template: string };

const MAX_KEPT_SHAPES = 1_000;
/** A table of few characters has cells without end: together they are no larger than this. */
const MAX_KEPT_CHARS = 8 * 1024 * 1024;
const MAX_SHAPE_CHARS = 8 * 1024;
const shapes = new Map<string, Shape | undefined>();
let keptChars = 0;

/** Undefined where only the whole way will do: a value that makes a link none, or stands in a link's title. */
function fromShape(markdown: string, values: readonly string[]): string | undefined {
  if (markdown.length > MAX_SHAPE_CHARS) return undefined;
  const shape = shapeOf(markdown);
  if (!shape) return undefined;
  let html = shape.pieces[0] as string;
  for (let index = 0; index < shape.holes.length; index++) {
    const filled = filling(shape.holes[index] as Hole, values);
    if (filled === undefined) return undefined;
    html += filled + shape.pieces[index + 1];
    if (html.length > MAX_HTML_CHARS) throw tooLong(MAX_HTML_CHARS);
  }
  return html;
}

function filling(hole: Hole, values: readonly string[]): string | undefined {
  if (hole.as === 'address') {
    const href = address(hole.template, values);
    return href === undefined ? undefined : escaped(href).replaceAll('"', '&quot;');
  }
  const text = escaped(values[hole.value] ?? '');
  return hole.as === 'text' ? text.replaceAll('\n', '<br />') : text;
}

/** As the sanitiser leaves text. */
function escaped(text: string): string {
  if (!/[&<>']/.test(text)) return text; // most
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll("'", '&#x27;');
}

function shapeOf(markdown: string): Shape | undefined {
  const kept = shapes.get(markdown);
  if (kept || shapes.has(markdown)) return kept;
  const shape = makeShape(markdown);
  const chars = markdown.length + (shape?.pieces ?? []).reduce((sum, piece) => sum + piece.length, 0);
  if (shapes.size >= MAX_KEPT_SHAPES || keptChars + chars > MAX_KEPT_CHARS) {
    shapes.clear();
    keptChars = 0;
  }
  shapes.set(markdown, shape);
  keptChars += chars;
  return shape;
}

// In a shape's HTML a hole is a placeholder of its own kind: FDD0 a value in text, FDD2 one where lines do not break,
// FDD3 an address, which the sanitiser takes for one by its scheme.
const HOLE = /(?:https:(?=\ufdd3))?([\ufdd0\ufdd2\ufdd3])([\ufde0-\ufdef]+)\ufdd1/;

function makeShape(markdown: string): Shape | undefined {
  const addresses: string[] = [];
  const tokens = parser.parse(markdown, {});
  if (!openHoles(tokens, addresses)) return undefined;
  const parts = finished(tokens).split(new RegExp(HOLE, 'g'));
  const pieces = [parts[0] as string];
  const holes: Hole[] = [];
  for (let part = 1; part < parts.length; part += 3) {
    const [kind, digits, piece] = parts.slice(part, part + 3) as [string, string, string];
    const index = indexOf(digits);
    holes.push(
      kind === '\ufdd3'
        ? { as: 'address', template: addresses[index] as string }
        : { as: kind === '\ufdd0' ? 'text' : 'code', value: index },
    );
    pieces.push(piece);
  }
  return { pieces, holes };
}

/** Makes the tokens ready for a shape; false where a value could change more than what stands in its place. */
function openHoles(tokens: readonly Token[], addresses: string[]): boolean {
  for (const token of tokens) {
    if (token.type === 'image' || (token.type === 'link_open' && token.attrGet('title'))) return false;
    if (token.type === 'link_open') {
      const template = String(token.attrGet('href') ?? '');
      if (template.includes('\ufdd0')) {
        const href = `https:\ufdd3${placeholder(addresses.push(template) - 1).slice(1)}`;
        token.attrs = linkAttributesOf(href);
      } else {
        token.attrs = linkAttributes(token, 'href', []);
        if (token.attrs.length === 0) return false;
      }
    } else if (token.children) {
      if (!openHoles(token.children, addresses)) return false;
    } else if (token.type !== 'text') {
      token.content = token.content.replaceAll('\ufdd0', '\ufdd2');
    }
  }
  return true;
}

const ALLOWED: sanitize.IOptions = {
  allowedTags:
    'p h1 h2 h3 h4 h5 h6 strong em s code pre blockquote ul ol li br hr a table thead tbody tr th td'.split(
      ' ',
    ),
  allowedAttributes: { a: ['href', 'title', 'rel'], ol: ['start'] },
  allowedSchemes: ['http', 'https', 'mailto'],
  allowProtocolRelative: false,
};
const LINK_PROTOCOLS = new Set(['http:', 'https:', 'mailto:']);

const parser = makeParser();

function makeParser() {
  const md = new MarkdownIt({ html: false, breaks: true, linkify: false, typographer: false });
  md.disable('reference');
  // Addresses are settled when the values are in them.
  md.normalizeLink = (url) => url;
  md.normalizeLinkText = (url) => url;
  md.validateLink = () => true;

  md.core.ruler.push('nothing_empty', (state) => {
    state.tokens = withoutEmpty(state.tokens);
  });

  // No line breaks between blocks, as in HubSpot's output.
  const { escapeHtml } = md.utils;
  const { renderer } = md;
  renderer.renderToken = (tokens, index) => {
    const token = at(tokens, index);
    if (token.hidden) return '';
    return token.nesting === -1 ? `</${token.tag}>` : `<${token.tag}${renderer.renderAttrs(token)}>`;
  };
  renderer.rules.softbreak = () => '<br>';
  renderer.rules.hardbreak = () => '<br>';
  const code = (tokens: Token[], index: number) =>
    `<pre><code>${escapeHtml(at(tokens, index).content)}</code></pre>`;
  renderer.rules.fence = code;
  renderer.rules.code_block = code;
  // Only a value has a line break inside of a text: it breaks the line as one of the template's does.
  renderer.rules.text = (tokens, index) => escapeHtml(at(tokens, index).content).replace(/\r\n?|\n/g, '<br>');
  renderer.rules.image = (tokens, index) => {
    const token = at(tokens, index);
    const text = escapeHtml(token.content);
    return token.attrs?.length ? `<a${renderer.renderAttrs(token)}>${text}</a>` : text;
  };
  return md;
}

/**
 * Without emphasis, links, headings and paragraphs that have no words: unseen, a link would still be come upon by the
 * keyboard.
 */
function withoutEmpty(tokens: readonly Token[]): Token[] {
  const kept: Token[] = [];
  for (const token of tokens) {
    token.content = token.content.replaceAll(NOTHING, '');
    for (const attribute of token.attrs ?? []) attribute[1] = String(attribute[1]).replaceAll(NOTHING, '');
    if (token.children) token.children = withoutEmpty(token.children);
    const last = kept.at(-1);
    if (token.type === 'text' && !token.content) continue;
    if (/^(?:link|em|strong|s)_close$/.test(token.type) && last?.type.endsWith('_open')) kept.pop();
    else if (/^(?:heading|paragraph)_close$/.test(token.type) && last?.children?.length === 0)
      kept.length -= 2;
    else kept.push(token);
  }
  return kept;
}

/** Puts the values into the tokens and settles where links lead; what cannot be a link leaves its text. */
function settle(tokens: readonly Token[], values: readonly string[]): Token[] {
  const settled: Token[] = [];
  let link: 'none' | 'kept' | 'dropped' = 'none';
  for (const token of tokens) {
    if (token.type === 'link_open') {
      token.attrs = linkAttributes(token, 'href', values);
      link = token.attrs.length > 0 ? 'kept' : 'dropped';
      if (link === 'dropped') continue;
    } else if (token.type === 'link_close') {
      const dropped = link === 'dropped';
      link = 'none';
      if (dropped) continue;
    } else if (token.type === 'image') {
      token.attrs = link === 'none' ? linkAttributes(token, 'src', values) : [];
      const alt = fill(parser.renderer.renderInlineAsText(token.children ?? [], parser.options, {}), values);
      token.content = alt || String(token.attrGet('href') ?? '');
    } else if (token.children) {
      token.children = settle(token.children, values);
    } else {
      token.content = fill(token.content, values);
    }
    settled.push(token);
  }
  return settled;
}

function linkAttributesOf(href: string): [string, string][] {
  return [
    ['href', href],
    ['rel', 'noopener noreferrer'],
  ];
}

/** None, if the address is not one that a link may lead to. */
function linkAttributes(token: Token, name: 'href' | 'src', values: readonly string[]): [string, string][] {
  const href = address(String(token.attrGet(name) ?? ''), values);
  if (href === undefined) return [];
  const attributes = linkAttributesOf(href);
  const title = token.attrGet('title');
  if (title) attributes.push(['title', fill(String(title), values)]);
  return attributes;
}

/** A host that a value would lengthen (https://petspot.com{{x}}): only then could it lead elsewhere. */
const LENGTHENED_HOST = /^https?:[\\/]*[^\\/?#]*[^\\/?#.:@]\ufdd0/i;

/**
 * The address with its values, as browsers will read it. A value at the start may be an address itself; any other is
 * percent-encoded, so that it can neither end the address nor reach what stands before it.
 */
function address(template: string, values: readonly string[]): string | undefined {
  const opened = template.replace(/^\ufdd0[\ufde0-\ufdef]+\ufdd1/, (slot) => fill(slot, values).trim());
  if (LENGTHENED_HOST.test(opened)) return undefined;
  const encode = /^mailto:/i.test(opened) ? encodeMailbox : encodeURIComponent;
  const whole = fill(opened, values, encode);
  const url = addressOf(whole);
  return url && LINK_PROTOCOLS.has(url.protocol) ? url.href : undefined;
}

function encodeMailbox(value: string): string {
  return encodeURIComponent(value).replaceAll('%40', '@');
}

function fill(text: string, values: readonly string[], encode = (value: string) => value): string {
  return text.replace(PLACEHOLDER, (_, digits: string) => encode(values[indexOf(digits)] ?? ''));
}

function indexOf(digits: string): number {
  return [...digits].reduce((index, digit) => index * 16 + digit.charCodeAt(0) - DIGIT_ZERO, 0);
}

function at(tokens: readonly Token[], index: number): Token {
  const token = tokens[index];
  if (!token) throw new RangeError(`no token ${index}`);
  return token;
}

function tooLong(bound: number): RenderFault {
  return new RenderFault(`it has more than ${bound.toLocaleString('en-US')} characters`);
}

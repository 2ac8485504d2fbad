// A template is refused when it is written, with the line, the column and a reason for its author.
import { expect, test } from 'vitest';
import { compile, TemplateSyntaxError } from '../../src/timeline/render/render.js';
import { MAX_NESTING, MAX_PATH_SEGMENTS, MAX_SOURCE_BYTES } from '../../src/timeline/render/syntax.js';

function refusal(template: string): Pick<TemplateSyntaxError, 'line' | 'column' | 'reason'> {
  try {
    compile(template);
  } catch (error) {
    if (error instanceof TemplateSyntaxError) return error;
    throw error;
  }
  throw new Error('the template was accepted');
}

test.each([
  ['a\n  {{#if b}}', 2, 12, 'the template ends, but something is still open'],
  ['a\r{{foo b}}', 2, 1, '“foo” is no helper'],
  ['{{#if a}}\n{{/each}}', 1, 4, 'the block “if” is closed as “each”'],
  ['a\r\n\r\nb {{foo %}}', 3, 8, '“%” does not fit here'],
  ['a {{else}}', 1, 3, '“{{else}}” does not fit here'],
  ['a\n{{/if}}', 2, 1, '“{{/” does not fit here'],
  ['a {{foo', 1, 5, 'is a quote or a }} missing?'],
  ['a\n {{!-- b }}', 2, 2, 'not closed'],
  ['a\n {{~!-- b }}', 2, 2, 'not closed'],
  ['a {{[b}}', 1, 5, 'not closed'],
  ['{{pet."a"}}', 1, 7, '“"a"” does not fit here'],
  ['{{pet.0}}', 1, 7, '“0” must stand in brackets here: [0]'],
  ['a {{pet.}}', 1, 5, '“pet.” is no path: one dot stands between two names'],
  ['{{pet..name}}', 1, 3, '“pet..” is no path: one dot stands between two names'],
  ['{{pet./name}}', 1, 3, '“pet./name” is no path'],
  ['{{..pet}}', 1, 3, '“..pet” is no path'],
  ['{{#if pet.name.}}{{/if}}', 1, 7, '“pet.name.” is no path'],
  ['{{.pet}}', 1, 3, '“.” does not fit here: one dot stands between two names'],
  ['{{a.this}}', 1, 3, 'Invalid path'],
  ['a\n{{> b}}', 2, 1, 'partials'],
  ['{{#> b}}{{/b}}', 1, 1, 'partials'],
  ['{{* b}}', 1, 1, 'decorators'],
  ['{{#*inline "b"}}{{/inline}}', 1, 1, 'decorators'],
  ['a {{{{b}}}} c {{{{/b}}}}', 1, 3, 'raw blocks'],
  ['{{(a)}}', 1, 3, 'parentheses'],
  ['{{(a).b}}', 1, 3, 'parentheses'],
  ['{{#if (a b)}}{{/if}}', 1, 7, 'parentheses'],
  ['{{#if a includeZero=(b)}}{{/if}}', 1, 21, 'parentheses'],
  ['{{a=b}}', 1, 1, 'name=value'],
  ['{{a.#b}}', 1, 3, '.#'],
  ['{{pet.#name.[a\nb]}}', 1, 3, '.#'],
  ['{{lookup a b}}', 1, 1, '“lookup” is no helper'],
  ['{{log a}}', 1, 1, '“log” is no helper'],
  ['{{#foo a}}{{/foo}}', 1, 1, '“foo” is no helper: there are if, unless, each, with, formatDate'],
  ['{{foo a=1}}', 1, 1, '“foo” is no helper'],
  ['{{this.if a}}', 1, 1, '“this.if” is no helper'],
  ['{{if a}}', 1, 1, 'if is a block'],
  ['{{#if}}{{/if}}', 1, 1, 'if takes one value'],
  ['{{#if a b}}{{/if}}', 1, 1, 'if takes one value'],
  ['{{#if a}}{{else if}}{{/if}}', 1, 10, 'if takes one value'],
  ['{{#formatDate}}{{/formatDate}}', 1, 1, 'formatDate takes one value'],
  ['{{#if a b=1}}{{/if}}', 1, 9, '“b” is no option here'],
  ['{{#each a includeZero=true}}{{/each}}', 1, 11, '“includeZero” is no option here'],
  ['{{formatDate a format="iso"}}', 1, 1, 'formatDate has the formats short, medium, long, full'],
  ['{{formatDate a format=1}}', 1, 1, 'formatDate has the formats'],
  ['{{#formatDate a}}{{foo b}}{{/formatDate}}', 1, 18, '“foo” is no helper'],
  ['{{#if a as |b|}}{{/if}}', 1, 1, '#if gives no block parameters'],
  ['{{#unless a as |b|}}{{/unless}}', 1, 1, '#unless gives no block parameters'],
  ['{{^if a as |b|}}{{/if}}', 1, 1, '#if gives no block parameters'],
  ['{{#each a as |b c d|}}{{/each}}', 1, 1, '#each gives 2 block parameters'],
  ['{{#with a as |b c|}}{{/with}}', 1, 1, '#with gives 1 block parameters'],
  ['{{#a as |b c d|}}{{/a}}', 1, 1, 'this block gives 2 block parameters'],
  ['{{@level}}', 1, 3, '“@level” is not known: there are @root, @index, @key, @first, @last'],
  ['{{@index.a}}', 1, 3, '“@index.a” is not known'],
  ['{{@../root}}', 1, 3, '“@../root” is not known'],
])('%j is refused at %i:%i, for %s', (template, line, column, reason) => {
  const error = refusal(template);
  expect(error).toMatchObject({ line, column });
  expect(error.reason).toContain(reason);
});

test('the message says it all', () => {
  expect(() => compile('a\n{{> b}}')).toThrow('Line 2, column 1: partials {{> …}} are not supported');
});

test('sizes are bounded: bytes, nesting, path', () => {
  const nested = (depth: number) => '{{#if a}}'.repeat(depth) + '{{/if}}'.repeat(depth);
  const chained = (links: number) => `{{#if a}}${'{{else if b}}'.repeat(links)}{{/if}}`;
  const path = (segments: number) => `{{${Array(segments).fill('a').join('.')}}}`;
  const up = (steps: number) => `{{${'../'.repeat(steps)}a}}`;
  for (const template of [
    'é'.repeat(MAX_SOURCE_BYTES / 2),
    nested(MAX_NESTING),
    chained(MAX_NESTING - 1),
    path(MAX_PATH_SEGMENTS),
    up(MAX_PATH_SEGMENTS - 1),
  ]) {
    expect(() => compile(template)).not.toThrow();
  }
  expect(refusal('é'.repeat(MAX_SOURCE_BYTES / 2 + 1)).reason).toBe('a template has at most 65536 bytes');
  expect(refusal(nested(MAX_NESTING + 1))).toMatchObject({
    column: 9 * MAX_NESTING + 1,
    reason: 'blocks may be nested 64 deep',
  });
  expect(refusal(chained(MAX_NESTING)).reason).toBe('blocks may be nested 64 deep');
  expect(refusal(path(MAX_PATH_SEGMENTS + 1)).reason).toBe('a path has at most 32 segments');
  expect(refusal(up(MAX_PATH_SEGMENTS)).reason).toBe('a path has at most 32 segments');
});

test.each([
  ['{{#if a}}', '{{/if}}'],
  ['{{~#if a}}', '{{/if}}'],
  ['{{^a}}', '{{/a}}'],
  ['{{#if a}}{{! {{/if}} --}}', '{{/if}}'],
  ['{{#if "{{/if}}"}}', '{{/if}}'],
  ['{{#if a}}\\{{/if}}', '{{/if}}'],
])('a thousand nested %s are refused as they are read, whatever looks like their end', (open, close) => {
  const startedAt = process.cpuUsage();
  expect(refusal(open.repeat(1_000) + close.repeat(1_000)).reason).toBe('blocks may be nested 64 deep');
  expect(process.cpuUsage(startedAt).user).toBeLessThan(500_000); // µs
});

test.each([
  ['blocks', '{{#a}}{{/a}}'],
  ['links of chains', `{{#if a}}${'{{else if b}}'.repeat(60)}{{/if}}`],
  ['blocks 64 deep', '{{#a}}'.repeat(64) + '{{/a}}'.repeat(64)],
])('as many %s as there is room for are taken, and soon', (_, text) => {
  const startedAt = process.cpuUsage();
  expect(() => compile(text.repeat(MAX_SOURCE_BYTES / text.length))).not.toThrow();
  expect(process.cpuUsage(startedAt).user).toBeLessThan(2_000_000); // µs
});

test('a template may hold any character', () => {
  expect(() => compile('\0 \ud800 \ufdd0\ufde1\ufdd1 \u{1f436}')).not.toThrow();
});

test.each([
  ['expressions in parentheses', `{{a ${'('.repeat(32_000)}b${')'.repeat(32_000)}}}`],
  ['values of options in parentheses', `{{a b=${'(c d='.repeat(10_000)}1${')'.repeat(10_000)}}}`],
  ['blocks', `${'{{#if a}}'.repeat(499)}${'{{a}}'.repeat(10_000)}`],
  ['inverse blocks', `${'{{^a}}'.repeat(499)}${'{{a}}'.repeat(10_000)}`],
  ['partial blocks', `${'{{#> a}}'.repeat(499)}${'{{a}}'.repeat(10_000)}`],
])('%s that nest are refused as they are read: the parser would take time by the square', (_, template) => {
  const startedAt = process.cpuUsage();
  expect(refusal(template).reason).toMatch(/parentheses|64 deep/);
  expect(process.cpuUsage(startedAt).user).toBeLessThan(500_000); // µs
});

test('a [segment] may go on in the next line, whatever is in it', () => {
  const startedAt = process.cpuUsage();
  expect(() => compile(`{{a.${'['.repeat(MAX_SOURCE_BYTES - 10)}\n]}}`)).not.toThrow();
  expect(() => compile('{{a.[b.#c\nd]}}')).not.toThrow();
  expect(process.cpuUsage(startedAt).user).toBeLessThan(500_000); // µs
});

// Whatever a template and an event have in them, rendering ends, stays small and says what stopped it.
import { describe, expect, test } from 'vitest';
import { MAX_OUTPUT_CHARS } from '../../src/timeline/render/handlebars.js';
import { MAX_HTML_CHARS } from '../../src/timeline/render/markdown.js';
import { show } from './show.js';

const BIG = Array.from({ length: 5_000 }, (_, n) => n);
const notice = (reason: string) => `<p><em>This cannot be shown: ${reason}.</em></p>`;
const TURNS = notice('loops turn more than 10,000 times');

describe('loops', () => {
  test.each([
    ['{{#each extraData}}{{#each ../extraData}}{{#each @root.extraData}}x{{/each}}{{/each}}{{/each}}'],
    ['{{#each extraData}}{{#each @root.extraData}}{{/each}}{{/each}}'],
    ['{{#extraData}}{{#@root.extraData}}{{/@root.extraData}}{{/extraData}}'],
  ])('%s stops at the bound of turns', (template) => {
    expect(show(template, {}, { extraData: BIG })).toBe(TURNS);
  });

  test('so does a large object, and a list longer than the bound', () => {
    expect(show('{{#each extraData}}{{/each}}', {}, { extraData: { ...Array(10_001).fill(0) } })).toBe(TURNS);
    expect(show('{{#each extraData}}{{/each}}', {}, { extraData: Array(10_001).fill(0) })).toBe(TURNS);
  });

  test('as many turns as are allowed are taken', () => {
    expect(show('{{#each extraData}}{{this}}{{/each}}', {}, { extraData: Array(10_000).fill(1) })).toBe(
      `<p>${'1'.repeat(10_000)}</p>`,
    );
  });

  test('steps are bounded as well', () => {
    const template = `{{#each extraData}}${'{{a}}'.repeat(30)}{{/each}}`;
    expect(show(template, {}, { extraData: BIG })).toBe(notice('it takes more than 100,000 steps'));
    expect(show('{{extraData}}', {}, { extraData: Array(200_000).fill([]) })).toBe(
      notice('it takes more than 100,000 steps'),
    );
  });

  test('as many steps as are allowed are taken, and not one more', () => {
    const listOf = (items: number) => show('{{extraData}}', {}, { extraData: Array(items).fill('') });
    expect(listOf(99_999)).toBe(`<p>${','.repeat(99_998)}</p>`);
    expect(listOf(100_000)).toBe(notice('it takes more than 100,000 steps'));
  });
});

describe('size', () => {
  const OUTPUT = notice('it has more than 1,048,576 characters');

  test('a value of the largest size is shown whole', () => {
    const value = 'v'.repeat(510 * 1024);
    expect(show('{{v}}', { v: value })).toBe(`<p>${value}</p>`);
  });

  test('a huge value repeated is not', () => {
    const value = 'v'.repeat(MAX_OUTPUT_CHARS / 4);
    expect(show('{{v}}'.repeat(5), { v: value })).toBe(OUTPUT);
    expect(
      show(
        '{{#each extraData}}[{{@root.v}}](https://x.io/{{@root.v}}){{/each}}',
        { v: value },
        { extraData: BIG },
      ),
    ).toBe(OUTPUT);
  });

  test('nor is text of the template that loops repeat', () => {
    const template = `{{#each extraData}}${'x'.repeat(100)}\n\n{{/each}}`;
    expect(show(template, {}, { extraData: BIG })).toBe(notice('it has more than 131,072 characters'));
  });

  test('nor text of the template that loops repeat without end: it is counted before it is put together', () => {
    const template = `{{#each extraData}}${'x'.repeat(60_000)}{{/each}}`;
    expect(show(template, {}, { extraData: Array(10_000).fill(1) })).toBe(OUTPUT);
  });

  test('as many characters as are allowed are shown, and not one more: before Markdown, of Markdown, of HTML', () => {
    const value = 'v'.repeat(MAX_OUTPUT_CHARS);
    expect(show('{{v}}', { v: value })).toBe(`<p>${value}</p>`);
    expect(show('{{v}}', { v: `${value}v` })).toBe(OUTPUT);
    const loop = `{{#each extraData}}${'x'.repeat(32 * 1024)}{{/each}}`;
    expect(show(loop, {}, { extraData: [1, 2, 3, 4] })).toBe(`<p>${'x'.repeat(128 * 1024)}</p>`);
    expect(show(`${loop}x`, {}, { extraData: [1, 2, 3, 4] })).toBe(
      notice('it has more than 131,072 characters'),
    );
    for (const text of ['', 'x'.repeat(9_000)]) {
      const most = { v: '&'.repeat((MAX_HTML_CHARS - '<p></p>'.length - text.length) / '&amp;'.length) };
      expect(show(`${text}{{v}}`, most)).toHaveLength(MAX_HTML_CHARS);
      expect(show(`${text}{{v}}x`, most)).toBe(notice('it has more than 2,097,152 characters'));
    }
  });

  test('nor values that grow by being escaped', () => {
    expect(show('{{v}}', { v: '&'.repeat(MAX_HTML_CHARS / 4) })).toBe(
      notice('it has more than 2,097,152 characters'),
    );
  });

  test('nor a list that nests without end', () => {
    let list: unknown = 'x';
    for (let depth = 0; depth < 50_000; depth++) list = [list];
    expect(show('{{extraData}}', {}, { extraData: list })).toBe(
      notice('a printed list nests more than 32 deep'),
    );
    const nested = (depth: number) => JSON.parse(`${'['.repeat(depth)}7${']'.repeat(depth)}`);
    expect(show('{{extraData}}', {}, { extraData: nested(32) })).toBe('<p>7</p>');
    expect(show('{{extraData}}', {}, { extraData: nested(33) })).toContain('more than 32 deep');
  });

  test('a format that is none is told by its beginning', () => {
    expect(show('{{formatDate timestamp format=v}}', { v: 'x'.repeat(41) })).toBe(
      notice(`formatDate has no format “${'x'.repeat(40)}”`),
    );
  });
});

test.each([
  '[',
  '![',
  '**a ',
  '_a',
  '``a`',
  '[a](',
  '> ',
  '* *\n',
  '|a\n|-\n',
  '<a:',
  '\n- ',
  '~~a',
  '[a](b "',
])('a template full of %j ends', (text) => {
  expect(show(text.repeat(60_000 / text.length)).length).toBeLessThanOrEqual(MAX_HTML_CHARS * 6);
});

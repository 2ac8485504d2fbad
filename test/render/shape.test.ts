// Most events are rendered into a shape that an earlier one left. What comes out is what the whole way gives: parsing
// the Markdown, putting the values into it, sanitising.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { interpret } from '../../src/timeline/render/handlebars.js';
import { NOTHING, parsedToHtml, placeholder, toHtml } from '../../src/timeline/render/markdown.js';
import { parseTemplate } from '../../src/timeline/render/syntax.js';
import { arbitraryValue, HOSTILE, TEXT_POSITIONS, URL_POSITIONS, WHOLE_URL_POSITIONS } from './positions.js';

const POSITIONS = { ...TEXT_POSITIONS, ...URL_POSITIONS, ...WHOLE_URL_POSITIONS };

/** A template's Markdown, with the values it has placeholders for. */
function markdownOf(template: string, v: string): [string, string[]] {
  const values: string[] = [];
  const markdown = interpret(
    parseTemplate(template),
    { v, extraData: ['one', 'two'] },
    { timeZone: 'UTC', emit: (value) => (value === '' ? NOTHING : placeholder(values.push(value) - 1)) },
  );
  return [markdown, values];
}

function expectSame(template: string, v: string): void {
  const [markdown, values] = markdownOf(template, v);
  expect(toHtml(markdown, values)).toBe(parsedToHtml(markdown, values));
}

describe('a shape gives what the whole way gives', () => {
  test.each(Object.entries(POSITIONS))('%s, for every hostile value', (_, template) => {
    for (const value of ['harmless', ...HOSTILE, 'https://x.io/a?b="c"&d=\'e\'', 'x "quoted" y'])
      expectSame(template, value);
  });

  test.each(Object.entries(POSITIONS))('%s, for an empty value in emphasis', (_, template) => {
    expectSame(`**{{none}}** ${template} _{{v}}_ [_{{none}}_{{v}}](https://x.io/*{{none}}*/{{v}})`, 'x');
  });

  test('for any value, in all positions', () => {
    fc.assert(fc.property(fc.constantFrom(...Object.values(POSITIONS)), arbitraryValue, expectSame), {
      numRuns: 3_000,
    });
  });

  test('for several values in one text, each in its own place', () => {
    const markdown = `[${placeholder(1)}](https://x.io/${placeholder(0)}/${placeholder(2)}) \`${placeholder(1)}\` ${placeholder(2)}`;
    const values = ['<a>', '"b"\n\'b\'', 'c&c'];
    expect(toHtml(markdown, values)).toBe(parsedToHtml(markdown, values));
    expect(toHtml(markdown, values)).toContain('c&amp;c</p>');
  });
});

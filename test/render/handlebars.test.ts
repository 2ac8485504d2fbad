// The interpreter against Handlebars itself: on the part of the language that templates may use, the same template and
// data give the same text (before Markdown).
//
// Kept out of the data, because Handlebars is odd there and we are not: null inside of lists (a block around it makes
// it "[object Object]"), and values that are loosely but not strictly equal (7 and "7": entering one from the other
// is no step for ../ there). Out of the templates: paths behind @root (an empty value on the way is printed there), and
// lengths (that of '' is 0, which it loosely equals).
import fc from 'fast-check';
import Handlebars from 'handlebars';
import { expect, test } from 'vitest';
import { interpret } from '../../src/timeline/render/handlebars.js';
import { parseTemplate } from '../../src/timeline/render/syntax.js';

const KEYS = ['a', 'b', 'list', 'obj', 'x-y', '0', '1', 'key with spaces'];
const NAMES = [...KEYS, 'p', 'q'];

type Json = string | number | boolean | Json[] | { [key: string]: Json };

const leaf = fc.constantFrom<Json>('word', '<&>"\'`=', 7, 0, true, false, '', 'a b');
const { value } = fc.letrec<{ value: Json; record: Json; list: Json }>((tie) => ({
  record: fc.dictionary(fc.constantFrom(...KEYS), tie('value'), { maxKeys: 5, noNullPrototype: true }),
  list: fc.array(tie('value'), { maxLength: 3 }),
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, tie('record'), tie('list')),
}));
const data = fc
  .dictionary(fc.constantFrom(...KEYS), value, { minKeys: 2, noNullPrototype: true })
  .filter((record) => !looselyEqual(partsOf(record)));

function partsOf(json: Json): Json[] {
  return typeof json === 'object' ? [json, ...Object.values(json).flatMap(partsOf)] : [json];
}

function looselyEqual(values: readonly Json[]): boolean {
  // biome-ignore lint/suspicious/noDoubleEquals: it is what Handlebars does
  return values.some((a) => values.some((b) => a !== b && a == b));
}

const segment = fc.constantFrom(...NAMES).map((name) => (/^[a-z-]+$/.test(name) ? name : `[${name}]`));
const path = fc
  .oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(
        fc.constantFrom('', '', '', '', '../', '../../', './', 'this.', '@root.'),
        segment,
        fc.option(segment),
      ),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        'this',
        '.',
        '..',
        '../..',
        '../.',
        '@index',
        '@key',
        '@first',
        '@last',
        '@../index',
        '@../key',
      ),
    },
  )
  .map((found) => {
    if (typeof found === 'string') return found;
    const [start, first, second] = found;
    return `${start}${first}${second && start !== '@root.' ? `.${second}` : ''}`;
  });
const subject = fc.oneof(
  { weight: 8, arbitrary: path },
  {
    weight: 1,
    arbitrary: fc.constantFrom('true', 'false', '0', '"text"', "'text'", 'null', 'undefined'),
  },
);
const tilde = fc.oneof({ weight: 5, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fc.constant('~') });
const text = fc.constantFrom(
  'a',
  ' ',
  '\n',
  ' \n ',
  'b c',
  '\n\n',
  '{ }',
  '\\{{raw}}',
  '<b>',
  '{{! note }}',
  '{{!-- {{x}} --}}',
  '{{~! note ~}}',
  '\\\\',
);

/** `{{open}}body{{else}}body{{close}}` with white space control anywhere. */
function blockOf(open: fc.Arbitrary<string>, body: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const otherwise = fc.option(fc.tuple(fc.constantFrom('else', '^'), tilde, tilde, body));
  return fc
    .tuple(open, tilde, tilde, tilde, tilde, body, otherwise)
    .map(([opener, t1, t2, t3, t4, then, other]) => {
      const name = opener.replace(/^[#^]/, '').split(' ')[0];
      const inverse = other ? `{{${other[1]}${other[0]}${other[2]}}}${other[3]}` : '';
      return `{{${t1}${opener}${t2}}}${then}${inverse}{{${t3}/${name}${t4}}}`;
    });
}

const { template } = fc.letrec<{ template: string; part: string; block: string }>((tie) => {
  const body = tie('template');
  const opener = fc.oneof(
    subject.map((of) => `#if ${of}`),
    fc
      .tuple(subject, fc.constantFrom('true', 'false', 'a'))
      .map(([of, zero]) => `#if ${of} includeZero=${zero}`),
    subject.map((of) => `#unless ${of}`),
    subject.map((of) => `^if ${of}`),
    fc
      .tuple(subject, fc.constantFrom('', ' as |p|', ' as |p q|'))
      .map(([of, params]) => `#each ${of}${params}`),
    fc.tuple(subject, fc.constantFrom('', ' as |p|')).map(([of, params]) => `#with ${of}${params}`),
  );
  const sectionPath = fc.oneof(
    segment,
    fc.constantFrom('this', '.', '..', '../a', './b', '@root.list', 'obj.list', '@first', '@key'),
  );
  const section = fc
    .tuple(
      fc.constantFrom('#', '^'),
      sectionPath.filter((name) => !name.includes(' ')),
    )
    .map(([kind, of]) => kind + of);
  const chain = fc
    .tuple(
      path,
      body,
      fc.array(fc.tuple(fc.constantFrom('if', 'unless', 'with', 'each'), path, body), { maxLength: 3 }),
      fc.option(body),
    )
    .map(([of, then, links, last]) => {
      const chained = links.map(([helper, link, linked]) => `{{else ${helper} ${link}}}${linked}`).join('');
      return `{{#if ${of}}}${then}${chained}${last === null ? '' : `{{else}}${last}`}{{/if}}`;
    });
  const mustache = fc.tuple(tilde, tilde, fc.oneof(path, fc.constantFrom('0', '1', 'true', '"a"')));
  return {
    template: fc.array(tie('part'), { maxLength: 5 }).map((parts) => parts.join('')),
    block: fc.oneof(blockOf(opener, body), blockOf(section, body), chain),
    part: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      text,
      mustache.map(([t1, t2, of]) => `{{${t1}${of}${t2}}}`),
      tie('block'),
    ),
  };
});

function ours(source: string, root: Record<string, Json>): string {
  return interpret(parseTemplate(source), root, { timeZone: 'UTC', emit: Handlebars.escapeExpression });
}

function theirs(source: string, root: Record<string, Json>): string {
  return Handlebars.compile(source, { ignoreStandalone: true })(root);
}

test('generated templates give what Handlebars gives', () => {
  let telling = 0;
  fc.assert(
    fc.property(template, data, (source, root) => {
      const expected = theirs(source, root);
      if (expected.length > 3) telling++;
      expect(ours(source, root)).toBe(expected);
    }),
    { numRuns: 1_500 },
  );
  // The generator has to be worth its time: most templates print something.
  expect(telling).toBeGreaterThan(300);
});

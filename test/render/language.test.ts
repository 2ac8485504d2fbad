// Handlebars as far as templates have it, one construct a line; how far it equals Handlebars itself is in
// handlebars.test.ts.
import { describe, expect, test } from 'vitest';
import { show, text } from './show.js';

const DATA = {
  list: ['a', 'b', 'c'],
  pets: [
    { name: 'Rex', toys: ['ball', 'bone'] },
    { name: 'Tom', toys: [] },
  ],
  map: { one: 1, two: 2 },
  owner: { name: 'Ann', 'key with spaces': 'spaced', city: { name: 'Bern' } },
  zero: 0,
  yes: true,
  no: false,
  none: null,
  empty: [],
  blank: '',
  word: 'hello',
  'pet-names': ['Rex'],
  'word[1]': 'quoted',
};

describe('blocks', () => {
  test.each([
    ['{{#each list}}{{this}};{{/each}}', 'a;b;c;'],
    ['{{#each list}}{{.}}{{#unless @last}}, {{/unless}}{{/each}}', 'a, b, c'],
    ['{{#each list}}{{@index}}{{@key}}{{#if @first}}!{{/if}}{{/each}}', '00!1122'],
    ['{{#each map}}{{@key}}={{this}} {{/each}}.', 'one=1 two=2 .'],
    ['{{#each empty}}x{{else}}nothing{{/each}}', 'nothing'],
    ['{{#each none}}x{{else}}nothing{{/each}}', 'nothing'],
    ['{{#each word}}x{{else}}no list{{/each}}', 'no list'],
    ['{{#each list as |item index|}}{{index}}{{item}}{{/each}}', '0a1b2c'],
    [
      '{{#each pets as |pet|}}{{#each pet.toys as |toy n|}}{{pet.name}}{{n}}{{toy}} {{/each}}{{/each}}.',
      'Rex0ball Rex1bone .',
    ],
    [
      '{{#each pets as |name|}}{{this.name}} {{this/name}} {{./name}} {{/each}}.',
      'Rex Rex Rex Tom Tom Tom .',
    ],
    ['{{#each pets as |word|}}{{../word}} {{/each}}.', 'hello hello .'],
    ['{{#each pets}}{{#each toys}}{{../name}}{{@../index}}{{@index}} {{/each}}{{/each}}.', 'Rex00 Rex01 .'],
    [
      '{{#if yes}}a{{/if}}{{#if no}}b{{/if}}{{#if blank}}c{{/if}}{{#if empty}}d{{/if}}{{#if zero}}e{{/if}}',
      'a',
    ],
    ['{{#if zero includeZero=true}}zero{{/if}}{{#if zero includeZero=false}}no{{/if}}', 'zero'],
    ['{{#unless zero includeZero=true}}a{{else}}b{{/unless}}{{#unless no}}c{{/unless}}', 'bc'],
    ['{{#if no}}a{{else if zero}}b{{else if word}}c{{else}}d{{/if}}', 'c'],
    ['{{#if no}}a{{else each list}}{{this}}{{else}}d{{/if}}', 'abc'],
    ['{{#with owner}}{{name}} in {{city.name}}{{/with}}', 'Ann in Bern'],
    ['{{#with owner as |o|}}{{o.name}}{{/with}}{{#with none}}x{{else}}nobody{{/with}}', 'Annnobody'],
    ['{{^no}}a{{/no}}{{^yes}}b{{else}}c{{/yes}}{{^if no}}d{{/if}}{{#if no}}{{^}}e{{/if}}', 'acde'],
    ['{{#list}}{{this}}{{@index}}{{/list}}', 'a0b1c2'],
    ['{{#owner}}{{name}}{{/owner}}', 'Ann'],
    ['{{#yes}}{{word}}{{/yes}}{{#no}}x{{/no}}{{#none}}x{{else}}none{{/none}}', 'hellonone'],
    ['{{#empty}}x{{^}}empty{{/empty}}', 'empty'],
  ])('%s', (template, shown) => {
    expect(text(`{{#with extraData}}${template}{{/with}}`, DATA)).toBe(shown);
  });

  test('a section of extraData at the root', () => {
    expect(text('{{#extraData.pets}}{{name}} {{/extraData.pets}}.', DATA)).toBe('Rex Tom .');
  });
});

describe('paths', () => {
  test.each([
    ['{{list.[1]}}{{list.length}}{{word.length}}{{[list].[0]}}', 'b35a'],
    ['{{owner.[key with spaces]}}{{owner/city/name}}', 'spacedBern'],
    ['{{this.word}}{{./word}}{{../extraData.word}}', 'hellohellohello'],
    ['{{@root.extraData.word}}', 'hello'],
    ['{{../../../word}}{{word.nothing.there}}{{@index}}{{@../index}}', ''],
    ['{{"word"}}{{"word[1]"}}', 'helloquoted'],
    ['{{pet-names[0]}}{{list[12]}}', 'Rex'],
    ['{{list}} {{owner}} {{zero}} {{no}} {{none}}', 'a,b,c [object Object] 0 false '],
    ['{{{word}}}{{&word}}', 'hellohello'],
  ])('%s', (template, shown) => {
    expect(text(`{{#with extraData}}-${template}-{{/with}}`, DATA)).toBe(`-${shown}-`);
  });

  test('triple mustaches escape like double ones', () => {
    expect(show('{{{x}}}{{&x}}', { x: '<b>' })).toBe('<p>&lt;b&gt;&lt;b&gt;</p>');
  });

  const UNREADABLE = [
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    '__defineGetter__',
  ];
  test.each(UNREADABLE.flatMap((name) => [name, `${name}.name`, `[${name}]`]))(
    'nothing is inherited: %s',
    (name) => {
      const values = [
        'extraData',
        'extraData.o',
        'extraData.list',
        'extraData.s',
        'extraData.n',
        'x',
        'this',
        '@root',
      ];
      for (const value of values) {
        expect(
          text(
            `-{{${value}.${name}}}{{#with ${value}}}{{${name}}}{{/with}}-`,
            { o: {}, list: [], s: 's', n: 1 },
            { x: 'x' },
          ),
        ).toBe('--');
      }
      expect(text(`-{{${name}}}{{#${name}}}x{{/${name}}}-`)).toBe('--');
    },
  );

  test('fields that events call __proto__, constructor and prototype are not read', () => {
    const extraData = JSON.parse('{"__proto__":{"a":"x"},"constructor":"y","prototype":"z"}');
    expect(
      text(
        '-{{extraData.__proto__.a}}{{extraData.constructor}}{{extraData.prototype}}{{extraData.a}}-',
        extraData,
      ),
    ).toBe('--');
  });
});

describe('text', () => {
  test.each([
    ['comments vanish', 'a{{! b }}c{{!-- d }} --}}e', '<p>ace</p>'],
    ['an escaped mustache is text', 'a \\{{b}} c', '<p>a {{b}} c</p>'],
    ['~ takes the white space beside it', 'a\n\n {{~x~}} \n\nb', '<p>aXb</p>'],
    ['~ works in blocks', '{{#if x~}}\n\n a {{~else~}} b {{~/if}}', '<p>a</p>'],
    ['the lines of blocks stay', 'a\n{{#if x}}\nb\n{{/if}}\nc', '<p>a</p><p>b</p><p>c</p>'],
    ['braces alone are text', 'a } }} { b', '<p>a } }} { b</p>'],
  ])('%s', (_, template, html) => {
    expect(show(template, { x: 'X' })).toBe(html);
  });
});

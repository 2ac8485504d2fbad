// What HubSpot's own examples give, and the parts of the language that are HubSpot's: names, dates, Markdown.
import { describe, expect, test } from 'vitest';
import { show, text } from './show.js';

const DETAIL =
  'Registration occurred at {{#formatDate timestamp}}{{/formatDate}}\n\n#### Questions\n' +
  '{{#each extraData.questions}}\n  **{{question}}**: {{answer}}\n{{/each}}\n\nEDIT';
const QUESTIONS = {
  questions: [
    { question: "Who's a good kitty?", answer: 'Purr...' },
    { question: 'Will you stop playing with that?', answer: 'Meow!' },
  ],
};

describe("HubSpot's examples", () => {
  test('the detail of its documentation is matched byte for byte', () => {
    expect(show(DETAIL, {}, { extraData: QUESTIONS })).toBe(
      '<p>Registration occurred at Jan 30, 2020, 1:13:25 PM</p><h4>Questions</h4>' +
        '<p><strong>Who&#x27;s a good kitty?</strong>: Purr...</p>' +
        '<p><strong>Will you stop playing with that?</strong>: Meow!</p><p>EDIT</p>',
    );
  });

  test('without extraData the same template shows what it can', () => {
    expect(show(DETAIL)).toBe(
      '<p>Registration occurred at Jan 30, 2020, 1:13:25 PM</p><h4>Questions</h4><p>EDIT</p>',
    );
  });

  test('its header gives a link that tells the other site nothing', () => {
    const header = 'Registered for [{{petName}}](https://my.petspot.com/pets/{{petName}})';
    expect(show(header, { petName: 'Art3mis' })).toBe(
      '<p>Registered for <a href="https://my.petspot.com/pets/Art3mis" rel="noopener noreferrer">Art3mis</a></p>',
    );
  });
});

describe('names', () => {
  test.each([
    ['{{petName}}', 'Rex'],
    ['{{pet.name}}', 'dotted'],
    ['{{pet-name}}', 'dashed'],
    ['{{0}}', 'zero'],
    ['{{007}}', 'agent'],
    ['{{true}}', 'yes'],
    ['{{[pet.0]}}', 'bracketed'],
    ['{{@root.pet.name}}', 'dotted'],
    ['{{#with extraData}}{{../pet.name}}{{/with}}', 'dotted'],
    ['{{#if pet.name}}there{{/if}}', 'there'],
    ['{{each}}', 'a token may be called as a helper'],
  ])('%s finds a token by its whole name', (template, shown) => {
    const tokens = {
      petName: 'Rex',
      'pet.name': 'dotted',
      'pet-name': 'dashed',
      0: 'zero',
      '007': 'agent',
      true: 'yes',
      'pet.0': 'bracketed',
      each: 'a token may be called as a helper',
    };
    expect(text(template, { a: 1 }, tokens)).toBe(shown);
  });

  test.each([
    ['{{extraData.pets[1].name}}{{extraData.pets.[0].name}}', 'TomRex'],
    ['{{#each extraData.pets[0].toys}}{{this}} {{/each}}.', 'ball bone .'],
    [
      '{{#with extraData}}{{#if pets[0]}}{{~pets[0].toys[1]~}}{{/if}}{{../extraData.pets[7]}}{{/with}}',
      'bone',
    ],
    ['{{formatDate extraData.at[0] format="short"}}', '1/30/20, 1:13 PM'],
    ['a[1] {{{extraData.at[0]}}}[1]', 'a[1] 1580408005665[1]'],
    ['\\{{a[1]}} {{"a[1]"}}{{[a[1]}}{{[a\\]b[1]}}{{! a[1] }}.', '{{a[1]}} .'],
    ['{{extraData.grid[1][0]}}{{extraData.[a b][0]}}', '3c'],
  ])('%s has the places of a list as HubSpot writes them', (template, shown) => {
    const pets = [{ name: 'Rex', toys: ['ball', 'bone'] }, { name: 'Tom' }];
    const more = { at: [1580408005665], grid: [[1, 2], [3]], 'a b': ['c'] };
    expect(text(template, { pets, ...more })).toBe(shown);
  });

  test("the event's own fields are in scope: id, objectType, timestamp, extraData", () => {
    expect(text('{{id}} {{objectType}} {{timestamp}} {{extraData.a.b}}', { a: { b: 5 } })).toBe(
      'petspot:1 contacts 1580408005665 5',
    );
  });

  test('tokens come before them, and are not found from inside of another value', () => {
    expect(text('{{id}}', undefined, { id: 'mine' })).toBe('mine');
    expect(text('{{#with extraData}}-{{petName}}{{../petName}}{{/with}}', { a: 1 }, { petName: 'Rex' })).toBe(
      '-Rex',
    );
  });

  test('a missing value leaves no trace, not even in the Markdown around it', () => {
    expect(show('a {{missing}}{{extraData.b.c}} b')).toBe('<p>a  b</p>');
    expect(show('{{missing}}\n\n{{missing}}')).toBe('');
  });

  test('nor a link, a heading or a paragraph without words', () => {
    expect(show('a [{{missing}}](https://x.io/) b')).toBe('<p>a  b</p>');
    expect(
      show('[{{missing}}](https://x.io/{{id}})\n\n# [{{missing}}](https://x.io/)\n\n## {{missing}}'),
    ).toBe('');
    expect(show('> # {{missing}}\n\n- ## a {{missing}}')).toBe(
      '<blockquote></blockquote><ul><li><h2>a</h2></li></ul>',
    );
  });
});

describe('an empty value in emphasis takes it along', () => {
  test.each([
    ['**{{missing}}**: hello', '<p>: hello</p>'],
    ['**{{blank}}** a', '<p> a</p>'],
    ['**Name: {{missing}}**: a', '<p><strong>Name: </strong>: a</p>'],
    ['**{{missing}} b** a', '<p><strong> b</strong> a</p>'],
    ['a *{{missing}}{{blank}}{{missing}}*.', '<p>a .</p>'],
    ['a ***{{missing}}*** ~~{{missing}}~~ _{{formatDate missing}}_.', '<p>a   .</p>'],
    ['**{{missing}}**\n\n# __{{missing}}__\n\n[*{{missing}}*](https://x.io/)', ''],
    ['**[{{missing}}](https://x.io/)**', ''],
    ['- **{{missing}}**', '<ul><li></li></ul>'],
    ['**a *{{missing}}* {{id}}**', '<p><strong>a  petspot:1</strong></p>'],
    [
      '[a](https://x.io/_{{missing}}_) `*{{missing}}*`',
      '<p><a href="https://x.io/__" rel="noopener noreferrer">a</a> <code>**</code></p>',
    ],
  ])('%j', (template, html) => {
    expect(show(template, { blank: '' })).toBe(html);
  });
});

describe('formatDate', () => {
  test.each([
    ['{{formatDate timestamp}}', 'Jan 30, 2020, 1:13:25 PM'],
    ['{{#formatDate timestamp}}{{/formatDate}}', 'Jan 30, 2020, 1:13:25 PM'],
    ['{{#formatDate timestamp}}ignored{{/formatDate}}', 'Jan 30, 2020, 1:13:25 PM'],
    ['{{formatDate timestamp format="short"}}', '1/30/20, 1:13 PM'],
    ['{{formatDate timestamp format="medium"}}', 'Jan 30, 2020, 1:13:25 PM'],
    ['{{formatDate timestamp format="long"}}', 'January 30, 2020 at 1:13:25 PM EST'],
    [
      '{{#formatDate timestamp format="full"}}{{/formatDate}}',
      'Thursday, January 30, 2020 at 1:13:25 PM Eastern Standard Time',
    ],
    ['{{formatDate timestamp format=style}}', '1/30/20, 1:13 PM'],
    ['{{formatDate ms}}', 'Jan 30, 2020, 1:13:25 PM'],
    ['{{formatDate iso}}', 'Jan 30, 2020, 1:13:25 PM'],
    ['{{formatDate missing}}', ''],
    ['{{formatDate word}}', 'next week'],
    ['{{formatDate huge}}', '99999999999999999999'],
    ['{{#each extraData}}{{formatDate this}}{{/each}}', 'Jan 30, 2020, 1:13:25 PM'],
  ])('%s', (template, shown) => {
    const tokens = {
      ms: '1580408005665',
      iso: '2020-01-30T18:13:25.665Z',
      word: 'next week',
      huge: '99999999999999999999',
      style: 'short',
    };
    expect(text(template, [1580408005665], tokens)).toBe(shown);
  });

  test.each([
    ['{{formatDate day}}', 'Mar 1, 2026'],
    ['{{formatDate day format="short"}}', '3/1/26'],
    ['{{formatDate day format="full"}}', 'Sunday, March 1, 2026'],
    ['{{formatDate none}}', '2026-02-30'],
  ])('%s is the day that was sent, in every zone', (template, shown) => {
    for (const timeZone of ['America/New_York', 'UTC', 'Asia/Tokyo'])
      expect(show(template, { day: '2026-03-01', none: '2026-02-30' }, { timeZone })).toBe(`<p>${shown}</p>`);
  });

  test('prints in the zone that it is given', () => {
    expect(show('{{formatDate timestamp}}', {}, { timeZone: 'Asia/Tokyo' })).toBe(
      '<p>Jan 31, 2020, 3:13:25 AM</p>',
    );
  });

  test.each([
    ['{{formatDate timestamp format=style}}', 'UTC', 'formatDate has no format “&lt;b&gt;”'],
    ['{{formatDate timestamp}}', 'Mars/Olympus', 'the time zone “Mars/Olympus” is not known'],
  ])('%s in %s says what is wrong, where it would stand', (template, timeZone, reason) => {
    expect(show(template, { style: '<b>' }, { timeZone })).toBe(
      `<p><em>This cannot be shown: ${reason}.</em></p>`,
    );
  });
});

describe('Markdown', () => {
  test.each([
    ['a line break', 'a\nb', '<p>a<br />b</p>'],
    ['a line break by two spaces or a backslash', 'a  \nb\\\nc', '<p>a<br />b<br />c</p>'],
    ['indented code', '    a < b', '<pre><code>a &lt; b\n</code></pre>'],
    [
      'a picture without words, as its address',
      '![](https://x.io/c.png)',
      '<p><a href="https://x.io/c.png" rel="noopener noreferrer">https://x.io/c.png</a></p>',
    ],
    [
      'a picture behind a link that is none',
      '[a](/c) ![cat](https://x.io/c.png)',
      '<p>a <a href="https://x.io/c.png" rel="noopener noreferrer">cat</a></p>',
    ],
    ['a list', '- a\n- b\n  - c', '<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>'],
    ['a numbered list', '3. a', '<ol start="3"><li>a</li></ol>'],
    ['emphasis', '*a* **b** ~~c~~ `d`', '<p><em>a</em> <strong>b</strong> <s>c</s> <code>d</code></p>'],
    ['a quotation and a rule', '> a\n\n---', '<blockquote><p>a</p></blockquote><hr />'],
    ['a fence', '```js\na\n\nb\n```', '<pre><code>a\n\nb\n</code></pre>'],
    [
      'a table',
      '|a|b|\n|:-|-|\n|1|2|',
      '<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>',
    ],
    [
      'a link with a title',
      '[a](https://x.io/ "t\'")',
      '<p><a href="https://x.io/" rel="noopener noreferrer" title="t&#x27;">a</a></p>',
    ],
    [
      'an autolink',
      '<https://x.io/>',
      '<p><a href="https://x.io/" rel="noopener noreferrer">https://x.io/</a></p>',
    ],
    [
      'a picture, as a link to it',
      '![the *cat*](https://x.io/c.png)',
      '<p><a href="https://x.io/c.png" rel="noopener noreferrer">the cat</a></p>',
    ],
    [
      'a picture in a link, as the text of the link',
      '[![cat](https://x.io/c.png)](https://x.io/)',
      '<p><a href="https://x.io/" rel="noopener noreferrer">cat</a></p>',
    ],
    ['raw HTML, as text', '<b onclick="x()">a</b>', '<p>&lt;b onclick="x()"&gt;a&lt;/b&gt;</p>'],
    ['a reference link, as text', '[a]\n\n[a]: https://x.io', '<p>[a]</p><p>[a]: https://x.io</p>'],
    ['a link to another scheme, as its text', '[a](javascript:alert(1)) [b](/c) [d](//e.io)', '<p>a b d</p>'],
  ])('%s', (_, template, html) => {
    expect(show(template)).toBe(html);
  });
});

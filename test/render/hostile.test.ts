// Values come from strangers. Wherever a template puts one, it is text or a part of an address: the elements of the
// page and where its links lead are those of a harmless value.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TemplateSyntaxError } from '../../src/timeline/render/render.js';
import { arbitraryValue, HOSTILE, TEXT_POSITIONS, URL_POSITIONS, WHOLE_URL_POSITIONS } from './positions.js';
import { hrefsOf, show, structureOf, textOf } from './show.js';

const HARMLESS = 'harmless';

function withValue(template: string, v: string): string {
  return show(template, { v }, { extraData: ['one', 'two'] });
}

/** As the page is to show a value: line breaks are one kind, and what no page can hold is replaced. */
function shown(value: string): string {
  return value.replace(/\r\n?/g, '\n').replace(/[\0\ufdd0-\ufdef]|\p{Surrogate}/gu, '\ufffd');
}

function promiseSafe(html: string): void {
  expect(html).not.toMatch(/<\s*(?:script|svg|img|style|iframe|!--)/i);
  for (const tag of html.match(/<[^>]*>/g) ?? []) {
    expect(tag).toMatch(/^<\/?[a-z]+[1-6]?(?: (?:href|rel|title|start)="[^"<>]*")*(?: \/)?>$/);
  }
  for (const href of hrefsOf(html)) expect(href).toMatch(/^(?:https?:\/\/|mailto:)/);
}

describe.each(Object.entries(TEXT_POSITIONS))('a value %s', (_, template) => {
  const harmless = withValue(template, HARMLESS);

  test('is shown as it is, and makes no element', () => {
    expect(harmless).toContain(template.startsWith('```{{') ? 'code' : HARMLESS);
    for (const value of HOSTILE) {
      const html = withValue(template, value);
      expect(structureOf(html), value).toEqual(structureOf(harmless));
      expect(textOf(html), value).toBe(textOf(harmless).replaceAll(HARMLESS, () => shown(value)));
    }
  });

  test('never does, whatever it is', () => {
    fc.assert(
      fc.property(arbitraryValue, (value) => {
        const html = withValue(template, value);
        promiseSafe(html);
        expect(structureOf(html)).toEqual(structureOf(harmless));
        expect(textOf(html)).toBe(textOf(harmless).replaceAll(HARMLESS, () => shown(value)));
      }),
    );
  });
});

describe.each(Object.entries(URL_POSITIONS))('a value of an address %s', (_, template) => {
  const harmless = structureOf(withValue(template, HARMLESS)).map(withoutTitle);

  test('does not lead it elsewhere', () => {
    for (const value of HOSTILE) {
      expect(structureOf(withValue(template, value)).map(withoutTitle), value).toEqual(harmless);
    }
  });

  test('never does, whatever it is', () => {
    fc.assert(
      fc.property(arbitraryValue, (value) => {
        const html = withValue(template, value);
        promiseSafe(html);
        expect(structureOf(html).map(withoutTitle)).toEqual(harmless);
      }),
    );
  });

  function withoutTitle(tag: string): string {
    return tag.replace(/ title="[^"]*"/, ' title');
  }
});

describe.each(Object.entries(WHOLE_URL_POSITIONS))('a value %s', (_, template) => {
  test('makes a link to http, https or mailto, or none', () => {
    for (const value of HOSTILE) promiseSafe(withValue(template, value));
    fc.assert(
      fc.property(arbitraryValue, (value) => {
        const html = withValue(template, value);
        promiseSafe(html);
        expect(structureOf(html).map((tag) => tag.split(' ')[0])).toEqual(
          hrefsOf(html).length === 0 ? ['<p>', '</p>'] : ['<p>', '<a', '</a>', '</p>'],
        );
        expect(textOf(html)).toMatch(/^a$|^a\n?$/);
      }),
    );
  });
});

describe('addresses', () => {
  test.each([
    ['[a]({{v}})', 'https://x.io/a?b=c&d=e#f', 'https://x.io/a?b=c&d=e#f'],
    ['[a]({{v}})', ' http://x.io ', 'http://x.io/'],
    ['[a]({{v}})', 'mailto:a@x.io', 'mailto:a@x.io'],
    ['[a]({{v}})', 'https://x.io/) "b" <c>', 'https://x.io/)%20%22b%22%20%3Cc%3E'],
    ['[a]({{v}}/pets)', 'https://x.io', 'https://x.io/pets'],
    ['[a](https://x.io/{{v}})', 'a b/c?d#e&f"\'', "https://x.io/a%20b%2Fc%3Fd%23e%26f%22'"],
    ['[a](https://x.io/{{v}})', 'Zoë 🐶', 'https://x.io/Zo%C3%AB%20%F0%9F%90%B6'],
    ['[a](https://x.io/?e={{v}})', 'a@b.io', 'https://x.io/?e=a%40b.io'],
    ['[a](mailto:{{v}})', 'a@b.io', 'mailto:a@b.io'],
    ['[a](MailTo:{{v}})', 'a@b.io', 'mailto:a@b.io'],
    ['[a](mailto:{{v}})', 'a@b.io?cc=c@d.io,e@f.io', 'mailto:a@b.io%3Fcc%3Dc@d.io%2Ce@f.io'],
    ['[a](https://{{v}}.petspot.com/)', 'bern', 'https://bern.petspot.com/'],
    ['[a](https://{{v}}/)', 'x.io', 'https://x.io/'],
    ['[a](http://localhost:{{v}}/)', '8080', 'http://localhost:8080/'],
  ])('%s with %j leads to %s', (template, v, href) => {
    expect(hrefsOf(show(template, { v }))).toEqual([href.replace("'", '&#x27;')]);
  });

  test.each([
    ['[a]({{v}})', 'ftp://x.io'],
    ['[a]({{v}})', 'x.io'],
    ['[a]({{v}})', `https://a${'\u0301\u0316'.repeat(200_000)}`],
    ['[a]({{v}})', 'java\nscript:alert(1)'],
    ['[a](https://petspot.com{{v}})', '.evil.io'],
    ['[a](https://petspot.com{{v}}/b)', '@evil.io'],
    [String.raw`[a](https:\\\\petspot.com{{v}})`, '.evil.io'],
    ['[a](https://shop-{{v}}.com/)', 'x.evil'],
    ['[a](https://petspot.com:{{v}}/)', '1@evil.io'],
    ['[a](https://{{v}}.petspot.com/)', 'evil.io/'],
    ['[a](https://{{v}}.petspot.com/)', 'evil.io#'],
    ['[a](https://{{v}}.petspot.com/)', 'evil.io\\'],
    ['[a]({{v}}{{w}})', 'https://petspot.com'],
    ['[a](java{{v}}:alert(1))', 'script'],
    ['[a]({{missing}})', ''],
  ])('%s with %j leads nowhere and leaves its text', (template, v) => {
    expect(show(template, { v, w: '.evil.io' })).toBe('<p>a</p>');
  });

  test('a value in a path is one segment of it', () => {
    fc.assert(
      fc.property(
        arbitraryValue.filter((value) => !/^(?:\.|%2e){1,2}$/i.test(value)),
        (value) => {
          const [href = ''] = hrefsOf(show('[a](https://x.io/pets/{{v}}/b)', { v: value }));
          const segments = new URL(href.replaceAll('&#x27;', "'")).pathname.split('/');
          expect(segments.map(decodeURIComponent)).toEqual(['', 'pets', shown(value), 'b']);
        },
      ),
    );
  });
});

test('hostile templates give safe pages as well, or are refused', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '{{v}}',
      '{{{v}}}',
      '[a](',
      '](',
      ')',
      '<',
      '>',
      '"',
      '![',
      'javascript:',
      'https://',
      '&#x',
      ';',
      ...HOSTILE,
    ),
    fc.string({ maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), arbitraryValue, (pieces, value) => {
      try {
        promiseSafe(withValue(pieces.join(''), value));
      } catch (error) {
        if (!(error instanceof TemplateSyntaxError)) throw error;
      }
    }),
    { numRuns: 500 },
  );
});

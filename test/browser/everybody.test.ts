// The pages are for everybody: without JavaScript, in both languages, light and dark, on a narrow screen, by the
// keyboard, and whatever the words of an event are.
import { beforeAll, describe, expect, test } from 'vitest';
import { demo } from '../../dist/demo.js';
import { languageOf } from '../../dist/ui/words.js';
import { axe, foreignUrl, inBrowser, pagesOf, server, shownFrame, visit } from './browser.js';
import { create, newTemplate, ours, petspot, petWithWindow, send, sent } from './records.js';

inBrowser();

describe('for everybody', () => {
  // The lists have a second page, and a type of the portal's own among them.
  beforeAll(async () => {
    for (let n = 0; n < 53; n++) await create('deals', { dealname: `Listed ${n}` });
    await ours('POST', '/crm/v3/schemas', {
      name: 'spaceship',
      labels: { singular: 'Space "ship"', plural: 'Space <ships>' },
    });
  });

  test('without JavaScript all of it works', async () => {
    const { page } = await visit('/', { javaScriptEnabled: false });
    await page.goto(`${server.baseUrl}${await petWithWindow()}`);
    expect(await page.locator('.title').first().textContent()).toBe('Registered Rex');
    const details = page.locator('.rendered').first();
    expect(await details.isVisible()).toBe(true);
    await page.locator('summary').first().click();
    expect(await details.isVisible()).toBe(false);
    await page.getByRole('button', { name: 'View Rex' }).press('Enter');
    await page.locator('.window').waitFor({ state: 'visible' });
    await shownFrame(page).getByText('A good dog').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.window').waitFor({ state: 'hidden' });
    await page.getByRole('link', { name: 'Records' }).click();
    expect(await page.locator('h1').textContent()).toBe('Records');
  });

  test('a German browser gets German, with German dates', async () => {
    const { page, problems } = await visit('/', { locale: 'de-DE' });
    expect(await page.locator('html').getAttribute('lang')).toBe('de');
    expect(await page.locator('h1').textContent()).toBe('Datensätze');
    await page.getByRole('link', { name: /ada@example\.com Kontakt/ }).click();
    expect(await page.locator('h2').allTextContents()).toEqual([
      'Eigenschaften',
      'Zugehörige Datensätze',
      'Verlauf',
    ]);
    expect(await page.locator('.day').first().textContent()).toMatch(
      /^(?:\p{L}+tag|Mittwoch), \d+\. \p{L}+ \d{4}$/u,
    );
    expect(await page.locator('.event > time').first().textContent()).toMatch(/^\d\d:\d\d$/);
    expect(problems).toEqual([]);
  });

  test.each([
    [undefined, 'en', 'en'],
    ['', 'en', 'en'],
    ['fr, *;q=0.5', 'en', 'en'],
    ['de', 'de', 'de'],
    ['DE-at, en;q=0.9', 'de', 'de-at'],
    ['en;q=0.2, de;q=0.8', 'de', 'de'],
    ['de;q=0.2, en-GB;q=0.8', 'en', 'en-gb'],
    ['de;q=0, fr', 'en', 'en'],
    ['en;q=0, *', 'de', 'de'],
    ['den, english, de-x-y-z;q=0.1', 'de', 'de'],
    ['en-US-u-ca-buddhist', 'en', 'en'],
    [';;;q=,,=;q=nonsense', 'en', 'en'],
  ])('Accept-Language %j is answered in %s, its dates in %s', (header, tag, locale) => {
    expect(languageOf(header)).toMatchObject({ tag, locale });
    expect(() => new Intl.DateTimeFormat(languageOf(header).locale)).not.toThrow();
  });

  test.each(['light', 'dark'] as const)('axe finds nothing, in %s', async (colorScheme) => {
    const path = await everything();
    const { company } = await petspot();
    const { page } = await visit('/', { colorScheme });
    expect(await axe(page)).toEqual([]);
    for (const each of [...LISTS, company, `${company}?include=contacts`]) {
      await page.goto(`${server.baseUrl}${each}`);
      expect(await axe(page)).toEqual([]);
    }
    await page.goto(`${server.baseUrl}${path}`);
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'View Rex' }).click();
    await shownFrame(page).getByText('A good dog').waitFor();
    expect(await axe(page)).toEqual([]);
    await page.goto(`${server.baseUrl}/records/contacts/999999`);
    expect(await axe(page)).toEqual([]);
  });

  test('headings never skip a level, whatever a template has', async () => {
    const { page } = await visit(await everything());
    const levels = await page
      .locator('h1, h2, h3, h4, h5, h6')
      .evaluateAll((all) => all.map((each) => Number(each.tagName.slice(1))));
    expect(levels[0]).toBe(1);
    for (const [index, level] of levels.entries())
      expect(level).toBeLessThanOrEqual((levels[index - 1] ?? 0) + 1);
  });

  test('nor is a heading in the header of an event smaller than what follows it', async () => {
    const template = await newTemplate({ name: 'Headed', headerTemplate: '# Heading\n\nText' });
    const { page } = await visit(
      await sent({ eventTemplateId: template, email: 'headed@x.test', tokens: {} }),
    );
    const [heading, text] = await page
      .locator('.title > *')
      .evaluateAll((all) => all.map((each) => getComputedStyle(each).fontSize));
    expect(heading).toBe(text);
  });

  test('what one presses is 24 pixels high and wide at least, but for links among words', async () => {
    const { company } = await petspot();
    const { page } = await visit('/', { viewport: { width: 320, height: 640 } });
    for (const each of ['/', await petWithWindow(), `${company}?include=contacts`, ...LISTS]) {
      await page.goto(`${server.baseUrl}${each}`);
      const small = await page
        .locator('a:not(.skip, .rendered *, .title *), button, summary, select, input')
        .evaluateAll((all) =>
          all
            .filter((one) => {
              const { width, height } = one.getBoundingClientRect();
              return one.checkVisibility() && Math.min(width, height) < 24;
            })
            .map((one) => one.outerHTML),
        );
      expect(small).toEqual([]);
    }
  });

  test('at 320 pixels nothing stands out to the side, even words of 500 letters', async () => {
    const path = await everything();
    const { page } = await visit('/', { viewport: { width: 320, height: 640 } });
    const { company } = await petspot();
    const lists = [...LISTS, company, `${company}?include=contacts`];
    for (const each of ['/', path, ...lists, '/records/contacts/999999']) {
      await page.goto(`${server.baseUrl}${each}`);
      const widths = await page.evaluate(() => [
        document.documentElement.scrollWidth,
        ...[...document.querySelectorAll('body *')]
          .filter((element) => !element.closest('.rendered table'))
          .map((element) => element.getBoundingClientRect().right),
      ]);
      expect(Math.max(...widths)).toBeLessThanOrEqual(320);
    }
  });

  test('there the timeline, below what is known of a record, is one step away', async () => {
    const path = await everything();
    const { page } = await visit(path, { viewport: { width: 320, height: 640 } });
    await page.getByRole('link', { name: 'Timeline' }).click();
    const top = await page.getByRole('heading', { name: 'Timeline' }).boundingBox();
    expect(Math.abs(top?.y ?? 640)).toBeLessThan(64);
    await page.setViewportSize({ width: 1100, height: 640 });
    expect(await page.getByRole('link', { name: 'Timeline' }).isVisible()).toBe(false);
  });

  test('nor does the choice of portals, however long the name of one', async () => {
    const portals = [1, 2].map((id) => ({ id, name: 'Long '.repeat(20 * id), lenient: true }));
    const base = await pagesOf({ recentRecords: () => [] }, { portals: () => portals });
    const { page } = await visit('/', { viewport: { width: 320, height: 640 } }, base);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    const choice = await page.getByLabel('Portal').boundingBox();
    expect((choice?.x ?? 0) + (choice?.width ?? 0)).toBeLessThanOrEqual(320);
  });

  test('there a table scrolls within itself and keeps its words whole, but for one of 500 letters', async () => {
    const template = await newTemplate({
      name: 'Order',
      detailTemplate:
        '| Article | Quantity | Warehouse | Remarks |\n|---|---|---|---|\n| {{v}} | 2 | Rotterdam | Neighbour |',
      tokens: [{ name: 'v', label: 'V', type: 'string' }],
    });
    const order = { eventTemplateId: template, email: 'table@x.test', tokens: { v: 'W'.repeat(500) } };
    const { page } = await visit(await sent(order), { viewport: { width: 320, height: 640 } });
    const cells = page.locator('.rendered :is(th, td)');
    const lines = await cells.evaluateAll((all) =>
      all.map((cell) => {
        const text = document.createRange();
        text.selectNodeContents(cell);
        return text.getClientRects().length;
      }),
    );
    expect(lines).toEqual([1, 1, 1, 1, expect.any(Number), 1, 1, 1]);
    expect((await cells.nth(4).boundingBox())?.width).toBeLessThan(320);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    await page.locator('.rendered table').press('ArrowRight');
    await page.waitForFunction(() => (document.querySelector('.rendered table')?.scrollLeft ?? 0) > 0);
    expect(await axe(page)).toEqual([]);
  });

  test('text of a script from right to left is read so, wherever it stands', async () => {
    const v = 'مرحبا (1)!';
    const tokens = [{ name: 'v', label: v, type: 'string' }];
    const rendered = await newTemplate({
      name: v,
      headerTemplate: '{{v}}',
      detailTemplate: '- {{v}}',
      tokens,
    });
    const bare = await newTemplate({ name: v, tokens });
    const objectId = await create('contacts', { firstname: v });
    await send({ eventTemplateId: rendered, objectId, tokens: { v } });
    const timelineIFrame = { linkLabel: v, headerLabel: v, url: foreignUrl, width: 400, height: 300 };
    const path = await sent({ eventTemplateId: bare, objectId, tokens: { v }, timelineIFrame });
    const { page } = await visit(path);
    const ends = await page.getByText(v, { exact: true }).evaluateAll((all) =>
      all
        .filter((each) => each.checkVisibility())
        .map((each) => {
          const left = (at: number) => {
            const letter = document.createRange();
            letter.setStart(each.firstChild as Node, at);
            letter.setEnd(each.firstChild as Node, at + 1);
            return letter.getBoundingClientRect().left;
          };
          return left((each.textContent ?? '').length - 1) < left(0) ? 'left' : `right of <${each.tagName}>`;
        }),
    );
    expect(ends).toEqual(Array(9).fill('left'));
  });

  test('each "Details" says whose they are, and a search its words in the title', async () => {
    const { page } = await visit(await petWithWindow());
    const details = page.locator('summary').first();
    const id = await details.getAttribute('aria-describedby');
    expect(await page.locator(`#${id}`).textContent()).toBe('Registered Rex');
    await page.goto(`${server.baseUrl}/?type=companies&query=petspot`);
    expect(await page.title()).toBe('petspot · Companies · Throughline');
  });

  test('on paper stands what is read, dark on light, without what is clicked, and no event is broken in two', async () => {
    const { page } = await visit(await petWithWindow(), { colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print' });
    expect(await page.evaluate(() => getComputedStyle(document.body).color)).toBe('rgb(29, 32, 34)');
    expect(await page.getByText('Registered Rex').isVisible()).toBe(true);
    expect(await page.getByRole('button').count()).toBe(0);
    for (const name of ['API reference', 'Open in a new tab'])
      expect(await page.getByRole('link', { name }).count()).toBe(0);
    const event = page.locator('.event').first();
    expect(await event.evaluate((each) => getComputedStyle(each).breakInside)).toBe('avoid');
    await page.goto(server.baseUrl);
    expect(await page.getByRole('searchbox').count()).toBe(0);
    await page.goto(`${server.baseUrl}${(await petspot()).company}`);
    expect(await page.getByText('Show the events of its contacts too').isVisible()).toBe(false);
  });

  test('nor is a wide table cut off there', async () => {
    const row = (cell: (n: number) => string) => Array.from({ length: 12 }, (_, n) => cell(n)).join('|');
    const detailTemplate = `${row((n) => `Column${n}`)}\n${row(() => '-')}\n${row((n) => `Figure${n}`)}`;
    const wide = { name: 'Wide', objectType: 'contacts', detailTemplate };
    const path = await sent({ eventTemplateId: await newTemplate(wide), email: 'wide@x.test', tokens: {} });
    const { page } = await visit(path, { viewport: { width: 720, height: 900 } });
    await page.emulateMedia({ media: 'print' });
    const last = await page.getByText('Figure11').boundingBox();
    const event = await page.locator('.event').boundingBox();
    const end = (box: typeof last) => (box ? box.x + box.width : Number.NaN);
    expect(end(last)).toBeLessThanOrEqual(end(event));
  });

  test('with forced colors too, of the kinds of records the one that is shown alone is underlined', async () => {
    const { page } = await visit('/?type=deals', { forcedColors: 'active' });
    const underlined = await page
      .locator('.kinds a')
      .evaluateAll((links) =>
        links
          .filter((link) => getComputedStyle(link).borderBlockEndStyle !== 'none')
          .map(({ textContent }) => textContent),
      );
    expect(underlined).toEqual(['Deals']);
  });

  test('the first Tab offers to skip to the content', async () => {
    const { page } = await visit('/');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.closest('main') !== null)).toBe(true);
  });
});

/** Lists and searches, with records that have all that records can have. */
const LISTS = [
  '/?type=contacts',
  '/?type=companies&query=petspot',
  '/?type=tickets&query=none',
  '/?type=deals',
  `/?type=companies&query=${'W'.repeat(200)}`,
];

let rich: Promise<string> | undefined;

/** A contact whose events have all that events can have, and long words in all of it. */
function everything(): Promise<string> {
  rich ??= sendEverything();
  return rich;
}

async function sendEverything(): Promise<string> {
  const long = 'W'.repeat(500);
  const tokens = [{ name: 'v', label: long, type: 'string' }];
  const full = await newTemplate({
    name: long,
    headerTemplate: '# {{v}}\n\nand more',
    detailTemplate: [
      '### Third\n# First\n###### Sixth\n## Second',
      '| a | b | c |\n|---|---|---|\n| {{v}} | 1 | 2 |',
      '> {{v}}\n\n```\n{{v}}\n```\n\n`{{v}}`\n\n- {{v}}\n\n1. [{{v}}](https://x.test/)\n\n---',
    ].join('\n\n'),
    tokens,
  });
  const bare = await newTemplate({ name: 'Bare', tokens });
  const email = `${'e'.repeat(64)}@${'d'.repeat(180)}.test`;
  await send({ eventTemplateId: full, id: 'i'.repeat(500), email, tokens: { v: long } });
  const plain = await newTemplate({
    name: 'Plain',
    headerTemplate: 'A line\n\n[{{v}}](https://x.test/)',
    detailTemplate: '# {{v}}\n\n## First',
    tokens,
  });
  await send({ eventTemplateId: plain, id: 'plain', email, tokens: { v: long } });
  await send({ eventTemplateId: plain, id: 'wordless', email, tokens: {} });
  const wordless = await newTemplate({ name: 'Wordless', headerTemplate: '**{{v}}**', tokens });
  await send({ eventTemplateId: wordless, id: 'rule', email, tokens: {} });
  await send({ eventTemplateId: wordless, id: 'blank', email, tokens: { v: ' ' } });
  await send({
    eventTemplateId: bare,
    id: 'bare',
    email,
    tokens: { v: long },
    timelineIFrame: { linkLabel: 'View Rex', headerLabel: 'Rex', url: foreignUrl, width: 400, height: 300 },
  });
  await send({
    eventTemplateId: bare,
    id: 'long',
    email,
    tokens: {},
    timelineIFrame: { linkLabel: long, headerLabel: long, url: `${foreignUrl}?2`, width: 900, height: 300 },
  });
  return sent({
    eventTemplateId: demo.templateId,
    id: 'demo',
    email,
    tokens: { petName: long, petAge: 1, petColor: 'white' },
  });
}

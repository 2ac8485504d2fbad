// What a person sees in a browser, against the real server: every link and button of the pages, in both languages.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import fastify from 'fastify';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { DEMO_CREDENTIALS, demo } from '../../dist/demo.js';
import type { CrmRecord } from '../../dist/records/record.js';
import { Schemas } from '../../dist/records/schemas.js';
import { Refusal } from '../../dist/refusal.js';
import { type Server, startServer } from '../../dist/server.js';
import { type PageOptions, pages } from '../../dist/ui/pages.js';
import { languageOf } from '../../dist/ui/words.js';
import type { Json } from '../harness.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), 'throughline-browser-'));
let browser: Browser;
let server: Server;
/** Stands for what integrators show in an event's window. */
let foreign: HttpServer;
let foreignUrl: string;
const closeAfterTest: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  foreign = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>Pet</title><p>A good dog</p>');
  });
  await new Promise<void>((done) => foreign.listen(0, '127.0.0.1', done));
  foreignUrl = `http://127.0.0.1:${(foreign.address() as AddressInfo).port}/pets/1`;
  server = await start(folder);
  browser = await chromium.launch({
    executablePath: process.env.CHROME_PATH ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
});

afterEach(async () => {
  for (const close of closeAfterTest.splice(0).reverse()) await close();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  foreign?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the list of records', () => {
  test('links to the contacts of the demo, by e-mail and id', async () => {
    const { page } = await visit('/');
    const links = page.locator('main a[href*="/contacts/"]');
    const texts = await links.allTextContents();
    const hrefs = await links.evaluateAll((all) => all.map((each) => each.getAttribute('href') ?? ''));
    expect(texts).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^ada@example\.com Contact \d+$/),
        expect.stringMatching(/^grace@example\.com Contact \d+$/),
      ]),
    );
    for (const [index, href] of hrefs.entries())
      expect(texts[index]).toMatch(new RegExp(`^.* ${/^\/records\/contacts\/([1-9]\d*)$/.exec(href)?.[1]}$`));
  });

  test('names a record without an e-mail by type and id', async () => {
    const template = await newTemplate({ name: 'Deal moved', objectType: 'deals', headerTemplate: 'Moved' });
    await send({ eventTemplateId: template, objectId: '4711', tokens: {} });
    const { page } = await visit('/');
    await page.getByRole('link', { name: 'Deal 4711' }).click();
    expect(await page.locator('h1').textContent()).toBe('Deal 4711');
    expect(await page.locator('.title').allTextContents()).toEqual(['Moved']);
  });

  test('says how to send an event while there is none', async () => {
    const { page, problems } = await visit('/', {}, await pagesOf({ recentRecords: () => [] }));
    const text = await page.locator('main').textContent();
    expect(text).toContain('Nothing has happened yet');
    expect(text).toMatch(/curl -X POST http:\/\/127\.0\.0\.1:\d+\/integrators\/timeline\/v3\/events/);
    expect(await axe(page)).toEqual([]);
    expect(problems).toEqual([]);
  });
});

describe("a record's timeline", () => {
  test('shows its events rendered, newest first', async () => {
    const { page, problems } = await visit('/');
    await page.getByRole('link', { name: /ada@example\.com/ }).click();
    expect(await page.locator('h1').textContent()).toBe('ada@example.com');
    expect(await page.locator('.title').allTextContents()).toEqual([
      'Registered Biscuit',
      'Registered Marmalade',
      'Registered Domino',
    ]);
    const moments = await page
      .locator('.event > time')
      .evaluateAll((all) => all.map((each) => each.getAttribute('datetime') ?? ''));
    expect(moments).toEqual([...moments].sort().reverse());
    expect(await page.locator('.rendered').first().textContent()).toContain('Favourite toy?: The red ball');
    expect(await page.getByRole('link', { name: 'Biscuit', exact: true }).getAttribute('href')).toBe(
      'https://my.petspot.com/pets/Biscuit',
    );
    expect(problems).toEqual([]);
  });

  test('has an event as soon as it is sent, and its contact comes first on the list', async () => {
    const { objectId } = await send({
      eventTemplateId: demo.templateId,
      email: 'art3mis-pup@petspot.com',
      tokens: { petName: 'Art3mis', petAge: 3, petColor: 'black' },
      extraData: { questions: [{ question: "Who's a good girl?", answer: 'Bark!' }] },
    });
    const { page } = await visit('/');
    const first = page.locator('main a').first();
    expect(await first.textContent()).toBe(`art3mis-pup@petspot.com Contact ${objectId}`);
    await first.click();
    expect(await page.locator('.title').allTextContents()).toEqual(['Registered Art3mis']);
    expect(await page.locator('.rendered').textContent()).toContain("Who's a good girl?: Bark!");
  });

  test('lists the tokens by their labels where the template renders nothing', async () => {
    const template = await newTemplate({
      name: 'Order placed',
      tokens: [
        { name: 'no', label: 'Order number', type: 'string' },
        { name: 'state', label: 'Status', type: 'enumeration', options: [{ value: 'p', label: 'Paid' }] },
      ],
    });
    const path = await sent({
      eventTemplateId: template,
      email: 'o@x.test',
      tokens: { no: 'A-1', state: 'p' },
    });
    const { page } = await visit(path);
    expect(await page.locator('.title').textContent()).toBe('Order placed');
    expect(await page.locator('.tokens').textContent()).toMatch(/^Order number\s*A-1\s*Status\s*Paid$/);
  });

  test('takes every one of 120 events, each once, over its pages, and leads back to the newest', async () => {
    const inputs = Array.from({ length: 120 }, (_, index) => ({
      eventTemplateId: demo.templateId,
      id: `many-${index}`,
      email: 'many@x.test',
      // Several at the same moment: the order within it must hold across pages too.
      timestamp: Date.UTC(2026, 0, 1) - Math.floor(index / 7) * 60_000,
      tokens: { petName: `Pet ${index}` },
    }));
    const [{ objectId }] = (await post('events/batch/create', { inputs })).results;
    const { page } = await visit(`/records/contacts/${objectId}`);
    const seen: string[] = [];
    const sizes: number[] = [];
    for (;;) {
      const titles = await page.locator('.title').allTextContents();
      seen.push(...titles);
      sizes.push(titles.length);
      const older = page.getByRole('link', { name: 'Older events' });
      if ((await older.count()) === 0) break;
      await older.click();
    }
    expect(sizes).toEqual([50, 50, 20]);
    expect(new Set(seen).size).toBe(120);
    await page.getByRole('link', { name: 'Newest events' }).click();
    expect(await page.locator('.title').allTextContents()).toEqual(seen.slice(0, 50));
  });

  test('groups events by the day that it is in the time zone of the portal', async () => {
    const at = (timestamp: string) => ({
      templateId: 1,
      id: timestamp,
      timestamp: Date.parse(timestamp),
      receivedAt: 0,
      identifiedBy: 'email' as const,
      body,
    });
    const body = JSON.stringify({ tokens: {} });
    const events = [at('2026-03-01T23:30:00Z'), at('2026-03-01T22:30:00Z')];
    const { page } = await visit(
      RECORD,
      { locale: 'en-GB' },
      await pagesOf(
        { timeline: () => ({ events }) },
        { portals: () => [{ id: 1, name: 'P', lenient: true, timeZone: 'Europe/Berlin' }] },
      ),
    );
    expect(await page.locator('.day').allTextContents()).toEqual([
      'Monday, 2 March 2026',
      'Sunday, 1 March 2026',
    ]);
    expect(await page.locator('.event > time').allTextContents()).toEqual(['00:30', '23:30']);
  });
});

describe('the lists', () => {
  test('are of one type each, in pages, every record once', async () => {
    const deals: string[] = [];
    for (let n = 0; n < 53; n++) deals.push(await create('deals', { dealname: `Listed ${n}` }));
    const { page, problems } = await visit('/');
    await page.getByRole('link', { name: 'Deals' }).click();
    expect(await page.locator('h1').textContent()).toBe('Deals');
    expect(await page.locator('.kinds [aria-current=page]').textContent()).toBe('Deals');
    const seen: string[] = [];
    for (;;) {
      seen.push(...(await page.locator('.records .name').allTextContents()));
      const next = page.getByRole('link', { name: 'Next page' });
      if ((await next.count()) === 0) break;
      await next.click();
    }
    const listed = seen.filter((name) => name.startsWith('Listed'));
    expect(listed).toEqual(deals.map((_, n) => `Listed ${n}`));
    await page.getByRole('link', { name: 'First page' }).click();
    expect(await page.locator('.records .name').allTextContents()).toEqual(seen.slice(0, 50));
    expect(problems).toEqual([]);
  });

  test('are searched by the words of names, without a script, and the words stay in the field', async () => {
    for (let n = 0; n < 52; n++) await create('companies', { name: `Quokka "<b>${n}</b>" & sons` });
    await create('companies', { name: 'Wombat' });
    const { page, problems } = await visit('/?type=companies', { javaScriptEnabled: false });
    const field = page.getByRole('searchbox', { name: 'Search companies' });
    await field.fill('sons quok');
    await page.getByRole('button', { name: 'Search' }).click();
    expect(await page.locator('.lead').textContent()).toBe('52 found');
    expect(await field.inputValue()).toBe('sons quok');
    const names = page.locator('.records .name');
    expect(await names.count()).toBe(50);
    expect(await names.first().textContent()).toBe('Quokka "<b>0</b>" & sons');
    await page.getByRole('link', { name: 'Next page' }).click();
    expect(await names.count()).toBe(2);
    await field.fill('platypus');
    await field.press('Enter');
    expect(await page.locator('main').textContent()).toContain('Nothing was found.');
    expect(problems).toEqual([]);
  });

  test('that stand on "recently active" are searched among contacts, by e-mail too', async () => {
    const { page } = await visit('/', { locale: 'de-DE' });
    await page.getByRole('searchbox', { name: 'Kontakte durchsuchen' }).fill('ada');
    await page.getByRole('button', { name: 'Suchen' }).click();
    await page.getByRole('link', { name: /ada@example\.com Kontakt/ }).click();
    expect(await page.locator('h1').textContent()).toBe('ada@example.com');
  });

  test('have the portal’s custom objects too, by the names that it gave them', async () => {
    const schema = await ours('POST', '/crm/v3/schemas', {
      name: 'spaceship',
      labels: { singular: 'Space "ship"', plural: 'Space <ships>' },
      primaryDisplayProperty: 'call_sign',
      properties: [{ name: 'call_sign', label: 'Call sign', type: 'string', fieldType: 'text' }],
      associatedObjects: ['CONTACT'],
    });
    const serenity = await create(schema.id, { call_sign: 'Serenity', hull: 'Firefly' });
    const nameless = await create(schema.id, { hull: 'Shuttle' });
    const contact = await create('contacts', { email: 'mal@example.com' });
    await ours('PUT', `/crm/v4/objects/spaceship/${serenity}/associations/default/contacts/${contact}`);
    const template = await newTemplate({
      name: 'Landed',
      objectType: 'spaceship',
      headerTemplate: 'Landed on {{where}}',
      tokens: [{ name: 'where', label: 'Where', type: 'string', objectPropertyName: 'last_seen' }],
    });
    await send({ eventTemplateId: template, objectId: serenity, tokens: { where: 'Persephone' } });

    const { page, problems } = await visit('/', { javaScriptEnabled: false });
    await page.getByRole('link', { name: 'Space <ships>' }).click();
    expect(await page.locator('h1').textContent()).toBe('Space <ships>');
    expect(await page.locator('.records a').allTextContents()).toEqual([
      `Serenity Space "ship" ${serenity}`,
      ` Space "ship" ${nameless}`,
    ]);
    const field = page.getByRole('searchbox', { name: 'Search space <ships>' });
    await field.fill('firefly');
    await field.press('Enter');
    expect(await page.locator('main').textContent()).toContain('Nothing was found.');
    await field.fill('seren');
    await field.press('Enter');
    await page.getByRole('link', { name: /^Serenity/ }).click();
    expect(await page.locator('h1').textContent()).toBe('Serenity');
    expect(await page.locator('.title').allTextContents()).toEqual(['Landed on Persephone']);
    expect(await page.locator('.properties dt').allTextContents()).toEqual([
      'call_sign',
      'hull',
      'last_seen',
    ]);
    await page.getByRole('link', { name: 'mal@example.com' }).click();
    expect(await page.locator('.associated h3').allTextContents()).toEqual(['Space <ships>']);
    await page.getByRole('link', { name: 'Serenity' }).click();
    expect(page.url()).toBe(`${server.baseUrl}/records/${schema.id}/${serenity}`);
    expect((await fetch(`${server.baseUrl}/records/spaceship/${serenity}`)).status).toBe(200);
    expect(problems).toEqual([]);
  });

  test('say it when nothing is there, and when a search is too broad', async () => {
    const tooBroad = () => Promise.reject(new Refusal('invalid', 'too many'));
    const base = await pagesOf({ records: () => [], search: tooBroad });
    const text = async (path: string) => (await fetch(`${base}${path}`)).text();
    expect(await text('/?type=tickets')).toContain('There are none yet.');
    expect(await text('/?type=tickets&query=a')).toContain('too many records');
  });

  test.each([
    ['/?type=planets', 404],
    ['/?type=deals&after=x', 400],
    ['/?type=deals&query=a&after=-1', 400],
    ['/?type=deals&query=a&after=10000', 400],
    [`/?type=deals&query=${'a'.repeat(201)}`, 400],
    ['/?type=deals&query=a&query=b', 200],
  ])('%s is answered with %i', async (path, status) => {
    const answer = await fetch(`${server.baseUrl}${path}`);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  });
});

describe('a record', () => {
  test('shows its properties, the usual ones first, and leads to what belongs to it and back', async () => {
    const { company } = await petspot();
    const { page, problems } = await visit(company);
    expect(await page.locator('h1').textContent()).toBe('Petspot');
    const terms = await page.locator('.properties dt').allTextContents();
    expect(terms).toEqual(['Name', 'Domain', 'Phone', 'a_first', 'founded']);
    expect(await page.locator('.properties dd').first().textContent()).toBe('Petspot');
    expect(await page.locator('.properties time').getAttribute('datetime')).toBe('2001-02-03T04:05:06.000Z');
    expect(await page.locator('.associated h3').allTextContents()).toEqual(['Contacts', 'Deals']);
    expect(await page.locator('.associated li').allTextContents()).toEqual([
      'ada@petspot.example',
      'Grace Hopper',
      'Bowls',
    ]);
    await page.getByRole('link', { name: 'Grace Hopper' }).click();
    expect(await page.locator('h1').textContent()).toBe('Grace Hopper');
    await page.locator('.associated').getByRole('link', { name: 'Petspot' }).click();
    expect(await page.locator('h1').textContent()).toBe('Petspot');
    expect(problems).toEqual([]);
  });

  test('that is a company shows the events of its contacts where asked, each with whose it is', async () => {
    const { company } = await petspot();
    const { page, problems } = await visit(company);
    expect(await page.locator('.title').allTextContents()).toEqual(['Opened']);
    await page.getByRole('link', { name: 'Show the events of its contacts too' }).click();
    expect(await page.locator('.event').count()).toBe(50);
    await page.getByRole('link', { name: 'Older events' }).click();
    expect(await page.locator('.title').allTextContents()).toEqual(['Registered Rex', 'Opened']);
    expect(await page.locator('.whose').allTextContents()).toEqual(['ada@petspot.example']);
    await page.getByRole('link', { name: 'Newest events' }).click();
    expect(await page.locator('.event').count()).toBe(50);
    await page.getByRole('link', { name: 'Show its own events alone' }).click();
    expect(await page.locator('.title').allTextContents()).toEqual(['Opened']);
    expect(problems).toEqual([]);
  });

  test('of another type takes no contacts in', async () => {
    const contact = await sent({
      eventTemplateId: demo.templateId,
      email: 'alone@x.test',
      tokens: { petName: 'Rex' },
    });
    expect((await fetch(`${server.baseUrl}${contact}?include=contacts`)).status).toBe(400);
  });
});

describe("an event's window", () => {
  test('opens by its button from the keyboard, shows the address, and closes with Escape', async () => {
    const { page, requested, problems } = await visit(await petWithWindow());
    expect(requested.filter((url) => url.startsWith(foreignUrl))).toEqual([]);
    const button = page.getByRole('button', { name: 'View Rex' });
    const dialog = page.getByRole('dialog', { name: 'Rex the dog' });
    expect(await dialog.isVisible()).toBe(false);

    await button.focus();
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'visible' });
    await shownFrame(page).getByText('A good dog').waitFor();
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Close');
    const frame = page.locator('iframe');
    expect(await frame.boundingBox()).toMatchObject({ width: 600, height: 400 });

    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('View Rex');
    await button.click();
    await page.getByRole('button', { name: 'Close' }).click();
    await dialog.waitFor({ state: 'hidden' });
    expect(problems).toEqual([]);
  });

  test('fits a phone, whatever size it asks for', async () => {
    const path = await petWithWindow({ width: 10_000, height: 10_000, headerLabel: 'R'.repeat(300) });
    const { page } = await visit(path, { viewport: { width: 320, height: 560 } });
    await page.getByRole('button', { name: 'View Rex' }).click();
    await shownFrame(page).getByText('A good dog').waitFor();
    for (const part of ['.window', '.window iframe', '.bar .button']) {
      const box = await page.locator(part).boundingBox();
      if (!box) throw new Error(`${part} is not shown`);
      expect(box.x).toBeGreaterThanOrEqual(0);
      expect(box.y).toBeGreaterThanOrEqual(0);
      expect(box.x + box.width).toBeLessThanOrEqual(320);
      expect(box.y + box.height).toBeLessThanOrEqual(560);
    }
  });

  test('can be had as a tab that knows nothing of us', async () => {
    const { page, context } = await visit(await petWithWindow());
    const link = page.getByRole('link', { name: 'Open in a new tab' });
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer');
    const [tab] = await Promise.all([context.waitForEvent('page'), link.click()]);
    await tab.getByText('A good dog').waitFor();
    expect(await tab.evaluate(() => [window.opener, document.referrer])).toEqual([null, '']);
  });
});

describe('for everybody', () => {
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

  test('the first Tab offers to skip to the content', async () => {
    const { page } = await visit('/');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.closest('main') !== null)).toBe(true);
  });
});

describe('safety', () => {
  const HOSTILE = [
    '<script>globalThis.hit = 1</script>',
    '<img src=x onerror="globalThis.hit = 1">',
    '"><svg onload=globalThis.hit=1>',
    '[x](javascript:globalThis.hit=1)',
    '</title></style></textarea><script>globalThis.hit = 1</script>',
  ];

  test('what events and templates hold is text, wherever it stands', async () => {
    const bad = HOSTILE.join(' ');
    const rendering = await newTemplate({
      name: bad,
      headerTemplate: `{{v}} ${bad}`,
      detailTemplate: `{{v}}\n\n${HOSTILE.join('\n\n')}\n\n[go]({{v}})\n\n{{extraData.a}}`,
      tokens: [{ name: 'v', label: bad, type: 'string' }],
    });
    const bare = await newTemplate({ name: bad, tokens: [{ name: 'v', label: bad, type: 'string' }] });
    const event = {
      id: bad,
      email: `${'<script>hit=1</script>'}@x.test`,
      tokens: { v: bad },
      extraData: { a: bad },
      timelineIFrame: {
        linkLabel: bad,
        headerLabel: bad,
        url: `${foreignUrl}?"><script>`,
        width: 300,
        height: 200,
      },
    };
    await send({ ...event, eventTemplateId: bare });
    const path = await sent({ ...event, eventTemplateId: rendering });
    const { page, problems } = await visit('/');
    await page.goto(`${server.baseUrl}${path}`);
    for (const button of await page.locator('.opens > button').all()) {
      await button.click();
      await page.keyboard.press('Escape');
    }
    for (const link of await page.locator('main a').all())
      expect(await link.getAttribute('href')).toMatch(/^(https?:|\/)/);
    expect(await page.locator('script, svg, img, style, [onerror], [onload], [style]').count()).toBe(0);
    expect(await page.evaluate(() => 'hit' in globalThis)).toBe(false);
    expect(await page.locator('.tokens').textContent()).toContain(HOSTILE[0]);
    expect(problems).toEqual([]);
  });

  test.each(['javascript:alert(1)', 'data:text/html,x', ' javascript:alert(1)', '//x.test', ''])(
    'a stored window at %j is not offered',
    async (url) => {
      const timelineIFrame = { linkLabel: 'Open', headerLabel: 'H', url, width: 300, height: 200 };
      const body = JSON.stringify({ tokens: {}, timelineIFrame });
      const base = await pagesOf({
        timeline: () => ({
          events: [{ templateId: 1, id: 'e', timestamp: 0, receivedAt: 0, identifiedBy: 'email', body }],
        }),
      });
      const html = await (await fetch(`${base}${RECORD}`)).text();
      expect(html).toContain('class="event"');
      expect(html).not.toMatch(/<iframe|<button|target=/);
    },
  );

  test('every page has the strict policy, and asks nobody else for anything', async () => {
    const { page, requested } = await visit('/');
    await page.getByRole('link', { name: /ada@example\.com/ }).click();
    expect(requested.filter((url) => !url.startsWith(server.baseUrl))).toEqual([]);
    for (const [path, status] of [
      ['/', 200],
      ['/records/contacts/999999', 404],
      ['/records/contacts/1?after=x', 404],
    ] as const) {
      const answer = await fetch(`${server.baseUrl}${path}`);
      expect(answer.status).toBe(status);
      expect(answer.headers.get('content-security-policy')).toBe(
        "default-src 'none'; style-src 'self'; img-src 'self'; frame-src http: https:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      );
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cache-control': 'no-store',
        vary: 'Accept-Language',
      });
    }
  });

  test('the pages are not part of the API document', async () => {
    const { paths } = (await (await fetch(`${server.baseUrl}/openapi.json`)).json()) as { paths: object };
    expect(
      Object.keys(paths).filter(
        (path) =>
          !/^\/(integrators|crm|crm-object-schemas|timeline|oauth|submissions|\.well-known)\//.test(path),
      ),
    ).toEqual([]);
  });

  test('a page of very large events ends early and goes on after the last one shown', async () => {
    const template = await newTemplate({
      name: 'Large',
      headerTemplate: '{{n}}',
      detailTemplate: '{{v}}{{v}}',
      tokens: [
        { name: 'n', label: 'N', type: 'number' },
        { name: 'v', label: 'V', type: 'string' },
      ],
    });
    let path = '';
    for (let n = 0; n < 7; n++)
      path = await sent({
        eventTemplateId: template,
        email: 'large@x.test',
        timestamp: n,
        tokens: { n, v: 'v'.repeat(500_000) },
      });
    const seen: string[] = [];
    let pagesRead = 0;
    for (let next: string | undefined = path; next; pagesRead++) {
      const html: string = await (await fetch(`${server.baseUrl}${next}`)).text();
      seen.push(...[...html.matchAll(/class="title">(\d)</g)].map(([, n]) => n ?? ''));
      next = /href="([^"]+\?after=[^"]+)"/.exec(html)?.[1];
    }
    expect(seen).toEqual(['6', '5', '4', '3', '2', '1', '0']);
    expect(pagesRead).toBeGreaterThan(1);
  });
});

describe('when there is nothing to show', () => {
  test('an unknown record is a 404 page in the language of the person, with a way on', async () => {
    const { page, response } = await visit('/records/contacts/999999', { locale: 'de-DE' });
    expect(response?.status()).toBe(404);
    expect(response?.headers()['content-type']).toBe('text/html; charset=utf-8');
    expect(await page.locator('h1').textContent()).toBe('Hier ist nichts');
    await page.getByRole('link', { name: 'Alle Datensätze' }).click();
    expect(await page.locator('h1').textContent()).toBe('Datensätze');
  });

  test.each(['/records/contacts/x', '/records/planets/1', '/records/contacts/', '/records/contacts/1/2'])(
    'so is %s',
    async (path) => {
      const answer = await fetch(`${server.baseUrl}${path}`);
      expect(answer.status).toBe(404);
      expect(await answer.text()).toContain('There is nothing here');
    },
  );

  test.each(['?after=x', '?after=', '?after=MS4x&after=MS4x'])('%s is a 400 page', async (query) => {
    const { page } = await visit('/');
    const href = await page.locator('main a').first().getAttribute('href');
    const answer = await fetch(`${server.baseUrl}${href}${query}`);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await answer.text()).toContain('This address cannot be read');
  });

  test('without a portal there is a 404 page', async () => {
    const base = await pagesOf({}, { portals: () => [] });
    for (const path of ['/', RECORD]) {
      const answer = await fetch(`${base}${path}`);
      expect(answer.status).toBe(404);
      expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    }
  });

  test('a fault of ours is a 500 page that tells nothing of it', async () => {
    const base = await pagesOf({
      recentRecords: () => {
        throw new Error('secret');
      },
    });
    const answer = await fetch(`${base}/`);
    expect(answer.status).toBe(500);
    const html = await answer.text();
    expect(html).toContain('Something went wrong here');
    expect(html).not.toContain('secret');
  });
});

describe('with a password', () => {
  test('only who knows it sees the pages; any user name does', async () => {
    const home = mkdtempSync(join(tmpdir(), 'throughline-browser-'));
    const guarded = await start(home, { pagePassword: 'grüße: 1' });
    closeAfterTest.push(async () => {
      await guarded.close();
      rmSync(home, { recursive: true, force: true });
    });
    const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;
    for (const authorization of [
      undefined,
      'Basic',
      'Basic !!!',
      basic('grüße: 1'),
      basic('anna:wrong'),
      basic('anna:'),
      `Bearer ${DEMO_CREDENTIALS.token}`,
    ]) {
      const answer = await fetch(`${guarded.baseUrl}/`, { headers: authorization ? { authorization } : {} });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Basic realm="Throughline", charset="UTF-8"');
      expect(await answer.text()).not.toContain('ada@example.com');
    }
    for (const path of ['/records/contacts/28001', '/records/contacts/999999'])
      expect((await fetch(`${guarded.baseUrl}${path}`)).status).toBe(401);

    const httpCredentials = { username: 'whoever', password: 'grüße: 1' };
    const answer = await fetch(`${guarded.baseUrl}/`, { headers: { authorization: basic('eve:grüße: 1') } });
    expect(answer.status).toBe(200);
    const { page } = await visit('/', { httpCredentials }, guarded.baseUrl);
    await page.getByRole('link', { name: /ada@example\.com/ }).click();
    expect(await page.locator('.title').first().textContent()).toBe('Registered Biscuit');
  });
});

describe('the assets', () => {
  test.each([
    ['/assets/style.css', 'text/css; charset=utf-8'],
    ['/assets/icon.svg', 'image/svg+xml'],
  ])('%s is sent once and then known', async (path, type) => {
    const first = await fetch(`${server.baseUrl}${path}`);
    expect(first.headers.get('content-type')).toBe(type);
    const etag = first.headers.get('etag') ?? '';
    const again = await fetch(`${server.baseUrl}${path}`, { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
  });
});

/** Where the records of `pagesOf` are. */
const RECORD = '/records/contacts/1';

function start(at: string, more: { pagePassword?: string } = {}): Promise<Server> {
  return startServer({
    folder: at,
    host: '127.0.0.1',
    port: 0,
    timeZone: 'UTC',
    demo: DEMO_CREDENTIALS,
    loopbackOnly: true,
    ...more,
  });
}

/** The pages alone, over a store that has one contact and what the test says. */
async function pagesOf(
  store: Partial<PageOptions['store']>,
  options: Partial<PageOptions> = {},
): Promise<string> {
  const app = fastify();
  closeAfterTest.push(() => app.close());
  const record: CrmRecord = {
    portalId: 1,
    type: 'contacts',
    id: 1,
    additionalEmails: [],
    utks: [],
    mergedIds: [],
    properties: new Map(),
    createdAt: 0,
    updatedAt: 0,
  };
  pages(app, {
    store: {
      record: () => record,
      associated: () => [],
      timeline: () => ({ events: [] }),
      ...store,
    } as unknown as PageOptions['store'],
    templates: { get: () => undefined } as unknown as PageOptions['templates'],
    schemas: new Schemas(
      { schemas: () => [] } as unknown as ConstructorParameters<typeof Schemas>[0],
      { of: () => expect.fail(), forgetOf: () => {} },
      () => 0,
    ),
    portals: () => [{ id: 1, name: 'P', lenient: true }],
    timeZone: 'UTC',
    ...options,
  });
  return app.listen({ host: '127.0.0.1', port: 0 });
}

/** Lists and searches, with records that have all that records can have. */
const LISTS = [
  '/?type=contacts',
  '/?type=companies&query=petspot',
  '/?type=tickets&query=none',
  '/?type=deals',
  `/?type=companies&query=${'W'.repeat(200)}`,
];

/** A page, with what the browser complained about and asked for since. */
async function visit(path: string, options: BrowserContextOptions = {}, base = server.baseUrl) {
  const context = await browser.newContext({ locale: 'en-US', ...options });
  closeAfterTest.push(() => context.close());
  const problems: string[] = [];
  const requested: string[] = [];
  context.on('console', (message) => problems.push(message.text()));
  context.on('weberror', (error) => problems.push(String(error.error())));
  context.on('request', (request) => requested.push(request.url()));
  const page = await context.newPage();
  const response = await page.goto(`${base}${path}`);
  return { page, context, response, problems, requested };
}

function shownFrame(page: Page) {
  return page.frameLocator('dialog:popover-open iframe');
}

async function axe(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
}

async function post(path: string, body: object): Promise<Json> {
  const answer = await fetch(`${server.baseUrl}/integrators/timeline/v3/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${DEMO_CREDENTIALS.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  expect(answer.status, text).toBe(201);
  return JSON.parse(text);
}

function send(event: object): Promise<{ objectId: string; objectType: string }> {
  return post('events', event);
}

async function ours(method: string, path: string, body?: object): Promise<Json> {
  const answer = await fetch(`${server.baseUrl}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${DEMO_CREDENTIALS.token}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await answer.text();
  expect(answer.ok, text).toBe(true);
  return JSON.parse(text);
}

/** Makes a record by hand; its id. */
async function create(type: string, properties: object, associations: object[] = []): Promise<string> {
  return (await ours('POST', `/crm/v3/objects/${type}`, { properties, associations })).id;
}

let shop: Promise<{ company: string }> | undefined;

/** A company with two contacts and a deal, and events on the company and one of the contacts. */
function petspot(): Promise<{ company: string }> {
  shop ??= (async () => {
    const founded = '2001-02-03T04:05:06.000Z';
    const properties = {
      name: 'Petspot',
      domain: 'petspot.example',
      phone: '030 1',
      a_first: 'x'.repeat(600),
    };
    const id = await create('companies', { founded, ...properties });
    const to = (associationTypeId: number) => ({
      to: { id },
      types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId }],
    });
    await create('contacts', { email: 'ada@petspot.example' });
    await create('contacts', { firstname: 'Grace', lastname: 'Hopper' }, [to(279)]);
    await create('deals', { dealname: 'Bowls', amount: '12' }, [to(341)]);
    const template = await newTemplate({ name: 'O', objectType: 'companies', headerTemplate: 'Opened' });
    await send({ eventTemplateId: template, objectId: id, timestamp: 1, tokens: {} });
    const inputs = Array.from({ length: 51 }, (_, n) => ({
      eventTemplateId: demo.templateId,
      email: 'ada@petspot.example',
      timestamp: 1_000 * (n + 1),
      tokens: { petName: 'Rex', petAge: 5, petColor: 'brown' },
    }));
    await post('events/batch/create', { inputs });
    return { company: `/records/companies/${id}` };
  })();
  return shop;
}

/** Sends an event; the path of the record that it stands on. */
async function sent(event: object): Promise<string> {
  const { objectType, objectId } = await send(event);
  return `/records/${objectType}/${objectId}`;
}

async function newTemplate(template: object): Promise<string> {
  return (await post(`${demo.appId}/event-templates`, { tokens: [], ...template })).id;
}

function petWithWindow(window: object = {}): Promise<string> {
  return sent({
    eventTemplateId: demo.templateId,
    id: 'rex-1',
    email: 'rex@x.test',
    tokens: { petName: 'Rex', petAge: 5, petColor: 'brown' },
    timelineIFrame: {
      linkLabel: 'View Rex',
      headerLabel: 'Rex the dog',
      url: foreignUrl,
      width: 600,
      height: 400,
      ...window,
    },
  });
}

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

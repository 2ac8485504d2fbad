// The lists that a person walks and searches in a browser, against the real server: of records that were active
// last, and of each type.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Portal } from '../../dist/access/store.js';
import { DEMO_CREDENTIALS, demo } from '../../dist/demo.js';
import type { RecordKey } from '../../dist/records/record.js';
import { Refusal } from '../../dist/refusal.js';
import { aRecord, axe, inBrowser, pagesOf, RECORD, server, visit } from './browser.js';
import { create, newTemplate, ours, send } from './records.js';

inBrowser();

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

  test('stands in the order of the times that it shows, however late an event came', async () => {
    const eventTemplateId = await newTemplate({ name: 'Pet seen' });
    const seen = (email: string, timestamp: number) =>
      send({ eventTemplateId, email, timestamp, tokens: {} });
    await seen('now@example.com', Date.now());
    await seen('imported@example.com', Date.UTC(2020, 0));
    const { page } = await visit('/');
    const texts = await page.locator('.records .name').allTextContents();
    expect(texts.indexOf('now@example.com')).toBeLessThan(texts.indexOf('imported@example.com'));
    const times = page.locator('.records time');
    const shown = await times.evaluateAll((all) => all.map((each) => (each as HTMLTimeElement).dateTime));
    expect(shown.length).toBeGreaterThan(2);
    expect(shown).toEqual(shown.toSorted().reverse());
  });

  test('says how to send an event while there is none', async () => {
    const none = { recentRecords: () => [] };
    const { page, problems } = await visit('/', {}, await pagesOf(none));
    const text = await page.locator('main').textContent();
    expect(text).toContain('Nothing has happened yet');
    expect(text).toMatch(/curl -X POST http:\/\/127\.0\.0\.1:\d+\/integrators\/timeline\/v3\/events/);
    expect(text).toContain('throughline token create');
    const told = (await page.locator('pre').textContent()) ?? '';
    const command = told.replace(/http:\/\/[\d.:]+/, server.baseUrl);
    const env = { ...process.env, TOKEN: DEMO_CREDENTIALS.token, TEMPLATE: String(demo.templateId) };
    const { stdout } = await promisify(execFile)('sh', ['-c', command], { env });
    expect(JSON.parse(stdout)).toMatchObject({ email: 'art3mis-pup@petspot.com' });
    const how = page.locator('main').getByRole('link', { name: 'API reference' });
    expect(await how.getAttribute('href')).toBe('/docs#tag/templates');
    expect(await axe(page)).toEqual([]);
    expect(problems).toEqual([]);
  });
});

test('a portal that is not among the likeliest is chosen by its address, and the choice shows it', async () => {
  const [likeliest, other] = [1, 2].map((id) => ({ id, name: `Portal ${id}`, lenient: true }));
  const portals = (id?: string) => (id === '2' ? [other] : [likeliest]) as Portal[];
  const { page } = await visit('/?portal=2', {}, await pagesOf({ recentRecords: () => [] }, { portals }));
  expect(await page.locator('footer').textContent()).toContain('Portal 2 (2)');
  expect(await page.getByLabel('Portal').inputValue()).toBe('2');
});

test('a page keeps to its portal, whichever another tab looks at: of several its address names it', async () => {
  const portals = [1, 2].map((id) => ({ id, name: `Portal ${id}`, lenient: true }));
  const of = (id?: string) => portals.filter((each) => id === undefined || String(each.id) === id);
  const record = (key: RecordKey) => (key.portalId === 2 ? aRecord('contacts') : undefined);
  const older = { timestamp: 5, seq: 7 };
  const store = {
    record,
    recentRecords: () => [],
    timeline: () => ({ events: [], next: older }),
  } as Parameters<typeof pagesOf>[0];
  const { page, context } = await visit(`${RECORD}?portal=2`, {}, await pagesOf(store, { portals: of }));
  const another = await context.newPage();
  await another.goto(new URL('/?portal=1', page.url()).href);
  await page.getByRole('link', { name: 'Older' }).click();
  await page.getByRole('link', { name: 'Newest' }).click();
  await page.getByLabel('Until').fill('2026-11-29');
  await page.locator('.until').getByRole('button', { name: 'Show' }).click();
  expect(await page.locator('h1').textContent()).toBe('Contact 1');
  await page.getByRole('link', { name: 'Records' }).click();
  expect(await page.locator('footer').textContent()).toContain('Portal 2 (2)');
  expect(await page.getByRole('link', { name: 'Deals' }).getAttribute('href')).toBe('/?portal=2&type=deals');
  expect(await page.locator('.search [name=portal]').inputValue()).toBe('2');
  await another.goto(new URL('/?portal=1', page.url()).href);
  await another.goto(new URL('/', page.url()).href);
  expect(await another.locator('footer').textContent()).toContain('Portal 1 (1)');
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
      expect(await page.title()).toBe('Deals · further page · Throughline');
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
    const field = page.getByRole('searchbox', { name: 'Search Space <ships>' });
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

  test('show the first character of a name that can be seen, whole', async () => {
    const initials = { ' zebra': 'Z', '\u200b\tå': 'Å', '👩‍🚀 crew': '👩‍🚀', 'e\u0301t\u00e9': 'E\u0301' };
    for (const subject of Object.keys(initials)) await create('tickets', { subject });
    const { page } = await visit('/?type=tickets');
    const shown = await page.locator('.emblem').evaluateAll((all) => all.map((each) => each.dataset.initial));
    expect(shown).toEqual(Object.values(initials));
  });

  test('say it when nothing is there, and when a search is too broad', async () => {
    const tooBroad = () => Promise.reject(new Refusal('invalid', 'too many'));
    const base = await pagesOf({ records: () => [], search: tooBroad });
    const text = async (path: string) => (await fetch(`${base}${path}`)).text();
    expect(await text('/?type=tickets')).toContain('There are none yet.');
    expect(await text('/?type=tickets&query=a')).toContain('too many records');
  });

  test.each(['/?type=deals&after=9999999999', '/?type=deals&query=deal&after=500'])(
    '%s is past the end: it says so, and leads back',
    async (path) => {
      await create('deals', { dealname: 'A deal' });
      const { page } = await visit(path);
      expect(await page.locator('.lead').textContent()).toBe('The list ends before this page.');
      await page.getByRole('link', { name: 'First page' }).click();
      expect(await page.locator('.records .name').count()).toBeGreaterThan(0);
    },
  );

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

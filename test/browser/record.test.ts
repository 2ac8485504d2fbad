// A record's page in a browser, against the real server: its timeline, its properties, what belongs to it, and the
// windows of its events.
import { describe, expect, test } from 'vitest';
import { demo } from '../../dist/demo.js';
import type { Template } from '../../dist/timeline/template.js';
import type { PageOptions } from '../../dist/ui/pages.js';
import { axe, foreignUrl, inBrowser, pagesOf, RECORD, server, shownFrame, visit } from './browser.js';
import { create, newTemplate, petspot, petWithWindow, post, send, sent } from './records.js';

inBrowser();

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

  test('folds a long header away as it does a long detail, under the name of the template', async () => {
    const tokens = [{ name: 'v', label: 'V', type: 'string' }];
    const template = await newTemplate({
      name: 'Note',
      headerTemplate: '{{v}}',
      detailTemplate: 'End',
      tokens,
    });
    const long = 'note '.repeat(1_000).trim();
    const { page } = await visit(
      await sent({ eventTemplateId: template, email: 'note@x.test', tokens: { v: long } }),
    );
    expect(await page.locator('h4').allTextContents()).toEqual(['Note']);
    const folded = page.locator('.rendered');
    expect(await folded.isVisible()).toBe(false);
    await page.locator('summary').click();
    expect(await folded.isVisible()).toBe(true);
    expect(await folded.locator('p').allTextContents()).toEqual([long, 'End']);
  });

  test('folds many tokens away too, where the template renders nothing', async () => {
    const names = Array.from({ length: 30 }, (_, n) => `token${n}`);
    const tokens = names.map((name) => ({ name, label: name, type: 'string' }));
    const eventTemplateId = await newTemplate({ name: 'Form', tokens });
    const values = Object.fromEntries(names.map((name) => [name, 'word '.repeat(20)]));
    const { page } = await visit(await sent({ eventTemplateId, email: 'form@x.test', tokens: values }));
    expect(await page.locator('.tokens').isVisible()).toBe(false);
    await page.locator('summary').click();
    expect(await page.locator('.tokens').isVisible()).toBe(true);
    expect(await page.locator('.tokens dt').count()).toBe(30);
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
      expect(await page.title()).toBe('many@x.test · Older events · Throughline');
    }
    expect(sizes).toEqual([50, 50, 20]);
    expect(new Set(seen).size).toBe(120);
    await page.getByRole('link', { name: 'Newest events' }).click();
    expect(await page.locator('.title').allTextContents()).toEqual(seen.slice(0, 50));
  });

  test('goes to the end of a day, and from there to older events and back to the newest', async () => {
    const company = await create('companies', { name: 'Walkers' });
    const to = {
      to: { id: company },
      types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 279 }],
    };
    await create('contacts', { email: 'walks@x.test' }, [to]);
    const template = await newTemplate({ name: 'Walk', headerTemplate: 'Walk' });
    const inputs = Array.from({ length: 200 }, (_, hour) => ({
      eventTemplateId: template,
      email: 'walks@x.test',
      timestamp: Date.UTC(2026, 2, 1, hour),
      tokens: {},
    }));
    await post('events/batch/create', { inputs });
    const { page, problems } = await visit(`/records/companies/${company}?include=contacts`);
    const first = () => page.locator('.event > time').first().getAttribute('datetime');
    expect(await first()).toBe('2026-03-09T07:00:00.000Z');
    await page.getByLabel('Until').fill('2026-03-04');
    await page.getByLabel('Until').press('Enter');
    expect(await first()).toBe('2026-03-04T23:00:00.000Z');
    expect(await page.getByLabel('Until').inputValue()).toBe('2026-03-04');
    expect(await axe(page)).toEqual([]);
    expect(await page.title()).toBe('Walkers · Older events · Throughline');
    await page.getByRole('link', { name: 'Older events' }).click();
    expect(await first()).toBe('2026-03-02T21:00:00.000Z');
    await page.getByLabel('Until').fill('1999-12-31');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    expect(await page.locator('.nothing').allTextContents()).toContain('There are no older events.');
    await page.getByRole('link', { name: 'Newest events' }).click();
    expect(await first()).toBe('2026-03-09T07:00:00.000Z');
    expect(problems).toEqual([]);
  });

  test('takes a day as it is in the time zone of the portal, where clocks are set and calendars are changed too', async () => {
    const asked: unknown[] = [];
    const timeline: PageOptions['store']['timeline'] = (_, { to }) => {
      asked.push(to === undefined ? undefined : new Date(to).toISOString());
      return { events: [] };
    };
    let timeZone = '';
    const portals = () => [{ id: 1, name: 'P', lenient: true, timeZone }];
    const base = await pagesOf({ timeline }, { portals });
    const go = (zone: string, until: string) => {
      timeZone = zone;
      return fetch(`${base}${RECORD}?until=${until}`);
    };
    const ends = [
      ['Europe/Berlin', '2026-10-25', '2026-10-25T23:00:00.000Z'],
      ['Europe/Berlin', '2026-03-29', '2026-03-29T22:00:00.000Z'],
      ['America/New_York', '2026-07-04', '2026-07-05T04:00:00.000Z'],
      ['Pacific/Kiritimati', '2026-01-01', '2026-01-01T10:00:00.000Z'],
      // Samoa had none such.
      ['Pacific/Apia', '2011-12-30', '2011-12-30T10:00:00.000Z'],
      ['UTC', '0001-01-01', '0001-01-02T00:00:00.000Z'],
      ['UTC', '2026-02-28', '2026-03-01T00:00:00.000Z'],
    ] as const;
    for (const [zone, day] of ends) await go(zone, day);
    expect(asked).toEqual(ends.map(([, , end]) => end));
    await go('Asia/Tokyo', '');
    expect(asked.at(-1)).toBeUndefined();
    expect((await go('UTC', '9999-12-31')).status).toBe(200);
    for (const none of ['2026-02-30', '2026-3-1', 'x', '2026-03-01T00:00:00Z', '1770000000000'])
      expect((await go('UTC', none)).status, none).toBe(400);
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

  test('shows a moment among its tokens in that zone, and a day as the day that was sent', async () => {
    const token = (name: string) => ({ name, label: name, type: 'date' as const, options: [] });
    const template = { name: 'Born', tokens: [token('at'), token('on')] } as unknown as Template;
    const body = JSON.stringify({ tokens: { at: '2020-01-30T02:00:00Z', on: '2020-01-30' } });
    const identifiedBy = 'email' as const;
    const event = { templateId: 1, id: 'born', timestamp: 0, receivedAt: 0, identifiedBy, body };
    const { page } = await visit(
      RECORD,
      {},
      await pagesOf(
        { timeline: () => ({ events: [event] }) },
        {
          templates: { get: () => template } as unknown as PageOptions['templates'],
          timeZone: 'America/New_York',
        },
      ),
    );
    expect(await page.locator('.tokens dd').allTextContents()).toEqual([
      'Jan 29, 2020, 9:00 PM',
      '2020-01-30',
    ]);
  });
});

describe('a record', () => {
  test('shows the start of a long value, and no half of a character', async () => {
    const { page } = await visit(
      `/records/tickets/${await create('tickets', { subject: 'S', content: `${'x'.repeat(499)}🐶!` })}`,
    );
    expect(await page.locator('.properties dd').last().textContent()).toBe(
      `${'x'.repeat(499)}… and 3 more characters`,
    );
  });

  test('shows the start of a long name, on the list too, and of what an event calls its window', async () => {
    const long = 'Pet '.repeat(250);
    const start = `${long.slice(0, 200)}… and 800 more characters`;
    await create('tickets', { subject: long });
    const { page } = await visit('/?type=tickets');
    await page.getByRole('link', { name: start }).click();
    expect(await page.locator('h1').textContent()).toBe(start);
    await page.goto(`${server.baseUrl}${await petWithWindow({ linkLabel: long, headerLabel: long })}`);
    await page.getByRole('button', { name: start }).click();
    expect(await page.locator('.window h5').textContent()).toBe(start);
  });

  test('shows ten of its visitors and says that there are more: its timeline is not far below', async () => {
    const inputs = Array.from({ length: 11 }, (_, n) => ({
      eventTemplateId: demo.templateId,
      email: 'devices@x.test',
      utk: `device ${n}`,
      tokens: { petName: 'Rex' },
    }));
    const { results } = await post('events/batch/create', { inputs });
    const { page } = await visit(`/records/contacts/${results[0].objectId}`);
    const shown = await page
      .locator('.record dl div', { hasText: 'Visitors' })
      .locator('dd')
      .allTextContents();
    expect(shown).toHaveLength(11);
    expect(shown.at(-1)).toBe('and more');
  });

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
    for (let tabs = 0; tabs < 6; tabs++) {
      await page.keyboard.press('Tab');
      expect(await page.locator(':focus:not(dialog *)').count()).toBe(0);
    }

    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('View Rex');
    await button.click();
    await page.getByRole('button', { name: 'Close' }).click();
    await dialog.waitFor({ state: 'hidden' });
    expect(problems).toEqual([]);
  });

  test('opens in browsers that know no commands too', async () => {
    const { page } = await visit(await petWithWindow());
    await page.locator('button').evaluateAll((all) => {
      for (const each of all) each.removeAttribute('commandfor');
    });
    const dialog = page.getByRole('dialog', { name: 'Rex the dog' });
    await page.getByRole('button', { name: 'View Rex' }).click();
    await dialog.waitFor({ state: 'visible' });
    await dialog.getByRole('button', { name: 'Close' }).click();
    await dialog.waitFor({ state: 'hidden' });
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

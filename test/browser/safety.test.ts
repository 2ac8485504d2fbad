// What the pages keep out and how they refuse, against the real server: hostile text, foreign addresses, unknown
// records, faults of ours, and who does not know the password.
import { describe, expect, test } from 'vitest';
import { DEMO_CREDENTIALS } from '../../dist/demo.js';
import { startDev } from '../harness.js';
import { closeAfterTest, foreignUrl, inBrowser, pagesOf, RECORD, server, visit } from './browser.js';
import { newTemplate, send, sent } from './records.js';

inBrowser();

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
      expect(await link.getAttribute('href')).toMatch(/^(?:https?:|\/|#timeline$)/);
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
      seen.push(...[...html.matchAll(/class="title"[^>]*>(\d)</g)].map(([, n]) => n ?? ''));
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
    expect(await page.locator('footer').textContent()).toBe(''); // no time is on it
    expect(response?.headers()['content-type']).toBe('text/html; charset=utf-8');
    expect(await page.locator('h1').textContent()).toBe('Hier ist nichts');
    expect(await page.locator('main').textContent()).toContain('der Datensatz wurde gelöscht'); // as it may have been
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
    const guarded = await startDev({ pagePassword: 'grüße: 1' });
    closeAfterTest.push(() => guarded.close());
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

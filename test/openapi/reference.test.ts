// The API reference at /docs: a page that shows the operations and tries them, from this server alone, under its CSP.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../browser/launch.js';
import { DEMO_TOKEN, startDev, type TestServer } from '../harness.js';

let server: TestServer;
let browser: Browser;
let page: Page;
const problems: string[] = [];
const requests: string[] = [];

beforeAll(async () => {
  server = await startDev();
  browser = await launchBrowser();
  page = await browser.newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(`${server.baseUrl}/docs`);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

test('it shows what the server can do', async () => {
  for (const name of ['Throughline', 'Create an event'])
    await page.getByRole('heading', { name, exact: true }).waitFor({ state: 'visible' });
  for (const words of ['Get an event', 'Templates', 'Timelines', 'Older clients', 'Models'])
    await page.getByText(words, { exact: true }).first().waitFor({ state: 'visible' });
  expect(await page.title()).toBe('Throughline API');
});

test('it says its language, leads back to the pages, and at 320 pixels nothing stands out to the side', async () => {
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
  const back = page.getByRole('link', { name: 'Records and their timelines' });
  expect(await back.evaluate((link: HTMLAnchorElement) => link.href)).toBe(`${server.baseUrl}/`);
  const narrow = await browser.newPage({ viewport: { width: 320, height: 640 } });
  await narrow.goto(`${server.baseUrl}/docs`);
  await narrow.getByText('crm.objects.contacts.sensitive.write.v2').first().waitFor();
  expect(await narrow.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
  await narrow.close();
});

test('without JavaScript it says where to read instead', async () => {
  const plain = await browser.newPage({ javaScriptEnabled: false });
  await plain.goto(`${server.baseUrl}/docs`);
  expect(await plain.locator('noscript').textContent()).toContain('needs JavaScript');
  await plain.getByRole('link', { name: 'openapi.json' }).click();
  expect(new URL(plain.url()).pathname).toBe('/openapi.json');
  await plain.close();
});

test("with a token pasted it sends the seed's event", async () => {
  await page.getByPlaceholder('Token').fill(DEMO_TOKEN);
  await page.getByRole('heading', { name: 'Create an event' }).click();
  await page
    .getByRole('button', { name: /Test Request/ })
    .first()
    .click();
  const answered = page.waitForResponse((response) => response.url().endsWith('/events'));
  await page.getByRole('button', { name: /Send/ }).first().click();
  const answer = await answered;
  expect(answer.status()).toBe(201);
  expect(await answer.json()).toMatchObject({ email: 'art3mis-pup@petspot.com', tokens: { petAge: '3' } });
});

test('all of it came from this server, and its policy blocked nothing', () => {
  expect(requests).toContain(`${server.baseUrl}/openapi.json`);
  for (const url of requests)
    expect(
      url.startsWith('data:') || url.startsWith('blob:') || new URL(url).origin === server.baseUrl,
      url,
    ).toBe(true);
  expect(problems).toEqual([]);
});

test('its policy lets no script run but its own, and nobody frame it', async () => {
  const answer = await server.call('GET', '/docs/');
  expect(answer.status).toBe(200);
  const policy = Object.fromEntries(
    (answer.headers.get('content-security-policy') ?? '').split('; ').map((part) => {
      const [name, ...sources] = part.split(' ');
      return [name, sources];
    }),
  );
  expect(policy).toMatchObject({
    'default-src': ["'self'"],
    'frame-ancestors': ["'none'"],
    'base-uri': ["'none'"],
  });
  expect(policy['script-src']).toEqual(["'self'", expect.stringMatching(/^'sha256-[\w+/]{43}='$/)]);
});

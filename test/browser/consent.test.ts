// What a person sees when an app asks for access, and when they sign in, in a browser without scripts of ours: with
// the mouse, with the keyboard, in both languages, light and dark, on a narrow screen.
import { rmSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { hashPassword } from '../../dist/access/passwords.js';
import { ALL_SCOPES } from '../../dist/access/scopes.js';
import { DEMO_CREDENTIALS, demo } from '../../dist/demo.js';
import { type Server, startServer } from '../../dist/server.js';
import { openStore } from '../../dist/store/sqlite/engine.js';
import { newFolder } from '../store/folders.js';
import { launchBrowser } from './launch.js';

const folder = newFolder();
const UMLAUTS = 'jörg@bücher.example';
const CALLBACK = '/oauth-callback';
let browser: Browser;
let dev: Server;
let serve: Server;
/** The app: its callback sends people on to another site of its own, as many do. */
let app: HttpServer;
let appUrl: string;
let elsewhere: string;
const contexts: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  app = createServer(({ url = '' }, response) => {
    if (url.startsWith(CALLBACK))
      return void response
        .writeHead(302, { location: `${elsewhere}/done${url.slice(CALLBACK.length)}` })
        .end();
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>App</title><h1>The app</h1>');
  });
  await new Promise<void>((done) => app.listen(0, '127.0.0.1', done));
  const { port } = app.address() as AddressInfo;
  [appUrl, elsewhere] = [`http://127.0.0.1:${port}`, `http://localhost:${port}`];
  const at = { folder, host: '127.0.0.1', port: 0, timeZone: 'UTC' };
  dev = await startServer({ ...at, demo: DEMO_CREDENTIALS, loopbackOnly: true });
  serve = await startServer(at);
  const store = await openStore({ folder, clock: Date.now });
  await store.createPortal({ name: 'Petspot Europe', lenient: false });
  const password = await hashPassword('correct horse battery');
  for (const email of ['ada@example.com', UMLAUTS]) await store.createUser(email, password, Date.now());
  await store.createApp({
    name: 'Pets of the World',
    clientId: 'pets-of-the-world',
    redirectUris: [`${appUrl}${CALLBACK}`],
    scopes: ALL_SCOPES,
  });
  await store.createApp({
    name: 'خيوط',
    clientId: 'right-to-left',
    redirectUris: [`${appUrl}${CALLBACK}`],
    scopes: ALL_SCOPES,
  });
  await store.close();
  browser = await launchBrowser();
});
afterEach(async () => {
  for (const close of contexts.splice(0)) await close();
});
afterAll(async () => {
  await browser?.close();
  await Promise.all([dev?.close(), serve?.close()]);
  app?.close();
  rmSync(folder, { recursive: true, force: true });
});

function asking(more: Record<string, string> = {}): string {
  const query = {
    client_id: demo.clientId,
    redirect_uri: `${appUrl}${CALLBACK}`,
    scope: 'oauth timeline',
    state: 'some state',
    ...more,
  };
  return `/oauth/authorize?${new URLSearchParams(query)}`;
}

async function visit(path: string, options: BrowserContextOptions = {}, { baseUrl } = dev) {
  const context = await browser.newContext({ locale: 'en-US', javaScriptEnabled: false, ...options });
  contexts.push(() => context.close());
  const problems: string[] = [];
  context.on('console', (message) => problems.push(message.text()));
  const page = await context.newPage();
  await page.goto(`${baseUrl}${path}`);
  return { page, problems };
}

/** axe runs as a script. */
async function violations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

async function expectNothingAside(page: Page): Promise<void> {
  const [width, room] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  expect(width).toBeLessThanOrEqual(room as number);
}

describe('the page that asks for consent', () => {
  test('names the app, the portals and each scope in words; Allow sends the code to the app, wherever it goes on to', async () => {
    const optional_scope =
      'crm.objects.deals.sensitive.read.v2 crm.objects.deals.sensitive.read crm.objects.owners.read';
    const { page, problems } = await visit(asking({ optional_scope }));
    expect(await page.locator('h1').textContent()).toBe('Give Petspot access?');
    expect(await page.locator('.scope').allTextContents()).toEqual([
      'know that it has access oauth',
      'read and write events on timelines timeline',
      'read sensitive data of deals crm.objects.deals.sensitive.read.v2',
      'nothing more: this is for a part of HubSpot that is not here crm.objects.deals.sensitive.read',
      'nothing more: this is for a part of HubSpot that is not here crm.objects.owners.read',
    ]);
    expect(await page.getByLabel('Portal').locator('option').allTextContents()).toEqual([
      'Demo (8420)',
      expect.stringMatching(/^Petspot Europe \(\d+\)$/),
    ]);
    await page.getByLabel('Portal').selectOption({ index: 1 });
    const portal = await page.getByLabel('Portal').inputValue();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByText('The app').waitFor();
    const { origin, pathname, searchParams } = new URL(page.url());
    expect([origin, pathname, searchParams.get('state')]).toEqual([elsewhere, '/done', 'some state']);
    const bought = await fetch(`${dev.baseUrl}/oauth/v3/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: demo.clientId,
        client_secret: DEMO_CREDENTIALS.clientSecret,
        redirect_uri: `${appUrl}${CALLBACK}`,
        code: searchParams.get('code') as string,
      }),
    });
    expect(await bought.json()).toMatchObject({ hub_id: Number(portal) });
    expect(problems).toEqual([]);
  });

  test('Cancel, by the keyboard, tells the app so', async () => {
    const { page } = await visit(`/oauth/${demo.portalId}${asking().slice('/oauth'.length)}`);
    expect(await page.getByText('Demo (8420)').count()).toBe(1);
    await page.getByRole('button', { name: 'Allow' }).focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('The app').waitFor();
    expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({
      error: 'access_denied',
      error_description: 'the person declined',
      state: 'some state',
    });
  });

  test('is read from left to right, though the name of the app that it begins with is not', async () => {
    const { page } = await visit(asking({ client_id: 'right-to-left' }), { locale: 'de-DE' });
    const [name, end] = await page.locator('h1').evaluate((heading) => {
      const text = heading.firstChild as Text;
      return [0, text.length - 1].map((at) => {
        const letter = document.createRange();
        letter.setStart(text, at);
        letter.setEnd(text, at + 1);
        return letter.getBoundingClientRect().left;
      });
    });
    expect(name).toBeLessThan(end as number);
  });

  test.each(['en-US', 'de-AT'])('has words of its own for every scope, in %s', async (locale) => {
    const { page } = await visit(asking({ scope: ALL_SCOPES.join(' ') }), { locale });
    const words = (await page.locator('.scope').allTextContents()).map((text) => text.replace(/ \S+$/, ''));
    expect(words).toHaveLength(ALL_SCOPES.length);
    expect(new Set(words).size).toBe(words.length);
    expect(words.filter((text) => /not here|nicht gibt|undefined/.test(text))).toEqual([]);
    const [button, sensitive] =
      locale === 'de-AT'
        ? ['Erlauben', 'vertrauliche Angaben über Kontakte lesen']
        : ['Allow', 'read sensitive data of contacts'];
    expect(words).toContain(sensitive);
    expect(await page.getByRole('button', { name: button }).count()).toBe(1);
    expect(await page.locator('html').getAttribute('lang')).toBe(locale.slice(0, 2));
  });
});

describe('signing in', () => {
  test('stands before everything, leads on to the consent, as somebody else too, and ends where one signs out', async () => {
    const path = asking({ client_id: 'pets-of-the-world' });
    const { page, problems } = await visit(path, {}, serve);
    expect(await page.locator('h1').textContent()).toBe('Sign in');
    await page.getByLabel('E-mail').fill('ada@example.com');
    await page.getByLabel('Password').fill('wrong');
    await page.keyboard.press('Enter');
    expect(await page.getByRole('alert').textContent()).toContain('do not go together');
    expect(await page.getByLabel('E-mail').inputValue()).toBe('ada@example.com');
    expect(await page.getByLabel('Password').inputValue()).toBe('');
    await page.getByLabel('Password').fill('correct horse battery');
    await page.getByRole('button', { name: 'Sign in' }).click();
    expect(await page.locator('h1').textContent()).toBe('Give Pets of the World access?');
    expect(await page.locator('main').textContent()).toContain('ada@example.com');
    await page.getByRole('button', { name: 'Sign in as somebody else' }).click();
    expect(await page.locator('h1').textContent()).toBe('Sign in');
    await page.getByLabel('E-mail').fill('ada@example.com');
    await page.getByLabel('Password').fill('correct horse battery');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByText('The app').waitFor();
    expect(new URL(page.url()).searchParams.get('code')).toMatch(/^\S{40,}$/);

    await page.goto(`${serve.baseUrl}/`);
    await page.getByLabel('Portal').selectOption({ index: 1 });
    await page.getByRole('button', { name: 'Show' }).click();
    expect(await page.locator('footer').textContent()).toContain('Petspot Europe');
    await page.getByRole('button', { name: 'Sign out' }).click();
    expect(new URL(page.url()).pathname).toBe('/sign-in');
    await page.goto(`${serve.baseUrl}/`);
    expect(await page.locator('h1').textContent()).toBe('Sign in');
    expect(problems.filter((text) => !text.includes('401'))).toEqual([]);
  });

  test('takes an e-mail with letters beyond ASCII as it was given', async () => {
    const { page } = await visit('/', {}, serve);
    await page.getByLabel('E-mail').fill(UMLAUTS);
    await page.getByLabel('Password').fill('correct horse battery');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText(UMLAUTS).waitFor();
    expect(await page.getByRole('button', { name: 'Sign out' }).count()).toBe(1);
  });

  test('a form that was opened before one signed out elsewhere says that it is out of date, and what to do', async () => {
    const { page } = await visit('/', {}, serve);
    await page.getByLabel('E-mail').fill('ada@example.com');
    await page.getByLabel('Password').fill('correct horse battery');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.goto(`${serve.baseUrl}${asking({ client_id: 'pets-of-the-world' })}`);
    const other = await page.context().newPage();
    await other.goto(serve.baseUrl);
    await other.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    expect(await page.locator('h1').textContent()).toBe('This form is out of date');
    expect(await page.locator('main').textContent()).toContain('reload the page');
    await page.goBack();
    await page.reload();
    expect(await page.locator('h1').textContent()).toBe('Sign in');
  });
});

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  test('axe finds nothing on any of these pages, and at 320 pixels nothing stands out to the side', async () => {
    for (const viewport of [undefined, { width: 320, height: 640 }]) {
      const options = { colorScheme, javaScriptEnabled: true, ...(viewport ? { viewport } : {}) };
      const { page } = await visit(asking({ scope: ALL_SCOPES.join(' ') }), options);
      const check = async () => {
        expect(await violations(page)).toEqual([]);
        await expectNothingAside(page);
      };
      await check();
      await page.goto(`${dev.baseUrl}${asking({ client_id: 'nobody' })}`);
      await check();
      await page.goto(`${serve.baseUrl}/`);
      await check();
      await page.getByLabel('E-mail').fill('ada@example.com');
      await page.getByLabel('Password').fill('wrong');
      await page.getByRole('button').click();
      await page.getByRole('alert').waitFor();
      await check();
      await page.getByLabel('Password').fill('correct horse battery');
      await page.getByRole('button').click();
      await page.getByRole('button', { name: 'Sign out' }).waitFor();
      await check();
    }
  });
});

// What the pages' tests share: a browser, the server that it visits, and the pages alone over a made-up store.
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AxeBuilder } from '@axe-core/playwright';
import fastify from 'fastify';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { CrmRecord } from '../../dist/records/record.js';
import { Schemas } from '../../dist/records/schemas.js';
import { type PageOptions, pages } from '../../dist/ui/pages.js';
import { startDev, type TestServer } from '../harness.js';
import { launchBrowser } from './launch.js';

let browser: Browser;
/** `dev`'s server, over a fresh folder. */
export let server: TestServer;
/** The address of what integrators show in an event's window. */
export let foreignUrl: string;
export const closeAfterTest: (() => Promise<unknown>)[] = [];

/** Opens all of it before the tests of a file, and closes it after them. */
export function inBrowser(): void {
  let foreign: HttpServer;

  beforeAll(async () => {
    foreign = createServer((_request, response) => {
      response
        .setHeader('content-type', 'text/html')
        .end('<!doctype html><title>Pet</title><p>A good dog</p>');
    });
    await new Promise<void>((done) => foreign.listen(0, '127.0.0.1', done));
    foreignUrl = `http://127.0.0.1:${(foreign.address() as AddressInfo).port}/pets/1`;
    server = await startDev();
    browser = await launchBrowser();
  });

  afterEach(async () => {
    for (const close of closeAfterTest.splice(0).reverse()) await close();
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
    foreign?.close();
  });
}

/** Where the records of `pagesOf` are. */
export const RECORD = '/records/contacts/1';

/** A record of nothing but its id, 1. */
export function aRecord(type: CrmRecord['type']): CrmRecord {
  const nothing = { additionalEmails: [], utks: [], mergedIds: [], properties: new Map() };
  return { portalId: 1, type, id: 1, ...nothing, createdAt: 0, updatedAt: 0 };
}

/** The pages alone, over a store that has one contact and what the test says. */
export async function pagesOf(
  store: Partial<PageOptions['store']>,
  options: Partial<PageOptions> = {},
): Promise<string> {
  const app = fastify();
  closeAfterTest.push(() => app.close());
  const record = aRecord('contacts');
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
    access: { person: { id: 1, email: 'somebody@example.com' } } as PageOptions['access'],
    ...options,
  });
  return app.listen({ host: '127.0.0.1', port: 0 });
}

/** What Chromium says of a window's buttons, which open it in browsers that know no commands too. */
const FALLBACK = 'popovertarget is ignored on elements with commandfor.';

/** A page, with what the browser complained about and asked for since. */
export async function visit(path: string, options: BrowserContextOptions = {}, base = server.baseUrl) {
  const context = await browser.newContext({ locale: 'en-US', ...options });
  closeAfterTest.push(() => context.close());
  const problems: string[] = [];
  const requested: string[] = [];
  context.on('console', (message) => {
    if (message.text() !== FALLBACK) problems.push(message.text());
  });
  context.on('weberror', (error) => problems.push(String(error.error())));
  context.on('request', (request) => requested.push(request.url()));
  const page = await context.newPage();
  const response = await page.goto(`${base}${path}`);
  return { page, context, response, problems, requested };
}

export function shownFrame(page: Page) {
  return page.frameLocator('dialog:modal iframe');
}

export async function axe(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
}

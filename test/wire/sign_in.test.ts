// People sign in where nothing is ready-made: what their browser keeps, what no other site can make it do, and how a
// session ends. And an app is let in by whoever has signed in, by nobody else.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import fastify from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { credentials, digest, newSecret } from '../../dist/access/credentials.js';
import { grants } from '../../dist/access/grants.js';
import { hashPassword } from '../../dist/access/passwords.js';
import { openStore } from '../../dist/store/sqlite/engine.js';
import { type PageOptions, pages } from '../../dist/ui/pages.js';
import { attempts } from '../../dist/wire/attempts.js';
import { until } from '../cli.js';
import { type Answer, startDev, type TestServer } from '../harness.js';
import { sendForm, sendRaw } from './support.js';

const EMAIL = 'ada@example.com';
const PASSWORD = 'correct horse battery';
const REDIRECT = 'https://app.example/cb';

let server: TestServer;
let portals: number[];
let client: { client_id: string; client_secret: string };
let now = Date.parse('2026-05-01T12:00:00Z');
beforeAll(async () => {
  server = await startDev({ demo: undefined as never, clock: () => now });
  await inStore(async (store) => {
    portals = [
      await store.createPortal({ name: 'One', lenient: false }),
      await store.createPortal({ name: 'Two & <b>', lenient: false }),
    ];
    client = { client_id: crypto.randomUUID(), client_secret: newSecret('secret') };
    await store.createApp({
      name: 'Pets & <i>more</i>',
      clientId: client.client_id,
      clientSecretHash: digest(client.client_secret),
      redirectUris: [REDIRECT],
      scopes: ['timeline'],
    });
    await store.createUser(EMAIL, await hashPassword(PASSWORD), now);
  });
});
afterAll(() => server.close());
beforeEach(() => {
  now += 24 * 3_600_000;
});

async function inStore<T>(work: (store: Awaited<ReturnType<typeof openStore>>) => Promise<T>): Promise<T> {
  const store = await openStore({ folder: server.folder, clock: () => now });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** A browser: it keeps cookies, and sends the forms that it was shown. */
function browser() {
  const cookies = new Map<string, string>();
  const keep = (answer: Answer): Answer => {
    for (const cookie of answer.headers.get('set-cookie')?.split(/, ?(?=throughline-)/) ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (/Max-Age=0|Expires=Thu, 01 Jan 1970/.test(cookie)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return answer;
  };
  const headers = (more: Record<string, string>) => ({
    authorization: '',
    cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    ...more,
  });
  return {
    cookies,
    get: async (path: string) => keep(await sendRaw(server, { path, headers: headers({}) })),
    post: async (path: string, fields: Record<string, string>, more: Record<string, string> = {}) =>
      keep(await sendForm(server, path, fields, headers(more))),
    async signIn(fields: Record<string, string> = {}, next = '/') {
      const shown = await this.get(`/sign-in?${new URLSearchParams({ next })}`);
      return this.post('/sign-in', { ...hidden(shown), email: EMAIL, password: PASSWORD, ...fields });
    },
  };
}

/** The hidden fields of a page's last form. */
function hidden({ text }: Answer): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [
      name,
      (value as string).replaceAll('&amp;', '&'),
    ]),
  );
}

const location = (answer: Answer) => answer.headers.get('location');
const signedIn = async (who: ReturnType<typeof browser>) => (await who.get('/')).status === 200;

describe('signing in', () => {
  test('leads back to where one wanted to go, with a cookie that no script and no other site has', async () => {
    const ada = browser();
    const asked = await ada.get('/?type=deals');
    expect([asked.status, location(asked)]).toEqual([303, '/sign-in?next=%2F%3Ftype%3Ddeals']);
    const answer = await ada.signIn({}, '/?type=deals');
    expect([answer.status, location(answer)]).toEqual([303, '/?type=deals']);
    expect(answer.headers.get('set-cookie')).toMatch(
      /^throughline-session=\S{40,}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    const page = await ada.get('/?type=deals');
    expect(page.status).toBe(200);
    expect(page.text).toContain(EMAIL);
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(location(await ada.get('/sign-in?next=/x'))).toBe('/x');
  });

  test('with a password that is changed while it is checked fails, and so it does for who is removed then', async () => {
    const email = 'eve@example.com';
    await inStore(async (store) => {
      for (const change of [(id: number) => store.setPassword(id, 'another'), store.removeUser]) {
        const id = (await store.createUser(email, await hashPassword(PASSWORD), now)) as number;
        const eve = browser();
        const answering = eve.signIn({ email });
        await pause(20); // to check takes many times as long
        await change(id);
        expect((await answering).status).toBe(401);
        expect(await signedIn(eve)).toBe(false);
        await store.removeUser(id);
      }
    });
  });

  const foreign = [
    '//evil.example/',
    '/\\evil.example/',
    '/..//evil.example/',
    '/a/%2e././/evil.example/',
    '/./\\evil.example/',
    'https://evil.example/',
    '/\t/evil.example/',
    '/x\r\nLocation: https://evil.example/',
    'javascript:alert(1)',
    `/${'x'.repeat(9_000)}`,
    '',
  ];
  test('leads nowhere else, whatever the form says', async () => {
    for (const next of foreign) expect(location(await browser().signIn({ next })), next).toBe('/');
    const ada = browser();
    await ada.signIn();
    for (const next of foreign.slice(0, -2))
      expect(location(await ada.get(`/sign-in?${new URLSearchParams({ next })}`)), next).toBe('/');
  });

  test.each(['/sign-in', '/sign-out'])(
    '%s takes no more than a form is: anybody may send one',
    async (path) => {
      const [more, most] = [
        await browser().post(path, { a: 'x'.repeat(65_536) }),
        await browser().post(path, {}),
      ];
      expect([more.status, most.status]).toEqual([413, 403]);
    },
  );

  test.each([
    ['a wrong password', { password: 'guessed it' }],
    ['an empty one', { password: '' }],
    ['one that is too long', { password: PASSWORD.padEnd(600) }],
    ['somebody unknown', { email: 'grace@example.com' }],
    ['nobody', { email: '' }],
  ])('with %s is refused in the same words', async (_what, fields: Record<string, string>) => {
    const eve = browser();
    const answer = await eve.signIn(fields);
    expect(answer.status).toBe(401);
    expect(answer.text).toContain('do not go together');
    expect(answer.text).not.toContain(fields.password || 'horse');
    expect(await signedIn(eve)).toBe(false);
  });

  test('finds the e-mail however it is capitalised, and the password to the letter', async () => {
    expect((await browser().signIn({ email: ' ADA@Example.COM ' })).status).toBe(303);
    expect((await browser().signIn({ password: PASSWORD.toUpperCase() })).status).toBe(401);
  });

  test('takes no form of another site', async () => {
    const eve = browser();
    const mine = hidden(await eve.get('/sign-in'));
    const fields = { email: EMAIL, password: PASSWORD };
    for (const [who, sent, headers] of [
      [browser(), { ...fields, key: mine.key }, {}],
      [eve, fields, {}],
      [eve, { ...fields, key: 'x' }, {}],
      [eve, { ...fields, key: mine.key }, { 'sec-fetch-site': 'cross-site' }],
      [eve, { ...fields, key: mine.key }, { 'sec-fetch-site': 'same-site' }],
    ] as const) {
      const answer = await who.post('/sign-in', sent as Record<string, string>, headers);
      expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null]);
    }
    const own = await eve.post(
      '/sign-in',
      { ...fields, key: mine.key as string },
      { 'sec-fetch-site': 'same-origin' },
    );
    expect(own.status).toBe(303);
  });

  test('never takes over a session that was there before', async () => {
    const ada = browser();
    ada.cookies.set('throughline-session', 'planted');
    await ada.signIn();
    expect(ada.cookies.get('throughline-session')).not.toBe('planted');
    expect(await signedIn(ada)).toBe(true);
  });

  test('is slow to be guessed: a hundred failures, and nobody is let in for a while', async () => {
    const email = 'often@example.com';
    await inStore(async (store) => void (await store.createUser(email, await hashPassword(PASSWORD), now)));
    const eve = browser();
    const form = hidden(await eve.get('/sign-in'));
    let tried = 0;
    for (; tried < 130; tried++) {
      const spaced = `${' '.repeat(tried % 9)}${email}`; // the same person's, however it is sent
      const answer = await eve.post('/sign-in', { ...form, email: spaced, password: 'x'.repeat(600) });
      if (answer.status === 429) break;
    }
    expect(tried).toBeGreaterThan(50);
    expect(tried).toBeLessThan(120);
    const right = await eve.post('/sign-in', { ...form, email, password: PASSWORD });
    expect(right.status).toBe(429);
    expect(right.text).toContain('Too many attempts');
    expect((await browser().signIn()).status).toBe(303); // others are not held up
  });
});

describe('a session', () => {
  test('ends after twelve hours', async () => {
    const ada = browser();
    await ada.signIn();
    now += 12 * 3_600_000 - 1;
    expect(await signedIn(ada)).toBe(true);
    now += 1;
    expect(await signedIn(ada)).toBe(false);
  });

  test('ends when one signs out, by its own form alone', async () => {
    const [ada, copy] = [browser(), browser()];
    await ada.signIn();
    const page = await ada.get('/');
    for (const [name, value] of ada.cookies) copy.cookies.set(name, value);
    expect((await ada.post('/sign-out', { key: 'x' })).status).toBe(403);
    expect(await signedIn(ada)).toBe(true);
    const out = await ada.post('/sign-out', hidden(page));
    expect([out.status, location(out)]).toEqual([303, '/sign-in']);
    expect(ada.cookies.has('throughline-session')).toBe(false);
    expect(await signedIn(copy)).toBe(false); // not only in that browser
  });

  test('ends with a new password and with the user', async () => {
    const email = 'brief@example.com';
    const id = (await inStore(async (store) =>
      store.createUser(email, await hashPassword(PASSWORD), now),
    )) as number;
    const [one, two] = [browser(), browser()];
    await one.signIn({ email });
    expect(await signedIn(one)).toBe(true);
    const hashed = await hashPassword('another password');
    await inStore((store) => store.setPassword(id, hashed));
    expect(await signedIn(one)).toBe(false);
    expect((await two.signIn({ email })).status).toBe(401);
    expect((await two.signIn({ email, password: 'another password' })).status).toBe(303);
    await inStore((store) => store.removeUser(id));
    expect(await signedIn(two)).toBe(false);
  });

  test('one person has twenty at most: the oldest goes', async () => {
    const all = [];
    for (let n = 0; n < 21; n++) {
      now += 1_000;
      const each = browser();
      await each.signIn();
      all.push(each);
    }
    expect(await Promise.all(all.map(signedIn))).toEqual(all.map((_, n) => n > 0));
  });
});

describe('who has signed in', () => {
  test('chooses the portal that the pages show', async () => {
    const ada = browser();
    await ada.signIn();
    expect((await ada.get('/')).text).toContain(`Portal One (${portals[0]})`);
    for (const path of [`/?portal=${portals[1]}`, '/?type=deals'])
      expect((await ada.get(path)).text).toContain(`Portal Two &amp; &lt;b&gt; (${portals[1]})</p>`);
    for (const none of ['999', 'x', '']) expect((await ada.get(`/?portal=${none}`)).status).toBe(404);
  });

  const authorize = (more: Record<string, string> = {}) =>
    `/oauth/authorize?${new URLSearchParams({ client_id: client.client_id, redirect_uri: REDIRECT, scope: 'timeline', state: 's&t', ...more })}`;

  test('is asked for consent; the app is told what they answered, and its code is theirs', async () => {
    const ada = browser();
    const first = await ada.get(authorize());
    expect(first.status).toBe(303);
    const back = new URL(location(first) as string, server.baseUrl).searchParams.get('next') as string;
    expect(back).toBe(authorize());
    expect(location(await ada.signIn({}, back))).toBe(authorize());
    const page = await ada.get(authorize());
    expect(page.status).toBe(200);
    for (const text of [
      'Give Pets &amp; &lt;i&gt;more&lt;/i&gt; access?',
      'read and write events',
      EMAIL,
      'app.example',
    ])
      expect(page.text).toContain(text);
    expect(page.text).not.toMatch(/<(?:i|b|script)>/);
    const form = hidden(page);

    const declined = await ada.post(authorize(), { ...form, portal: String(portals[1]), answer: 'cancel' });
    expect(declined.status).toBe(303);
    expect(location(declined)).toBe(
      `${REDIRECT}?error=access_denied&error_description=the+person+declined&state=s%26t`,
    );
    const allowed = await ada.post(authorize(), { ...form, portal: String(portals[1]), answer: 'allow' });
    expect(allowed.status).toBe(303);
    const told = new URL(location(allowed) as string);
    expect([`${told.origin}${told.pathname}`, told.searchParams.get('state')]).toEqual([REDIRECT, 's&t']);
    const bought = await sendForm(server, '/oauth/v3/token', {
      grant_type: 'authorization_code',
      ...client,
      code: told.searchParams.get('code') as string,
      redirect_uri: REDIRECT,
    });
    expect(bought.json).toMatchObject({ hub_id: portals[1], scopes: ['timeline'] });
    const about = await server.call('GET', `/oauth/v1/access-tokens/${bought.json.access_token}`);
    expect(about.json.user).toBe(EMAIL);
  });

  test('gives no consent by another site’s form, without a session, or for a portal that is not there', async () => {
    const ada = browser();
    await ada.signIn();
    const form = hidden(await ada.get(authorize()));
    const answer = { ...form, portal: String(portals[0]), answer: 'allow' };
    const cases: [Promise<Answer>, number][] = [
      [ada.post(authorize(), { ...answer, key: '' }), 403],
      [ada.post(authorize(), answer, { 'sec-fetch-site': 'cross-site' }), 403],
      [browser().post(authorize(), answer), 403],
      [ada.post(authorize(), { ...answer, portal: '999' }), 404],
      [ada.post(authorize({ redirect_uri: 'https://evil.example/' }), answer), 400],
      [ada.post(authorize({ client_id: 'nobody' }), answer), 400],
    ];
    for (const [sent, status] of cases) {
      const { status: got, headers } = await sent;
      expect([got, headers.get('location')]).toEqual([status, null]);
    }
    now += 12 * 3_600_000;
    expect((await ada.post(authorize(), answer)).status).toBe(403);
  });
});

test('of very many portals five hundred are shown, and any other can be named', async () => {
  const ada = browser();
  await ada.signIn();
  const last = await inStore(async (store) => {
    const made = await Promise.all(
      Array.from({ length: 510 }, (_, n) => store.createPortal({ name: `Many ${n}`, lenient: false })),
    );
    return Math.max(...made);
  });
  const query = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: REDIRECT,
    scope: 'timeline',
  });
  const options = ({ text }: Answer) => text.match(/<option/g)?.length;
  await until(async () => options(await ada.get(`/oauth/authorize?${query}`)) === 500);
  expect(options(await ada.get('/'))).toBe(500);

  const asked = await ada.get(`/oauth/${last}/authorize?${query}`);
  expect(asked.text).toContain(`(${last})`);
  const answer = { ...hidden(asked), answer: 'allow' };
  for (const [path, portal, status] of [
    [`/oauth/${last}/authorize`, String(last), 303],
    ['/oauth/authorize', String(last), 303],
    [`/oauth/${last}/authorize`, String(portals[0]), 404],
    ['/oauth/authorize', `0${last}`, 404],
  ] as const)
    expect((await ada.post(`${path}?${query}`, { ...answer, portal })).status, `${path} ${portal}`).toBe(
      status,
    );
  for (const path of [`/?portal=${last}`, '/']) expect((await ada.get(path)).text).toContain(`(${last})</p>`);
});

test('over https the cookies travel over nothing else, and for this host alone', async () => {
  const app = fastify();
  await inStore(async (store) => {
    pages(app, {
      store,
      templates: { get: () => undefined } as unknown as PageOptions['templates'],
      schemas: { all: () => [] } as unknown as PageOptions['schemas'],
      portals: (id) => store.portals().filter((each) => id === undefined || String(each.id) === id),
      publicUrl: 'https://timeline.example.com',
      timeZone: 'UTC',
      access: {
        store,
        clock: () => now,
        attempts: attempts(),
        baseUrl: () => 'https://timeline.example.com',
        grants: grants({ store, credentials: credentials(store, undefined), clock: () => now }),
      },
    });
    const shown = await app.inject('/sign-in');
    const set = String(shown.headers['set-cookie']);
    expect(set).toMatch(/^__Host-throughline-form=\S+; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    const key = /name="key" value="([^"]+)"/.exec(shown.body)?.[1] as string;
    const answer = await app.inject({
      method: 'POST',
      url: '/sign-in',
      headers: { cookie: set.split(';')[0], 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({ key, email: EMAIL, password: PASSWORD }).toString(),
    });
    expect(answer.headers['set-cookie']).toMatch(
      /^__Host-throughline-session=\S+; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    const cookie = String(answer.headers['set-cookie']).split(';')[0] as string;
    const chosen = await app.inject({ url: `/?portal=${portals[1]}`, headers: { cookie } });
    expect(chosen.headers['set-cookie']).toMatch(
      /^__Host-throughline-portal=\d+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
  });
  await app.close();
});

test('no password and no session is in any file of the folder in clear', async () => {
  const ada = browser();
  await ada.signIn();
  const session = ada.cookies.get('throughline-session') as string;
  const bytes = Buffer.concat(
    readdirSync(server.folder).map((name) => readFileSync(join(server.folder, name))),
  );
  expect(bytes.includes(EMAIL)).toBe(true);
  for (const secret of [PASSWORD, session]) expect(bytes.includes(secret)).toBe(false);
});

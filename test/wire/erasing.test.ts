// Erasing a contact: nothing is left to find, neither over HTTP nor in any file; its e-mails are refused from then on.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, expect, test } from 'vitest';
import { createTenant, type Json, startDev, TEMPLATE } from '../harness.js';
import {
  BATCH,
  CONTACTS,
  eventPath,
  expectRefused,
  fresh,
  freshEmail,
  makeTemplate,
  storedEvent,
  submitForm,
  timelinePath,
} from './support.js';

const server = await startDev();
afterAll(() => server.close());
const named = await makeTemplate(server, {
  headerTemplate: '{{petName}}',
  tokens: [
    { name: 'petName', label: 'Pet', type: 'string', objectPropertyName: 'pet_name' },
    { name: 'note', label: 'Note', type: 'string' },
  ],
});
const companies = await makeTemplate(server, { objectType: 'companies', tokens: [] });

const about = (who: object) => storedEvent(server, who);
const submit = (fields: { name: string; value: string }[], context: object = {}) =>
  submitForm(server, { fields, context });
const erase = (objectId: unknown, idProperty?: string, token?: string) =>
  server.call(
    'POST',
    `${CONTACTS}/gdpr-delete`,
    { objectId, ...(idProperty && { idProperty }) },
    token === undefined ? {} : { token },
  );

// The same words in each run, so that pages split and are evened out at the same places: with these, pieces stay
// behind when nobody looks for them.
const SEED = 'k';
let words = 0;
/** A word that stands nowhere else. */
const word = () => `w${createHash('sha256').update(`${SEED}${words++}`).digest('hex').slice(0, 18)}`;

const FRAGMENT = 12;
const NONE = new Set();

/** Which of the words stand in a file of the data folder, or a piece of them, in any letter case. */
function findInFiles(words: readonly string[]): Set<string> {
  const wordOf = new Map<string, string>();
  for (const each of words)
    for (let at = 0; at + FRAGMENT <= each.length; at++) wordOf.set(each.slice(at, at + FRAGMENT), each);
  const found = new Set<string>();
  for (const name of readdirSync(server.folder)) {
    const text = readFileSync(join(server.folder, name)).toString('latin1').toLowerCase();
    for (const [run] of text.matchAll(/[\w.@-]{12,}/g))
      for (let at = 0; at + FRAGMENT <= run.length; at++) {
        const whose = wordOf.get(run.slice(at, at + FRAGMENT));
        if (whose) found.add(whose);
      }
  }
  return found;
}

/** Events of many others, between which those of a contact lie: so many that pages split, and merge at the erase. */
class Crowd {
  readonly #people = Array.from({ length: 700 }, word);
  #count = 0;

  /** Sends so many events of the crowd, the given ones among them. */
  async around(events: object[], total: number): Promise<void> {
    const inputs = Array.from({ length: total }, (): object => this.#event());
    const every = Math.floor(total / (events.length + 1));
    for (const [n, event] of events.entries())
      inputs.splice((n + 1) * every + n, 0, { eventTemplateId: named, tokens: {}, ...event });
    for (let from = 0; from < inputs.length; from += 500) {
      const answer = await server.call('POST', BATCH, { inputs: inputs.slice(from, from + 500) });
      expect(answer.status, answer.text.slice(0, 500)).toBe(201);
    }
  }

  #event(): object {
    const person = this.#people[this.#count++ % this.#people.length];
    return {
      eventTemplateId: named,
      id: `${word()}-${person}`,
      email: `${person}@example.com`,
      ...(this.#count % 3 === 0 ? { utk: `utk-${word()}`.slice(0, 9 + (this.#count % 5)) } : {}),
      tokens: { petName: word(), note: ' '.repeat((this.#count * 37) % 900) },
      timestamp: 1_700_000_000_000 + ((this.#count * 7_919) % 100_000) * 1_000,
      extraData: { more: word().repeat(this.#count % 7) },
    };
  }
}

/** All that can be said of somebody; each word stands in it alone. */
function persona() {
  const words: string[] = [];
  const say = (text: (word: string) => string) => {
    const each = word();
    words.push(each);
    return text(each);
  };
  const emails = [0, 1, 2, 3].map(() =>
    say((w) => `${w.slice(0, 4).toUpperCase()}${w.slice(4)}@example.com`),
  );
  const utks = [0, 1, 2].map(() => say((w) => w));
  /** An event; its contents are big every now and then, so that they have pages of their own. */
  const event = (who: object, n: number) => ({
    eventTemplateId: named,
    id: say((w) => `petspot:${w}:${n}`),
    ...who,
    domain: say((w) => `${w}.example.com`),
    tokens: { petName: say((w) => w), note: say((w) => w.repeat(n % 9 === 0 ? 700 : 1)) },
    timestamp: 1_700_000_000_000 + ((n * 6_113) % 100_000) * 1_000,
    extraData: { said: say((w) => w) },
    timelineIFrame: {
      linkLabel: say((w) => w),
      headerLabel: 'Pet',
      url: say((w) => `https://my.petspot.com/${w}`),
      width: 600,
      height: 400,
    },
  });
  const form = (email: string, hutk: string) =>
    submit(
      [
        { name: 'email', value: email },
        { name: 'said_in_form', value: say((w) => w) },
        { name: 'pet_name', value: say((w) => w) },
      ],
      {
        hutk,
        pageUri: say((w) => `https://www.example.com/${w}`),
        pageName: say((w) => w),
        ipAddress: '10.0.0.1',
      },
    );
  return {
    words,
    emails: emails as [string, string, string, string],
    utks: utks as [string, string, string],
    event,
    form,
  };
}

test('no file holds a byte of somebody who was erased, while the server runs, with thousands of others around', async () => {
  const crowd = new Crowd();
  await crowd.around([], 1_500);
  const { words, emails, utks, event, form } = persona();
  const [first, second, third, fourth] = emails;

  // A visitor at first, then known, with more and more e-mails, and a double that is merged into it.
  await crowd.around(
    Array.from({ length: 60 }, (_, n) => event({ utk: utks[0] }, n)),
    900,
  );
  await crowd.around(
    [event({ utk: utks[0], email: first }, 61), event({ utk: utks[2], email: third }, 62)],
    300,
  );
  const { objectId } = await about({ email: first });
  const double = (await about({ email: third })).objectId;
  await crowd.around(
    [event({ objectId, email: second }, 63), event({ objectId: double, email: fourth }, 64)],
    300,
  );
  expect((await form(first.toUpperCase(), utks[1])).status).toBe(200);
  expect((await form(fourth, utks[2])).status).toBe(200);
  await crowd.around(
    Array.from({ length: 120 }, (_, n) =>
      event(
        [{ email: emails[n % 4] }, { utk: utks[n % 3] }, { objectId: n % 2 ? objectId : double }][n % 3] ??
          {},
        n,
      ),
    ),
    1_500,
  );
  const merge = { primaryObjectId: objectId, objectIdToMerge: double };
  expect((await server.call('POST', `${CONTACTS}/merge`, merge)).status).toBe(200);
  await crowd.around(
    Array.from({ length: 30 }, (_, n) => event({ objectId: double }, n)),
    600,
  );
  // Replaced and moved: what was there before must be gone too.
  const replaced = event({ email: first }, 70);
  await about(replaced);
  await about({ ...replaced, tokens: { petName: 'short' } });
  const moved = { ...event({ email: second }, 71) };
  await about(moved);
  await about({ eventTemplateId: named, id: moved.id, email: first, tokens: {} });
  // Other records' events that say an e-mail of theirs.
  const other = await about({ utk: fresh('other'), email: freshEmail() });
  const mention = await about({ utk: other.utk, email: second.toUpperCase(), extraData: { kept: 'yes' } });
  expect(mention.objectId).toBe(other.objectId);
  const company = await about({ eventTemplateId: companies, objectId: '770001', email: fourth });

  expect(findInFiles(words)).toEqual(new Set(words)); // the WAL holds even what was replaced
  expect((await erase(objectId)).status).toBe(204);
  expect(findInFiles(words)).toEqual(NONE);

  // Those of others are as they were, without the e-mail.
  for (const [{ email: _email, ...rest }, template] of [
    [mention, TEMPLATE],
    [company, companies],
  ])
    expect((await server.call('GET', eventPath(rest.id, template))).json).toEqual(rest);
  const timeline = (await server.call('GET', timelinePath(other.objectId))).json.results as Json[];
  expect(timeline.map((each) => each.id)).toEqual([mention.id, other.id]);
  // And nothing of it comes back as the store goes on.
  await crowd.around([], 300);
  expect(findInFiles(words)).toEqual(NONE);
});

test('of many people who are erased one after the other, nothing stays on any page', async () => {
  const crowd = new Crowd();
  const people = Array.from({ length: 40 }, persona);
  for (let round = 0; round < 4; round++)
    await crowd.around(
      people.flatMap(({ emails, utks, event }) => [
        event({ email: emails[round], utk: utks[round % 3] }, round),
        event({ utk: utks[0] }, round),
      ]),
      700,
    );
  for (const { emails, utks, form } of people) expect((await form(emails[0], utks[0])).status).toBe(200);
  for (const [n, { words, emails }] of people.entries()) {
    // The utk that two of the e-mails share makes them one contact; the rest go by e-mail.
    for (const email of emails) expect((await erase(email, 'email')).status).toBe(204);
    expect(findInFiles(words), `person ${n}`).toEqual(NONE);
  }
});

test('an erase waits for whoever reads or copies the WAL, and is whole then', async () => {
  const { words, emails, utks, event } = persona();
  await about(event({ email: emails[0], utk: utks[0] }, 1));
  // Another process's backup, while it is checkpointed: the checkpoint waits for the reader, the erase for both.
  const busy = new Worker(
    `const { parentPort, workerData: file } = require('node:worker_threads');
    const Database = require('better-sqlite3');
    const reader = new Database(file, { readonly: true });
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM event').get();
    parentPort.postMessage('reading');
    const copier = new Database(file, { timeout: 1500 });
    copier.pragma('wal_checkpoint(RESTART)');
    parentPort.postMessage('done');
    reader.close();
    copier.close();`,
    { eval: true, workerData: join(server.folder, 'throughline.sqlite') },
  );
  const order: string[] = [];
  busy.on('message', (message: string) => order.push(message));
  const ended = once(busy, 'exit');
  await once(busy, 'message');
  expect((await erase(emails[0], 'email')).status).toBe(204);
  order.push('erased');
  expect(findInFiles(words)).toEqual(NONE);
  await ended;
  expect(order).toEqual(['reading', 'done', 'erased']);
});

test('nothing of it answers any more: ids, e-mails, timeline, events, its visitors', async () => {
  const [first, second, third] = [freshEmail(), freshEmail(), freshEmail()];
  const utk = fresh('utk');
  const visit = await about({ utk });
  const event = await about({ eventTemplateId: named, email: first, utk, tokens: { petName: 'Rex' } });
  const { objectId } = event;
  await about({ objectId, email: second });
  const double = (await about({ email: third })).objectId;
  await server.call('POST', `${CONTACTS}/merge`, { primaryObjectId: objectId, objectIdToMerge: double });

  // By the id that was merged into it.
  const gone = await erase(double);
  expect(gone.status).toBe(204);
  expect(gone.text).toBe('');
  for (const id of [objectId, double]) {
    for (const path of [`${CONTACTS}/${id}`, timelinePath(id)])
      expectRefused(await server.call('GET', path), 404, 'OBJECT_NOT_FOUND');
    expectRefused(await erase(id), 404, 'OBJECT_NOT_FOUND');
  }
  for (const email of [first, second, third])
    expectRefused(await server.call('GET', `${CONTACTS}/${email}?idProperty=email`), 404, 'OBJECT_NOT_FOUND');
  for (const path of [eventPath(event.id, named), eventPath(visit.id)])
    for (const part of ['', '/detail', '/render'])
      expectRefused(await server.call('GET', `${path}${part}`), 404, 'OBJECT_NOT_FOUND');
  const again = await about({ utk });
  expect(again).not.toHaveProperty('objectId');
  const someone = (await about({ email: freshEmail(), utk })).objectId;
  expect((await server.call('GET', timelinePath(someone))).json.results).toHaveLength(2);
  const merge = { primaryObjectId: someone, objectIdToMerge: objectId };
  expectRefused(await server.call('POST', `${CONTACTS}/merge`, merge), 404, 'OBJECT_NOT_FOUND');
});

test('by e-mail: the primary one or another, in any letter case', async () => {
  for (const which of [0, 1]) {
    const emails = [freshEmail(), freshEmail()];
    const { objectId } = await about({ email: emails[0] });
    await about({ objectId, email: emails[1] });
    expect((await erase(emails[which]?.toUpperCase(), 'email')).status).toBe(204);
    expectRefused(await server.call('GET', `${CONTACTS}/${objectId}`), 404, 'OBJECT_NOT_FOUND');
    for (const email of emails) expectRefused(await server.event(blockedEvent(email)), 400);
    expect((await erase(emails[which], 'email')).status).toBe(204); // once more is no fault
  }
});

const blockedEvent = (email: string) => ({ eventTemplateId: TEMPLATE, tokens: {}, email });

test('an erased e-mail is refused everywhere until the contact is made by hand', async () => {
  const email = freshEmail();
  const { objectId } = await about({ email });
  const other = (await about({ email: freshEmail() })).objectId;
  expect((await erase(objectId)).status).toBe(204);

  const id = fresh('blocked');
  const loud = email.toUpperCase();
  const utk = fresh('utk');
  for (const who of [
    blockedEvent(loud),
    { ...blockedEvent(email), objectId: other },
    { ...blockedEvent(email), utk },
    { ...blockedEvent(email), eventTemplateId: companies, objectId: '770002' },
  ]) {
    const refused = await server.event({ ...who, id });
    expectRefused(refused, 400);
    expect(refused.json.errors).toEqual([
      { in: 'email', message: expect.stringContaining('create the contact by hand'), code: 'BLOCKED_EMAIL' },
    ]);
    expectRefused(await server.call('GET', eventPath(id, who.eventTemplateId)), 404, 'OBJECT_NOT_FOUND');
  }
  const batch = await server.call('POST', BATCH, {
    inputs: [blockedEvent(freshEmail()), blockedEvent(loud)],
  });
  expect(batch.status).toBe(207);
  expect(batch.json.results).toHaveLength(1);
  expect(batch.json.errors[0].context.index).toEqual(['1']);
  expect(batch.json.errors[0].errors[0].code).toBe('BLOCKED_EMAIL');

  const form = await submit([{ name: 'email', value: loud }], { hutk: utk });
  expectRefused(form, 400);
  expect(form.json.errors).toEqual([
    { message: expect.stringContaining("Error in 'fields.email'. "), errorType: 'BLOCKED_EMAIL' },
  ]);
  const identify = await server.call('POST', '/timeline/v1/identify', { utk, email });
  expectRefused(identify, 400);
  expect(identify.json.errors[0].code).toBe('BLOCKED_EMAIL');
  // None of it made a contact or tied the visitor, or changed the other one.
  expectRefused(await server.call('GET', `${CONTACTS}/${email}?idProperty=email`), 404, 'OBJECT_NOT_FOUND');
  expect(await about({ utk })).not.toHaveProperty('objectId');
  expect((await server.call('GET', timelinePath(other))).json.results).toHaveLength(1);
  expectRefused(await server.call('GET', timelinePath('770002', {}, 'companies')), 404, 'OBJECT_NOT_FOUND');

  const made = await server.call('POST', CONTACTS, { properties: { email: loud, firstname: 'Ada' } });
  expect(made.status, made.text).toBe(201);
  expect(made.json.id).not.toBe(objectId);
  expect((await about({ email })).objectId).toBe(made.json.id);
  expect((await about({ eventTemplateId: companies, objectId: '770002', email })).email).toBe(email);
  expect((await submit([{ name: 'email', value: email }])).status).toBe(200);
  expect((await server.call('POST', '/timeline/v1/identify', { utk, email })).json.objectId).toBe(
    made.json.id,
  );
});

test('an e-mail that nobody has is blocked too, and taken out of events that say it', async () => {
  const email = `${word()}@example.com`;
  const company = await about({ eventTemplateId: companies, objectId: '770003', email });
  expect((await erase(email, 'email')).status).toBe(204);
  expectRefused(await server.event(blockedEvent(email)), 400);
  expect((await server.call('GET', eventPath(company.id, companies))).json).not.toHaveProperty('email');
  expect(findInFiles([email.slice(0, email.indexOf('@'))])).toEqual(NONE);
  // The company's own event may be sent again without it.
  expect((await about({ eventTemplateId: companies, objectId: '770003', id: company.id })).id).toBe(
    company.id,
  );
});

test('an event that was replaced by one without the e-mail is left alone', async () => {
  const [email, own] = [freshEmail(), freshEmail()];
  const event = { eventTemplateId: companies, objectId: '770004', id: fresh('replaced') };
  await about({ ...event, email });
  await about({ ...event, email: own });
  expect((await erase(email, 'email')).status).toBe(204);
  expect((await server.call('GET', eventPath(event.id, companies))).json.email).toBe(own);
});

test('a strict portal: the erased id is unknown from then on', async () => {
  const { token, ...tenant } = await createTenant(server.folder);
  const template = await makeTemplate(server, {}, { ...tenant, token });
  const event = { eventTemplateId: template, tokens: {} };
  const { objectId } = (await server.event({ ...event, email: freshEmail() }, { token })).json;
  expect((await erase(objectId, undefined, token)).status).toBe(204);
  expectRefused(await server.event({ ...event, objectId }, { token }), 404, 'OBJECT_NOT_FOUND');
});

test.each([
  [{}, 'objectId'],
  [{ objectId: 'ada@example.com' }, 'objectId'],
  [{ objectId: '01' }, 'objectId'],
  [{ objectId: 'nobody', idProperty: 'email' }, 'objectId'],
  [{ objectId: '1', idProperty: 'phone' }, 'idProperty'],
])('%j is refused and says why', async (body, field) => {
  const refused = await server.call('POST', `${CONTACTS}/gdpr-delete`, body);
  expectRefused(refused, 400);
  expect(refused.json.errors.map((fault: Json) => fault.in)).toEqual([field]);
  expect(refused.json.message).not.toMatch(/, $/);
});

test('the type’s id will do in the path; other types are not erased', async () => {
  const { objectId } = await about({ email: freshEmail() });
  expectRefused(await server.call('POST', '/crm/v3/objects/0-2/gdpr-delete', { objectId }), 400);
  expect((await server.call('POST', '/crm/v3/objects/0-1/gdpr-delete', { objectId })).status).toBe(204);
  expectRefused(await server.call('GET', `${CONTACTS}/${objectId}`), 404, 'OBJECT_NOT_FOUND');
});

test('of an archived contact’s events, the field email goes, and nothing else that is called so', async () => {
  const email = freshEmail();
  const template = await makeTemplate(server, { tokens: [{ name: 'email', label: 'E', type: 'string' }] });
  const { objectId } = await about({ email });
  const extraData = { by: 'hand', email };
  const said = { eventTemplateId: template, tokens: { email }, extraData };
  const [own, other] = [await about({ ...said, email }), await about({ ...said, objectId })];
  expect((await server.call('DELETE', `${CONTACTS}/${objectId}`)).status).toBe(204);
  await about({ email });
  expect((await erase(email, 'email')).status).toBe(204);
  await about({ objectId }); // brings it back
  for (const { id } of [own, other]) {
    const { json } = await server.call('GET', eventPath(id, template));
    expect([json.email, json.tokens, json.extraData]).toEqual([undefined, { email }, extraData]);
  }
});

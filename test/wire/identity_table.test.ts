// Every case of the table, played over HTTP: the answer, and then whose each e-mail, visitor and event is.
import { afterAll, expect, test } from 'vitest';
import { type Answer, createTenant, startDev, TEMPLATE } from '../harness.js';
import { CASES, type Case, LINES } from '../records/cases.js';
import { BATCH, eventPath, expectRefused, fresh, makeTemplate, submitForm, timelinePath } from './support.js';

interface Portal {
  id: string;
  token: string;
  template: string;
  companies: string;
}

const server = await startDev();
afterAll(() => server.close());
const tenant = await createTenant(server.folder);
const companies = { objectType: 'companies', tokens: [] };
const lenient: Portal = {
  id: '8420',
  token: 'demo-token',
  template: TEMPLATE,
  companies: await makeTemplate(server, companies),
};
const strict: Portal = {
  id: String(tenant.portalId),
  token: tenant.token,
  template: await makeTemplate(server, {}, tenant),
  companies: await makeTemplate(server, companies, tenant),
};

type Way = 'event' | 'form' | 'identify';

/** By which calls a case is played. Strict portals differ where nobody has the objectId. */
function waysOf({ identifies, lenient, objectId, email, utk }: Case): Way[] {
  if (!lenient && objectId !== 'nobody') return [];
  if (!identifies) return ['event'];
  const ways: Way[] = [];
  if (objectId === undefined) ways.push('form');
  if (utk && (objectId === undefined) !== (email === undefined)) ways.push('identify');
  return ways;
}

test.each(LINES)('%s', async (line) => {
  const plays = CASES.filter((each) => each.line === line).flatMap((given) =>
    waysOf(given).map((way) => play(given, way)),
  );
  expect(plays.length).toBeGreaterThan(0);
  await Promise.all(plays);
});

let nextId = 700_000_000;

async function play(given: Case, way: Way): Promise<void> {
  const { outcome } = given;
  const portal = given.lenient ? lenient : strict;
  const cast = await setUp(given, portal);
  const sent = {
    id: fresh('played'),
    objectId: given.objectId && cast.objectIds[given.objectId],
    email: given.email && cast.emailOf(given.email).toUpperCase(),
    utk: given.utk && cast.utks[given.utk],
  };
  const answer = await send(portal, way, given, sent);
  const why = `${way} ${JSON.stringify(given)}: ${answer.text}`;
  const read = (path: string) => server.call('GET', path, undefined, { token: portal.token });
  const ownerOf = async (email: string) => {
    const found = await read(`/crm/v3/objects/contacts/${encodeURIComponent(email)}?idProperty=email`);
    return found.status === 404 ? undefined : found.json.id;
  };

  let objectId: string | undefined;
  if ('refused' in outcome) {
    const category = { 400: 'VALIDATION_ERROR', 404: 'OBJECT_NOT_FOUND', 409: 'CONFLICT', 414: undefined };
    expectRefused(answer, outcome.refused, category[outcome.refused]);
    if (outcome.refused === 409)
      expect(answer.json.context).toEqual({
        existingObjectId: [given.email?.of === 'A' ? cast.A : cast.B],
        objectId: [given.objectId === 'nobody' ? sent.objectId : cast.A],
      });
    if (given.objectId === 'nobody')
      expect((await read(timelinePath(sent.objectId as string))).status, why).toBe(404);
    if (way === 'event')
      expect(
        (await read(eventPath(sent.id, given.company ? portal.companies : portal.template))).status,
      ).toBe(404);
  } else {
    expect(answer.status, why).toBe(way === 'event' ? 201 : 200);
    objectId = answer.json.objectId ?? (await formsContact(sent, ownerOf, portal));
    if (outcome.on === 'visitor') expect(objectId, why).toBeUndefined();
    else if (outcome.on === 'made') expect(objectId, why).toBe(sent.objectId);
    else if (outcome.on === 'A' || outcome.on === 'B')
      expect(objectId, why).toBe(given.company ? cast.company : cast[outcome.on]);
    else expect([undefined, cast.A, cast.B].indexOf(objectId), why).toBe(-1);
    if (way === 'event') await checkEvent(given, portal, sent.id, objectId, why);
  }

  // Whose the e-mails are.
  const changed = !('refused' in outcome) && outcome.email;
  for (const owner of ['A', 'B'] as const) {
    for (const primary of [true, false])
      expect(await ownerOf(cast.emailOf({ of: owner, primary })), why).toBe(cast[owner]);
    const { properties } = (
      await read(`/crm/v3/objects/contacts/${cast[owner]}?properties=email,hs_additional_emails`)
    ).json;
    const now = changed && objectId === cast[owner];
    expect(properties.email, why).toBe(now ? sent.email : cast.emailOf({ of: owner, primary: true }));
    if (now)
      expect(properties.hs_additional_emails.split(';')).toContain(
        cast.emailOf({ of: owner, primary: true }),
      );
  }
  expect(await ownerOf(cast.emailOf({ of: 'nobody', primary: false })), why).toBe(
    given.email?.of === 'nobody' && changed ? objectId : undefined,
  );

  // Whose the visitors are, and what they did.
  const cookie = 'refused' in outcome ? undefined : outcome.utk;
  for (const who of ['A', 'B', 'nobody'] as const) {
    const owner = who === 'nobody' ? undefined : cast[who];
    const moved = given.utk === who && (cookie === 'tied' || cookie === 'moves');
    const probe = await server.event(
      { eventTemplateId: portal.template, tokens: {}, utk: cast.utks[who] },
      { token: portal.token },
    );
    expect(probe.json.objectId, `${who}'s utk, ${why}`).toBe(moved ? objectId : owner);
    // An event of a visitor's stands on the contact that the visitor becomes; one on a contact stays there.
    const earlier = await read(eventPath(cast.visits[who], portal.template));
    expect(earlier.json.objectId, `${who}'s visit, ${why}`).toBe(
      cookie === 'tied' && moved ? objectId : owner,
    );
    expect(earlier.json.domain).toBe('petspot.com');
  }
}

/** Two contacts with two e-mails and a visitor each, one merged into the first, and a visitor that nobody knows. */
async function setUp({ full, objectId, company }: Case, portal: Portal) {
  const name = fresh('cast');
  const emailOf = ({ of, primary }: { of: string; primary: boolean }) =>
    `${name}-${primary ? 'first' : 'second'}-${of}@example.com`;
  const names = (who: string) => ({
    utk: `${name}-${who}`,
    id: `${name}-visit-${who}`,
    domain: 'petspot.com',
  });
  const batch = async (inputs: object[]) => {
    const events = inputs.map((input) => ({ eventTemplateId: portal.template, tokens: {}, ...input }));
    const answer = await server.call('POST', BATCH, { inputs: events }, { token: portal.token });
    expect(answer.status, answer.text.slice(0, 500)).toBe(201);
    return answer.json.results.map((event: { objectId: string }) => event.objectId) as string[];
  };
  const [A = '', B = '', M = ''] = await batch([
    { email: emailOf({ of: 'A', primary: false }) },
    { email: emailOf({ of: 'B', primary: false }) },
    { email: emailOf({ of: 'M', primary: true }) },
  ]);
  const merged = objectId === 'merged';
  const more = full ? 250 - (merged ? 4 : 3) : 0;
  await batch([
    ...Array.from({ length: more }, (_, n) => ({ objectId: A, email: `${name}-more-${n}@example.com` })),
    { objectId: A, email: emailOf({ of: 'A', primary: true }) },
    { objectId: B, email: emailOf({ of: 'B', primary: true }) },
    { objectId: A, ...names('A') },
    { objectId: B, ...names('B') },
    names('nobody'),
  ]);
  if (merged) {
    const both = { primaryObjectId: A, objectIdToMerge: M };
    const answer = await server.call('POST', '/crm/v3/objects/contacts/merge', both, { token: portal.token });
    expect(answer.status, answer.text).toBe(200);
  }
  const companyId = String(nextId++);
  if (company && objectId === 'own')
    await batch([{ eventTemplateId: portal.companies, objectId: companyId }]);
  return {
    A,
    B,
    company: companyId,
    emailOf,
    objectIds: { own: company ? companyId : A, merged: M, nobody: String(nextId++) },
    utks: { A: names('A').utk, B: names('B').utk, nobody: names('nobody').utk },
    visits: { A: names('A').id, B: names('B').id, nobody: names('nobody').id },
  };
}

interface Sent {
  id: string;
  objectId: string | undefined;
  email: string | undefined;
  utk: string | undefined;
}

function send(portal: Portal, way: Way, { company }: Case, { id, ...who }: Sent): Promise<Answer> {
  const { token } = portal;
  if (way === 'identify') return server.call('POST', '/timeline/v1/identify', who, { token });
  if (way === 'form') {
    const fields = [
      { name: 'firstname', value: 'Ada' },
      ...(who.email ? [{ name: 'email', value: who.email }] : []),
    ];
    return submitForm(server, { fields, context: { hutk: who.utk } }, portal.id);
  }
  const eventTemplateId = company ? portal.companies : portal.template;
  return server.event({ eventTemplateId, tokens: {}, id, ...who }, { token });
}

/** A form's answer does not say whom it made: the e-mail or the visitor finds the contact. */
async function formsContact(
  { email, utk }: Sent,
  ownerOf: (email: string) => Promise<string | undefined>,
  { token, template }: Portal,
): Promise<string | undefined> {
  if (email) return ownerOf(email);
  if (!utk) return 'one that cannot be found';
  return (await server.event({ eventTemplateId: template, tokens: {}, utk }, { token })).json.objectId;
}

async function checkEvent(
  { company }: Case,
  { token, template, companies }: Portal,
  id: string,
  objectId: string | undefined,
  why: string,
): Promise<void> {
  const read = (path: string) => server.call('GET', path, undefined, { token });
  const event = await read(eventPath(id, company ? companies : template));
  expect(event.status, why).toBe(200);
  expect(event.json.objectId, why).toBe(objectId);
  if (objectId === undefined) return;
  const timeline = await read(timelinePath(objectId, {}, company ? 'companies' : 'contacts'));
  expect(
    timeline.json.results.map((each: { id: string }) => each.id),
    why,
  ).toContain(id);
}

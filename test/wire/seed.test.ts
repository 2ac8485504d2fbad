// The seed: the one request that everything else exists for, and its answer.
import { afterAll, expect, test } from 'vitest';
import { startDev, TEMPLATE, V3 } from '../harness.js';

const server = await startDev();
afterAll(() => server.close());

const SEED = {
  eventTemplateId: TEMPLATE,
  email: 'art3mis-pup@petspot.com',
  tokens: { petName: 'Art3mis', petAge: 3, petColor: 'black' },
  extraData: {
    questions: [
      { question: "Who's a good girl?", answer: 'Bark!' },
      { question: 'Do you wanna go on a walk?', answer: 'Woof!' },
    ],
  },
  timelineIFrame: {
    linkLabel: 'View Art3mis',
    headerLabel: 'Art3mis dog',
    url: 'https://my.petspot.com/pets/Art3mis',
    width: 600,
    height: 400,
  },
};

test("the seed's event is answered as stored, and reads back the same by its id", async () => {
  const before = Date.now();
  const created = await server.event(SEED);
  expect(created.status).toBe(201);
  const { id, objectId, timestamp, ...rest } = created.json;
  expect(rest).toEqual({
    ...SEED,
    objectType: 'contacts',
    tokens: { petName: 'Art3mis', petAge: '3', petColor: 'black' },
  });
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(objectId).toMatch(/^[1-9][0-9]*$/);
  expect(Date.parse(timestamp)).toBeGreaterThanOrEqual(before);
  expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

  for (const family of [V3, '/crm/v3/timeline']) {
    const read = await server.call('GET', `${family}/events/${TEMPLATE}/${id}`);
    expect(read.status).toBe(200);
    expect(read.text).toBe(created.text);
  }
});

test('the same e-mail in another letter case finds the same contact, and is answered as sent', async () => {
  const first = await server.event({ ...SEED, email: 'case@petspot.com' });
  const second = await server.event({ ...SEED, email: 'CASE@PetSpot.com' });
  expect(second.json.objectId).toBe(first.json.objectId);
  expect(second.json.email).toBe('CASE@PetSpot.com');
});

// What the pages' tests put on the server for a browser to see: events, templates, records, and a whole company.
import { expect } from 'vitest';
import { demo } from '../../dist/demo.js';
import { type Json, V3 } from '../harness.js';
import { foreignUrl, server } from './browser.js';

export async function post(path: string, body: object): Promise<Json> {
  const answer = await server.call('POST', `${V3}/${path}`, body);
  expect(answer.status, answer.text).toBe(201);
  return answer.json;
}

export function send(event: object): Promise<{ objectId: string; objectType: string }> {
  return post('events', event);
}

export async function ours(method: string, path: string, body?: object): Promise<Json> {
  const answer = await server.call(method, path, body);
  expect(answer.status, answer.text).toBeLessThan(300);
  return answer.json;
}

/** Makes a record by hand; its id. */
export async function create(type: string, properties: object, associations: object[] = []): Promise<string> {
  return (await ours('POST', `/crm/v3/objects/${type}`, { properties, associations })).id;
}

/** Sends an event; the path of the record that it stands on. */
export async function sent(event: object): Promise<string> {
  const { objectType, objectId } = await send(event);
  return `/records/${objectType}/${objectId}`;
}

export async function newTemplate(template: object): Promise<string> {
  return (await post(`${demo.appId}/event-templates`, { tokens: [], ...template })).id;
}

export function petWithWindow(window: object = {}): Promise<string> {
  return sent({
    eventTemplateId: demo.templateId,
    id: 'rex-1',
    email: 'rex@x.test',
    tokens: { petName: 'Rex', petAge: 5, petColor: 'brown' },
    timelineIFrame: {
      linkLabel: 'View Rex',
      headerLabel: 'Rex the dog',
      url: foreignUrl,
      width: 600,
      height: 400,
      ...window,
    },
  });
}

let shop: Promise<{ company: string }> | undefined;

/** A company with two contacts and a deal, and events on the company and one of the contacts. */
export function petspot(): Promise<{ company: string }> {
  shop ??= (async () => {
    const founded = '2001-02-03T04:05:06.000Z';
    const properties = {
      name: 'Petspot',
      domain: 'petspot.example',
      phone: '030 1',
      a_first: 'x'.repeat(600),
    };
    const id = await create('companies', { founded, ...properties });
    const to = (associationTypeId: number) => ({
      to: { id },
      types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId }],
    });
    await create('contacts', { email: 'ada@petspot.example' });
    await create('contacts', { firstname: 'Grace', lastname: 'Hopper' }, [to(279)]);
    await create('deals', { dealname: 'Bowls', amount: '12' }, [to(341)]);
    const template = await newTemplate({ name: 'O', objectType: 'companies', headerTemplate: 'Opened' });
    await send({ eventTemplateId: template, objectId: id, timestamp: 1, tokens: {} });
    const inputs = Array.from({ length: 51 }, (_, n) => ({
      eventTemplateId: demo.templateId,
      email: 'ada@petspot.example',
      timestamp: 1_000 * (n + 1),
      tokens: { petName: 'Rex', petAge: 5, petColor: 'brown' },
    }));
    await post('events/batch/create', { inputs });
    return { company: `/records/companies/${id}` };
  })();
  return shop;
}

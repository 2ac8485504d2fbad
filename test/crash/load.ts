// A load of events, and of calls that say who somebody is, over HTTP. It remembers what it sent and what was
// acknowledged, and afterwards holds a server and its folder against both.
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import Database from 'better-sqlite3';
import { expect } from 'vitest';
import { createTenant, type Json, request, V3 } from '../harness.js';
import { dangling } from '../store/folders.js';

export interface Tenant {
  portalId: number;
  appId: number;
  token: string;
  templateId: string;
}

/** A lenient portal with a template, made in the folder and through the server that runs on it. */
export async function tenantWithTemplate(folder: string, baseUrl: string): Promise<Tenant> {
  const { portalId, appId, token } = await createTenant(folder, { lenient: true });
  const { status, json } = await request(
    baseUrl,
    'POST',
    `${V3}/${appId}/event-templates`,
    {
      name: 'Load',
      objectType: 'contacts',
      headerTemplate: '{{nonce}}',
      tokens: [{ name: 'nonce', label: 'Nonce', type: 'string' }],
    },
    { token },
  );
  expect(status).toBe(201);
  return { portalId, appId, token, templateId: json.id };
}

/** Numbers from 0 to 1 that a seed repeats. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `expect` alone is too slow for so many. */
function same(actual: Json, expected: Json): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected);
}

const IDENTITY_CALLS = 0.25;
const UTKS = 12;
/** How many events are read by their id at a time; all are read on their timelines. */
const READ_BY_ID = 150;

export class Load {
  /** Everything that was ever sent, by its nonce. */
  readonly #sent = new Map<string, Json>();
  /** What holds: event id → the last acknowledgement. */
  readonly #acknowledged = new Map<string, Json>();
  /** Event id → nonces that were sent after the last acknowledgement: any of them may have become it. */
  readonly #unsure = new Map<string, string[]>();
  /** The nonces of each batch: such a batch is there whole or not at all. */
  readonly #batches: string[][] = [];
  /** Whose each utk is: the e-mail by the last acknowledgement, and those that were sent after it. */
  readonly #ties = new Map<string, { email?: string; unsure: string[] }>();
  /** Ids of contacts that were acknowledged. */
  readonly #contacts = new Set<string>();
  /** Pairs of contacts whose merge was acknowledged. */
  readonly #merges: [string, string][] = [];
  #nonces = 0;
  #stopped = false;
  acknowledgements = 0;
  identityCalls = 0;
  /** What was said with 503. */
  readonly refusals: { path: string; message: string }[] = [];

  constructor(
    private readonly tenant: Tenant,
    private readonly random: () => number,
    private readonly padding = 300,
  ) {}

  /** Sends over several connections, of one server or in turn of several, until it is gone, or `stop` was called. */
  async run(baseUrls: string | readonly string[], connections: number): Promise<void> {
    this.#stopped = false;
    const servers = [baseUrls].flat();
    await Promise.all(
      Array.from({ length: connections }, async (_, connection) => {
        const baseUrl = servers[connection % servers.length] as string;
        while (!this.#stopped) {
          try {
            if (this.random() < IDENTITY_CALLS) await this.#identity(baseUrl, connection, connections);
            else if (this.random() < 0.7) await this.single(baseUrl, connection);
            else await this.batch(baseUrl);
          } catch (error) {
            if (error instanceof TypeError) return; // fetch's: the connection broke
            throw error;
          }
        }
      }),
    );
  }

  /** Says who a visitor is, by a form or an identify call, or merges two contacts. */
  async #identity(baseUrl: string, connection: number, connections: number): Promise<void> {
    const known = [...this.#contacts];
    const any = () => known[Math.floor(this.random() * known.length)] as string;
    const kind = this.random();
    if (kind < 0.2 && known.length > 3) {
      const [primary, other] = [any(), any()];
      if (primary === other) return;
      const body = { primaryObjectId: primary, objectIdToMerge: other };
      const { status } = await this.#call(baseUrl, '/crm/v3/objects/contacts/merge', body, [200, 503]);
      if (status === 503) return;
      this.#merges.push([primary, other]);
    } else {
      // Only this connection says whose this utk is: so it is known what was said last.
      const utk = `utk-${connection + connections * Math.floor(this.random() * (UTKS / connections))}`;
      const email = `load-${6 + Math.floor(this.random() * 8)}@example.com`;
      const before = this.#ties.get(utk) ?? { unsure: [] };
      this.#ties.set(utk, { ...before, unsure: [...before.unsure, email] });
      const isForm = kind > 0.6;
      const { status, json } = isForm
        ? await this.#call(
            baseUrl,
            `/submissions/v3/integration/submit/${this.tenant.portalId}/${crypto.randomUUID()}`,
            { fields: [{ name: 'email', value: email }], context: { hutk: utk } },
            [200, 503],
          )
        : await this.#call(baseUrl, '/timeline/v1/identify', { utk, email }, [200, 503]);
      if (status === 503) return void this.#ties.set(utk, before); // nothing was stored
      if (!isForm) this.#contacts.add(json.objectId);
      this.#ties.set(utk, { email, unsure: [] });
    }
    this.identityCalls++;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Resolves when that many more were acknowledged. */
  async progress(acknowledgements: number): Promise<void> {
    const aim = this.acknowledgements + acknowledgements;
    while (this.acknowledgements < aim) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  /** One event, with an id of its own that it may have used before, or with none. Answers the status. */
  async single(baseUrl: string, connection = 0): Promise<{ status: number; headers: Headers; json: Json }> {
    const own = this.random() < 0.6;
    const id = own ? `own-${connection}-${Math.floor(this.random() * 200)}` : undefined;
    const event = this.#event(id);
    if (id) this.#unsure.set(id, [...(this.#unsure.get(id) ?? []), event.tokens.nonce]);
    const answer = await this.#post(baseUrl, '/events', event);
    if (answer.status === 201) this.#acknowledge(answer.json);
    else if (id && answer.status === 503) this.#refused(id, event.tokens.nonce);
    return answer;
  }

  async batch(baseUrl: string, size = 1 + Math.floor(this.random() * 60)) {
    const inputs = Array.from({ length: size }, () =>
      this.#event(this.random() < 0.5 ? crypto.randomUUID() : undefined),
    );
    this.#batches.push(inputs.map((event) => event.tokens.nonce));
    const answer = await this.#post(baseUrl, '/events/batch/create', { inputs });
    if (answer.status === 201) {
      expect(answer.json.results).toHaveLength(size);
      for (const result of answer.json.results) this.#acknowledge(result);
    } else if (answer.status === 503) for (const { tokens } of inputs) this.#sent.delete(tokens.nonce);
    return answer;
  }

  /** Every acknowledged event reads back as it was acknowledged, and nothing is there that was not sent whole. */
  async verify(baseUrl: string, folder: string): Promise<void> {
    const { token, templateId, portalId } = this.tenant;
    const get = (path: string) => request(baseUrl, 'GET', path, undefined, { token });
    /** The contact that an id, or an e-mail, stands for now. */
    const contactOf = async (named: string) => {
      const by = named.includes('@') ? '?idProperty=email' : '';
      const { status, json } = await get(`/crm/v3/objects/contacts/${named}${by}`);
      expect(status, `contact ${named} is there`).toBe(200);
      return json.id as string;
    };
    const remains = new Map<string, string>();
    for (const id of this.#contacts) remains.set(id, await contactOf(id));
    for (const [primary, other] of this.#merges)
      expect(remains.get(other), `${other} is merged into ${primary}`).toBe(remains.get(primary));

    const found = new Map<string, Json>();
    const walked = new Set(remains.values());
    for (const objectId of walked)
      for (let after = ''; ; ) {
        const path = `/timeline/v1/records/contacts/${objectId}/events?limit=100${after && `&after=${after}`}`;
        const { status, json } = await get(path);
        expect(status).toBe(200);
        for (const { header, detail, ...event } of json.results) {
          expect(header).toContain(event.tokens.nonce);
          expect(found.has(event.id), `${event.id} stands once`).toBe(false);
          found.set(event.id, event);
        }
        after = json.paging?.next.after ?? '';
        if (after === '') break;
      }
    const ids = [...this.#acknowledged.keys()];
    const sampled = READ_BY_ID / Math.max(READ_BY_ID, ids.length);
    for (const id of ids) {
      const onTimeline = found.get(id);
      if (onTimeline && this.random() > sampled) continue;
      const { status, json } = await get(`${V3}/events/${templateId}/${id}`);
      expect(status, `event ${id} is there`).toBe(200);
      if (onTimeline) same(json, onTimeline);
      // It stands with a visitor, or on a contact of whom nothing was acknowledged.
      else expect(walked.has(json.objectId), `${id} is missing on its timeline`).toBe(false);
      found.set(id, json);
    }
    for (const [id, acknowledged] of this.#acknowledged) {
      const now = found.get(id);
      if (now.tokens.nonce === acknowledged.tokens.nonce) {
        const { objectId: on, ...event } = now;
        const { objectId: was, ...said } = acknowledged;
        same(event, said);
        if (was !== undefined) expect(on, `${id} is where it was filed`).toBe(remains.get(was));
      } else expect(this.#unsure.get(id), `a version of ${id}`).toContain(now.tokens.nonce);
      this.#whole(now);
      this.#acknowledged.set(id, now); // what it turned out to be holds from now on
      if (now.objectId !== undefined) this.#contacts.add(now.objectId);
    }
    this.#unsure.clear();

    for (const [utk, { email, unsure }] of this.#ties) {
      const event = { ...this.#event(undefined), utk };
      delete event.objectId;
      delete event.email;
      this.#sent.set(event.tokens.nonce, event);
      const { json } = await this.#post(baseUrl, '/events', event);
      this.#acknowledge(json);
      const may = email === undefined ? unsure : [email, ...unsure];
      const owners = await Promise.all(
        may.map(async (each) => (await get(`/crm/v3/objects/contacts/${each}?idProperty=email`)).json.id),
      );
      if (email === undefined) owners.push(undefined);
      expect(owners, `whose ${utk} is`).toContain(json.objectId);
      const settled = json.objectId === undefined ? undefined : may[owners.indexOf(json.objectId)];
      if (settled === undefined) this.#ties.delete(utk);
      else this.#ties.set(utk, { email: settled, unsure: [] });
    }

    const db = new Database(join(folder, 'throughline.sqlite'), { readonly: true });
    try {
      expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
      expect(dangling(db)).toEqual([]);
      const bodies = db.prepare('SELECT id, body FROM event WHERE portal = ?').all(portalId) as {
        id: string;
        body: string;
      }[];
      const there = new Set(bodies.map(({ id, body }) => this.#whole({ id, ...JSON.parse(body) })));
      expect(there.size).toBe(bodies.length);
      for (const batch of this.#batches) {
        const found = batch.filter((nonce) => there.has(nonce)).length;
        expect([0, batch.length], 'a batch is there whole or not at all').toContain(found);
      }
      const unlike = db.prepare(`
        SELECT place, timestamp, seq, template FROM event EXCEPT SELECT place, timestamp, seq, template FROM timeline`);
      expect(unlike.all()).toEqual([]);
      const counts = db.prepare('SELECT (SELECT count(*) FROM event) - (SELECT count(*) FROM timeline)');
      expect(counts.pluck().get()).toBe(0);
    } finally {
      db.close();
    }
  }

  /** That the event is one that was sent, every part of it. Answers its nonce. */
  #whole(event: Json): string {
    const { nonce } = event.tokens;
    const sent = this.#sent.get(nonce);
    expect(sent, `${nonce} was sent`).toBeDefined();
    for (const [field, value] of Object.entries(sent)) if (field !== 'objectId') same(event[field], value); // which may have been merged into another
    return nonce;
  }

  #event(id: string | undefined): Json {
    const nonce = `n${this.#nonces++}`;
    const who = Math.floor(this.random() * 16);
    const about =
      who < 6
        ? { objectId: String(who + 1) }
        : who < 12
          ? { email: `load-${who}@example.com` }
          : { utk: `utk-${Math.floor(this.random() * UTKS)}` };
    const event = {
      eventTemplateId: this.tenant.templateId,
      ...(id === undefined ? {} : { id }),
      ...about,
      timestamp: new Date(1_700_000_000_000 + Math.floor(this.random() * 1e9)).toISOString(),
      tokens: { nonce },
      extraData: { nonce, pad: nonce.repeat(1 + Math.floor((this.random() * this.padding) / nonce.length)) },
    };
    this.#sent.set(nonce, event);
    return event;
  }

  async #post(baseUrl: string, path: string, body: Json) {
    return this.#call(baseUrl, `${V3}${path}`, body, [201, 503]);
  }

  async #call(baseUrl: string, path: string, body: Json, statuses: number[]) {
    const answer = await request(baseUrl, 'POST', path, body, { token: this.tenant.token });
    expect(statuses, answer.text).toContain(answer.status);
    if (answer.status === 503) this.refusals.push({ path, message: answer.json.message });
    return answer;
  }

  #acknowledge(event: Json): void {
    this.acknowledgements++;
    this.#whole(event);
    this.#acknowledged.set(event.id, event);
    this.#unsure.delete(event.id);
    if (event.objectId !== undefined) this.#contacts.add(event.objectId);
  }

  /** It was said that nothing was stored: then its nonce must never be seen. */
  #refused(id: string, nonce: string): void {
    this.#sent.delete(nonce);
    this.#unsure.set(id, this.#unsure.get(id)?.filter((each) => each !== nonce) ?? []);
  }
}

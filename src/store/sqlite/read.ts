// Reads on a read-only connection of the calling thread. Rows become the ground's own types here. What is read in one
// turn of the event loop is of one moment: opening and closing a transaction costs more than most reads.
import type { AdminKey, App, IssuedToken, PageOf, Portal } from '../../access/store.js';
import type { IdentifiedBy } from '../../records/identity.js';
import {
  type CrmRecord,
  isCustom,
  numberOf,
  OBJECT_TYPES,
  type PropertyChange,
  type RecordKey,
  type RecordName,
} from '../../records/record.js';
import { Refusal } from '../../refusal.js';
import {
  type Cursor,
  MAX_CONTACTS_ON_TIMELINE,
  MAX_PLACES_ON_TIMELINE,
  type StoredEvent,
  type TimelineEvent,
} from '../../timeline/store.js';
import type { Template } from '../../timeline/template.js';
import { hashesOf, tokenId } from './admin.js';
import { consentReads } from './consents.js';
import { type Connection, IDENTITY_VALUE, LIMIT, PROPERTY_OF_RECORD } from './database.js';
import type { Store } from './engine.js';
import { importReader } from './imports.js';
import { MADE, madeIds } from './made_ids.js';
import { placesFinder } from './records.js';
import { timelineReader } from './timeline_index.js';

type Reads = Pick<
  Store,
  { [Name in keyof Store]: ReturnType<Store[Name]> extends Promise<unknown> ? never : Name }[keyof Store]
> & {
  /** The contact that an e-mail stands for, if the index has it already: see email_owners.ts. */
  emailOwner(portalId: number, key: string): number | undefined;
};

/** How many of a portal's newest events are looked at to find the records that were active last. */
const RECENT_EVENTS = 2_000;
/** Of all portals' newest events, so many are looked through for them: some milliseconds. */
const EVENTS_LOOKED_THROUGH = 20_000;
/** SQLite takes a negative limit as none. */
const ALL: PageOf<number> = { after: -1, limit: -1 };
const AFTER_ALL: Cursor = { timestamp: Number.MAX_SAFE_INTEGER, seq: Number.MAX_SAFE_INTEGER };

export function reader(db: Connection): { reads: Reads; renew(): void } {
  const begin = db.prepare('BEGIN');
  const end = db.prepare('COMMIT');
  function renew(): void {
    if (db.inTransaction) end.run();
  }
  /** The same reads, each within the moment that this turn reads. */
  function ofOneMoment(reads: Reads): Reads {
    const within =
      (read: (...args: never[]) => unknown) =>
      (...args: never[]) => {
        if (!db.inTransaction) {
          begin.run();
          setImmediate(renew);
        }
        return read(...args);
      };
    return Object.fromEntries(
      Object.entries(reads).map(([name, read]) => [name, within(read)]),
    ) as unknown as Reads;
  }

  const ids = madeIds(db);
  const columns = 'e.seq, e.template, e.id, e.timestamp, e.received_at, e.identified_by, e.body';
  const event = (which: string) =>
    db
      .prepare(`
      SELECT ${columns}, p.object_id FROM event e CROSS JOIN place p ON p.id = e.place
      WHERE e.portal = ? AND e.template = ? AND e.id = ? AND ${which}`)
      .raw();
  const sentEvent = event("e.id <> ''");
  const madeEvent = event('e.seq = ? AND e.received_at = ?');
  const eventAt = db.prepare(`SELECT ${columns} FROM event e WHERE e.seq = ?`).raw();
  const places = placesFinder(db);
  const page = timelineReader(db);

  const record = db.prepare(`
    SELECT id, place, merged_into AS mergedInto, archived_at AS archivedAt, created_at AS createdAt, updated_at AS updatedAt
    FROM record WHERE portal = ? AND object_type = ? AND id = ?`);
  const identities = db.prepare(`
    SELECT kind, ${IDENTITY_VALUE} AS value, is_primary AS isPrimary FROM identity
    WHERE portal = ? AND object_id = ? ORDER BY kind, key`);
  const emailOwner = db
    .prepare("SELECT object_id FROM identity_owner WHERE portal = ? AND kind = 'email' AND key = ?")
    .pluck();
  const merged = db
    .prepare('SELECT id FROM record WHERE portal = ? AND object_type = ? AND merged_into = ? ORDER BY id')
    .pluck();
  const property = db
    .prepare("SELECT value FROM property WHERE place = ? AND name = ? AND value <> ''")
    .pluck();
  const propertyNames = db
    .prepare('SELECT name FROM property WHERE place = ? AND octet_length(value) > 0 ORDER BY name')
    .pluck();
  const listed = (from: string, archived: 'NULL' | 'NOT NULL') =>
    db
      .prepare(`
      SELECT id FROM ${from}
      WHERE portal = ? AND object_type = ? AND id > ? AND merged_into IS NULL AND archived_at IS ${archived}
      ORDER BY id ${LIMIT}`)
      .pluck();
  const live = listed('record', 'NULL');
  const archived = listed('record INDEXED BY record_archived', 'NOT NULL');
  const associated = db
    .prepare(`
    SELECT a.to_id FROM association a CROSS JOIN record r
      ON r.portal = a.portal AND r.object_type = a.to_type AND r.id = a.to_id
    WHERE a.portal = ? AND a.from_type = ? AND a.from_id = ? AND a.to_type = ? AND a.to_id > ?
      AND r.archived_at IS NULL
    ORDER BY a.to_id ${LIMIT}`)
    .pluck();
  const changes = db.prepare(`
    SELECT c.value, c.at, c.source
    FROM json_each(?) p CROSS JOIN property_change c ON c.place = p.value AND c.name = ?
    WHERE c.value = coalesce(?, c.value)
    ORDER BY c.at DESC, c.seq DESC ${LIMIT}`);
  const recent = db.prepare(`
    SELECT p.object_type AS type, p.object_id AS id
    FROM (
      SELECT seq, place FROM event
      WHERE portal = ? AND seq > (SELECT max(seq) FROM event) - ${EVENTS_LOOKED_THROUGH}
      ORDER BY seq DESC LIMIT ${RECENT_EVENTS}) e CROSS JOIN place p ON p.id = e.place
    WHERE p.object_id IS NOT NULL
    GROUP BY p.object_type, p.object_id ORDER BY max(e.seq) DESC ${LIMIT}`);
  const newestOfType = db.prepare(`
    SELECT object_type AS type, id, updated_at AS updatedAt FROM record
    WHERE portal = ? AND object_type = ? AND merged_into IS NULL AND archived_at IS NULL
    ORDER BY id DESC ${LIMIT}`);

  const definitions = db
    .prepare('SELECT body FROM definition WHERE portal = ? AND object_type = ? ORDER BY kind, name')
    .pluck();

  const byUnique = db
    .prepare(`
    SELECT r.id FROM ${PROPERTY_OF_RECORD}
    WHERE p.unique_key = ? AND r.portal = ? AND r.object_type = ? AND r.archived_at IS NULL LIMIT 1`)
    .pluck();
  const schemas = db.prepare('SELECT n, body FROM object_schema WHERE portal = ? ORDER BY n');
  const met = (which: string) =>
    db
      .prepare(`
      SELECT 1 FROM object_schema s JOIN installation i ON i.portal = s.portal AND i.app = ?
      WHERE ${which} AND s.archived_at IS NULL LIMIT 1`)
      .pluck();
  const metById = met('s.n = ?');
  const metByName = met('s.name = ?');
  const metInPortal = met('s.portal = ? AND s.name = ?');

  const portals = db.prepare(`SELECT * FROM portal WHERE id > ? ORDER BY id ${LIMIT}`);
  const portal = db.prepare('SELECT * FROM portal WHERE id = ?');
  const apps = db.prepare(`SELECT * FROM app WHERE id > ? ORDER BY id ${LIMIT}`);
  const app = db.prepare('SELECT * FROM app WHERE id = ?');
  const installed = db.prepare(`
    SELECT app.* FROM installation i JOIN app ON app.id = i.app WHERE i.portal = ? AND i.app > ? ORDER BY i.app ${LIMIT}`);
  const tokens = db.prepare(
    'SELECT hash, portal, app, scopes, created_at FROM access_token WHERE consent IS NULL ORDER BY created_at',
  );
  const tokensOf = db.prepare(`
    SELECT hash, portal, app, scopes, created_at FROM access_token
    WHERE portal = ? AND hash > ? AND consent IS NULL ORDER BY hash ${LIMIT}`);
  const adminKeys = db.prepare('SELECT id, name, created_at AS createdAt FROM admin_key ORDER BY id');
  const adminKey = db.prepare('SELECT 1 FROM admin_key WHERE hash = ?').pluck();
  const principal = db.prepare(`
    SELECT portal.*, t.app, t.scopes, t.expires_at, c.user_id, c.user_email
    FROM access_token t JOIN portal ON portal.id = t.portal LEFT JOIN consent c ON c.id = t.consent WHERE t.hash = ?`);
  const client = db.prepare('SELECT * FROM app WHERE client_id = ?');
  const developer = db.prepare('SELECT id FROM app WHERE developer_key_hash = ?').pluck();

  const template = db.prepare('SELECT * FROM template WHERE id = ? AND archived_at IS NULL');
  const templates = db.prepare('SELECT * FROM template WHERE app = ? AND archived_at IS NULL ORDER BY id');
  const templateBytes = db
    .prepare(`
    SELECT coalesce(sum(octet_length(name) + coalesce(octet_length(header_template), 0)
      + coalesce(octet_length(detail_template), 0) + octet_length(tokens)), 0)
    FROM template WHERE app = ? AND archived_at IS NULL AND id <> ?`)
    .pluck();

  function toEvent(
    [seq, templateId, sentId, timestamp, receivedAt, identifiedBy, body]: readonly [
      ...EventRow,
      ...unknown[],
    ],
    objectId: number | null,
    id = sentId === MADE ? ids.of(seq, receivedAt) : sentId,
  ): StoredEvent {
    // What follows a spread in a literal is defined by slow calls, which took half as long as the read.
    const event: StoredEvent = { templateId, id, timestamp, receivedAt, identifiedBy, body };
    if (objectId !== null) event.objectId = objectId;
    return event;
  }

  function toRecord(key: RecordKey, row: RecordRow): CrmRecord {
    const { portalId, type } = key;
    const owned = type === 'contacts' ? (identities.all(portalId, row.id) as IdentityRow[]) : [];
    const emails = owned.filter((each) => each.kind === 'email');
    const primary = emails.find((each) => each.isPrimary === 1);
    return {
      ...key,
      ...(primary ? { email: primary.value } : {}),
      additionalEmails: emails.filter((each) => each !== primary).map((each) => each.value),
      utks: owned.filter((each) => each.kind === 'utk').map((each) => each.value),
      mergedIds: merged.all(portalId, type, row.id) as number[],
      properties: {
        get: (name) => property.get(row.place, name) as string | undefined,
        keys: () => (propertyNames.all(row.place) as string[]).values(),
      },
      createdAt: row.createdAt,
      updatedAt: row.updatedAt,
    };
  }

  function readRecord(key: RecordKey): CrmRecord | undefined {
    const row = record.get(key.portalId, key.type, key.id) as RecordRow | undefined;
    if (!row || row.archivedAt !== null) return undefined;
    return row.mergedInto === null ? toRecord(key, row) : readRecord({ ...key, id: row.mergedInto });
  }

  function readArchived(key: RecordKey): (CrmRecord & { archivedAt: number }) | undefined {
    const row = record.get(key.portalId, key.type, key.id) as RecordRow | undefined;
    if (row && row.mergedInto !== null) return readArchived({ ...key, id: row.mergedInto });
    return row && row.archivedAt !== null ? { ...toRecord(key, row), archivedAt: row.archivedAt } : undefined;
  }

  function contactsOf({ portalId, type, id }: RecordKey): RecordName[] {
    const ids = associated.all(portalId, type, id, 'contacts', 0, MAX_CONTACTS_ON_TIMELINE + 1) as number[];
    if (ids.length > MAX_CONTACTS_ON_TIMELINE)
      throw tooManyOnTimeline(`${MAX_CONTACTS_ON_TIMELINE} contacts belong to this record`);
    return ids.map((each) => ({ type: 'contacts', id: each }));
  }

  const reads: Reads = {
    ...importReader(db),

    event(portalId, templateId, id) {
      const made = ids.read(id);
      const row = ((made && madeEvent.get(portalId, templateId, MADE, made.seq, made.receivedAt)) ??
        sentEvent.get(portalId, templateId, id)) as [...EventRow, objectId: number | null] | undefined;
      return row && toEvent(row, row[7], id);
    },

    timeline(key, query) {
      const {
        limit,
        chars = Number.POSITIVE_INFINITY,
        from = Number.MIN_SAFE_INTEGER,
        withContacts = false,
      } = query;
      const before = earlier(query.after ?? AFTER_ALL, {
        timestamp: query.to ?? AFTER_ALL.timestamp,
        seq: 0,
      });
      const standing = new Map<number, RecordName>(); // at which place
      for (const record of withContacts ? [key, ...contactsOf(key)] : [key])
        for (const place of places(key.portalId, record.type, record.id))
          standing.set(place, { type: record.type, id: record.id });
      if (withContacts && standing.size > MAX_PLACES_ON_TIMELINE)
        throw tooManyOnTimeline(`${MAX_PLACES_ON_TIMELINE} visitors are contacts of this record`);
      const found = page([...standing.keys()], {
        before,
        from,
        template: query.templateId,
        limit: limit + 1,
      });
      const events: TimelineEvent[] = [];
      let read = 0;
      for (const { place, seq } of found.slice(0, limit)) {
        const record = standing.get(place) as RecordName;
        const event: TimelineEvent = toEvent(eventAt.get(seq) as EventRow, record.id);
        read += event.body.length;
        if (read > chars && events.length > 0) break;
        if (withContacts) event.record = record;
        events.push(event);
      }
      const last = found[events.length - 1];
      const goesOn = found.length > events.length && last;
      return { events, ...(goesOn ? { next: { timestamp: last.timestamp, seq: last.seq } } : {}) };
    },

    record: readRecord,

    archivedRecord: readArchived,

    records(portalId, type, page) {
      const ids = (page.archived ? archived : live).all(portalId, type, page.after, page.limit) as number[];
      const find = page.archived ? readArchived : readRecord;
      return ids.flatMap((id) => find({ portalId, type, id }) ?? []);
    },

    associated({ portalId, type, id }, to, page) {
      const row = record.get(portalId, type, id) as RecordRow | undefined;
      if (!row || row.archivedAt !== null) return [];
      return associated.all(portalId, type, id, to, page.after, page.limit) as number[];
    },

    history: ({ portalId, type, id }, name, limit, value) =>
      changes.all(JSON.stringify(places(portalId, type, id)), name, value ?? null, limit) as PropertyChange[],

    emailOwner: (portalId, key) => emailOwner.get(portalId, key) as number | undefined,

    recordByUnique(portalId, type, key) {
      const id = byUnique.get(key, portalId, type) as number | undefined;
      return id === undefined ? undefined : readRecord({ portalId, type, id });
    },

    recentRecords(portalId, limit) {
      const active = recent.all(portalId, limit) as RecordName[];
      const isActive = new Set(active.map(({ type, id }) => `${type} ${id}`));
      // A portal that is quiet beside a busy one has few or none among those.
      const others =
        active.length === limit
          ? []
          : [...OBJECT_TYPES, ...reads.schemas(portalId).map(({ type }) => type)]
              .flatMap((type) => newestOfType.all(portalId, type, limit) as (RecordName & RecordRow)[])
              .filter(({ type, id }) => !isActive.has(`${type} ${id}`))
              .sort((a, b) => b.updatedAt - a.updatedAt || b.id - a.id);
      return [...active, ...others.slice(0, limit - active.length)].flatMap(
        ({ type, id }) => readRecord({ portalId, type, id }) ?? [],
      );
    },

    definitions: (portalId, type) =>
      (definitions.all(portalId, type) as string[]).map((body) => JSON.parse(body)),

    schemas: (portalId) =>
      (schemas.all(portalId) as { n: number; body: string }[]).map(({ n, body }) => ({
        ...JSON.parse(body),
        type: `2-${n}`,
      })),
    appMeetsSchema(appId, name) {
      if (isCustom(name)) return metById.get(appId, numberOf(name)) !== undefined;
      const [, portal, own] = /^p(\d{1,15})_(.+)$/.exec(name) ?? [];
      return portal === undefined
        ? metByName.get(appId, name) !== undefined
        : metInPortal.get(appId, Number(portal), own) !== undefined;
    },

    portals: ({ after, limit } = ALL) => (portals.all(after, limit) as PortalRow[]).map(toPortal),
    portal: (id) => optional(portal.get(id) as PortalRow | undefined, toPortal),
    apps: ({ after, limit } = ALL) => (apps.all(after, limit) as AppRow[]).map(toApp),
    app: (id) => optional(app.get(id) as AppRow | undefined, toApp),
    installed: (portalId, { after, limit } = ALL) =>
      (installed.all(portalId, after, limit) as AppRow[]).map(toApp),
    tokens: () => (tokens.all() as TokenRow[]).map(toToken),
    tokensOf: (portalId, { after, limit }) =>
      (tokensOf.all(portalId, hashesOf(after).last, limit) as TokenRow[]).map(toToken),
    adminKeys: () => adminKeys.all() as AdminKey[],
    isAdminKey: (hash) => adminKey.get(hash) !== undefined,
    principalByToken(hash) {
      const row = principal.get(hash) as (PortalRow & PrincipalRow) | undefined;
      return (
        row && {
          portal: toPortal(row),
          appId: row.app,
          scopes: JSON.parse(row.scopes),
          ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
          ...(row.user_id === null ? {} : { user: { id: row.user_id, email: row.user_email } }),
        }
      );
    },
    client(clientId) {
      const row = client.get(clientId) as (AppRow & { client_secret_hash: Uint8Array | null }) | undefined;
      return (
        row && {
          app: toApp(row),
          ...(row.client_secret_hash === null ? {} : { secretHash: row.client_secret_hash }),
        }
      );
    },
    ...consentReads(db),
    appIdByDeveloperKey: (hash) => developer.get(hash) as number | undefined,

    template: (id) => optional(template.get(id) as TemplateRow | undefined, toTemplate),
    templates: (appId) => (templates.all(appId) as TemplateRow[]).map(toTemplate),
    templateBytes: (appId, without = 0) => templateBytes.get(appId, without) as number,
  };
  return { reads: ofOneMoment(reads), renew };
}

type EventRow = [
  seq: number,
  template: number,
  id: string,
  timestamp: number,
  receivedAt: number,
  identifiedBy: IdentifiedBy,
  body: string,
];
interface RecordRow {
  id: number;
  place: number;
  mergedInto: number | null;
  archivedAt: number | null;
  createdAt: number;
  updatedAt: number;
}
interface IdentityRow {
  kind: 'email' | 'utk';
  value: string;
  isPrimary: number;
}
interface PortalRow {
  id: number;
  name: string;
  lenient: number;
  time_zone: string | null;
  associate_by_domain: number;
}
interface PrincipalRow {
  app: number;
  scopes: string;
  expires_at: number | null;
  user_id: number | null;
  user_email: string;
}
interface AppRow {
  id: number;
  name: string;
  client_id: string;
  redirect_uris: string;
  scopes: string;
}
interface TokenRow {
  hash: Uint8Array;
  portal: number;
  app: number;
  scopes: string;
  created_at: number;
}
interface TemplateRow {
  id: number;
  app: number;
  object_type: string;
  name: string;
  header_template: string | null;
  detail_template: string | null;
  tokens: string;
  created_at: number;
  updated_at: number;
  version: number;
}

function optional<Row, Value>(row: Row | undefined, to: (row: Row) => Value): Value | undefined {
  return row === undefined ? undefined : to(row);
}

function tooManyOnTimeline(what: string): Refusal {
  return new Refusal(
    'invalid',
    `more than ${what}: too many for one timeline; read the contacts' one by one`,
  );
}

function earlier(a: Cursor, b: Cursor): Cursor {
  return a.timestamp < b.timestamp || (a.timestamp === b.timestamp && a.seq < b.seq) ? a : b;
}

function toPortal(row: PortalRow): Portal {
  return {
    id: row.id,
    name: row.name,
    lenient: row.lenient === 1,
    ...(row.time_zone === null ? {} : { timeZone: row.time_zone }),
    ...(row.associate_by_domain === 1 ? {} : { associateByDomain: false as const }),
  };
}

function toApp(row: AppRow): App {
  return {
    id: row.id,
    name: row.name,
    clientId: row.client_id,
    redirectUris: JSON.parse(row.redirect_uris),
    scopes: JSON.parse(row.scopes),
  };
}

function toToken(row: TokenRow): IssuedToken {
  return {
    id: tokenId(row.hash),
    portalId: row.portal,
    appId: row.app,
    scopes: JSON.parse(row.scopes),
    createdAt: row.created_at,
  };
}

function toTemplate(row: TemplateRow): Template {
  return {
    id: row.id,
    appId: row.app,
    objectType: row.object_type,
    name: row.name,
    ...(row.header_template === null ? {} : { headerTemplate: row.header_template }),
    ...(row.detail_template === null ? {} : { detailTemplate: row.detail_template }),
    tokens: JSON.parse(row.tokens),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    version: row.version,
  };
}

// Writes to portals, apps, tokens, consents, people, admin keys and templates, on the writer's connection; each in a
// transaction of its own.
import type { AccessStore, AppChange, NewApp, PortalChange } from '../../access/store.js';
import type { TimelineStore } from '../../timeline/store.js';
import type { Template, TemplateToken } from '../../timeline/template.js';
import { consentWrites } from './consents.js';
import type { Connection } from './database.js';

type NewPortal = Parameters<AccessStore['createPortal']>[0];
type NewToken = Parameters<AccessStore['createToken']>[0];
type NewTemplate = Parameters<TimelineStore['createTemplate']>[0];

export function admin(db: Connection) {
  const addPortal = db.prepare(`
    INSERT INTO portal (id, name, lenient, time_zone, associate_by_domain) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (id) DO NOTHING`);
  const addApp = db.prepare(`
    INSERT INTO app (id, name, client_id, client_secret_hash, developer_key_hash, redirect_uris, scopes)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`);
  const install = db.prepare('INSERT INTO installation (portal, app) VALUES (?, ?) ON CONFLICT DO NOTHING');
  const addToken = db.prepare(
    'INSERT INTO access_token (hash, portal, app, scopes, created_at) VALUES (?, ?, ?, ?, ?)',
  );
  const changePortal = db.prepare(`
    UPDATE portal SET name = coalesce(@name, name), lenient = coalesce(@lenient, lenient),
      time_zone = iif(@setsZone, @timeZone, time_zone), associate_by_domain = coalesce(@associate, associate_by_domain)
    WHERE id = @id`);
  const changeApp = db.prepare(`
    UPDATE app SET name = coalesce(@name, name), redirect_uris = coalesce(@redirectUris, redirect_uris),
      scopes = coalesce(@scopes, scopes), client_secret_hash = coalesce(@secret, client_secret_hash),
      developer_key_hash = coalesce(@key, developer_key_hash)
    WHERE id = @id`);
  const dropTokens = db.prepare('DELETE FROM access_token WHERE portal = ? AND app = ?');
  const dropInstallation = db.prepare('DELETE FROM installation WHERE portal = ? AND app = ?');
  const dropToken = db.prepare('DELETE FROM access_token WHERE portal = ? AND hash BETWEEN ? AND ?');
  const addAdminKey = db.prepare('INSERT INTO admin_key (hash, name, created_at) VALUES (?, ?, ?)');
  const dropAdminKey = db.prepare('DELETE FROM admin_key WHERE id = ?');
  const addTemplate = db.prepare(`
    INSERT INTO template (id, app, object_type, name, header_template, detail_template, tokens, created_at, updated_at)
    SELECT @id, @app, @objectType, @name, @header, @detail, @tokens, @createdAt, @updatedAt
    WHERE (SELECT count(*) FROM template WHERE app = @app AND archived_at IS NULL) < @max
    ON CONFLICT (id) DO UPDATE SET archived_at = NULL`);
  const saveTemplate = db.prepare(`
    UPDATE template SET name = @name, header_template = @header, detail_template = @detail, tokens = @tokens,
      updated_at = @updatedAt, version = version + 1
    WHERE id = @id AND version = @version AND archived_at IS NULL`);
  const archiveTemplate = db.prepare(
    'UPDATE template SET archived_at = ? WHERE id = ? AND archived_at IS NULL',
  );
  const texts = (template: Omit<Template, 'id' | 'version'>) => ({
    name: template.name,
    header: template.headerTemplate ?? null,
    detail: template.detailTemplate ?? null,
    tokens: JSON.stringify(template.tokens satisfies readonly TemplateToken[]),
    updatedAt: template.updatedAt,
  });

  const consents = consentWrites(db);
  return {
    ...consents,
    createPortal({ id, name, lenient, timeZone, associateByDomain }: NewPortal): number {
      const { lastInsertRowid } = addPortal.run(
        id ?? null,
        name,
        lenient ? 1 : 0,
        timeZone ?? null,
        associateByDomain === false ? 0 : 1,
      );
      return id ?? Number(lastInsertRowid);
    },
    createApp({ id, ...app }: NewApp & { id?: number }): number {
      const { lastInsertRowid } = addApp.run(
        id ?? null,
        app.name,
        app.clientId,
        app.clientSecretHash ?? null,
        app.developerKeyHash ?? null,
        JSON.stringify(app.redirectUris),
        JSON.stringify(app.scopes),
      );
      return id ?? Number(lastInsertRowid);
    },
    createToken({ hash, portalId, appId, scopes }: NewToken, now: number): string {
      install.run(portalId, appId);
      addToken.run(hash, portalId, appId, JSON.stringify(scopes), now);
      return tokenId(hash);
    },
    changePortal(id: number, change: PortalChange): boolean {
      const { name, lenient, timeZone, associateByDomain } = change;
      const { changes } = changePortal.run({
        id,
        name: name ?? null,
        lenient: flag(lenient),
        setsZone: timeZone === undefined ? 0 : 1,
        timeZone: timeZone ?? null,
        associate: flag(associateByDomain),
      });
      return changes === 1;
    },
    changeApp(id: number, change: AppChange): boolean {
      const { name, redirectUris, scopes, clientSecretHash, developerKeyHash } = change;
      const { changes } = changeApp.run({
        id,
        name: name ?? null,
        redirectUris: redirectUris ? JSON.stringify(redirectUris) : null,
        scopes: scopes ? JSON.stringify(scopes) : null,
        secret: clientSecretHash ?? null,
        key: developerKeyHash ?? null,
      });
      return changes === 1;
    },
    install(portalId: number, appId: number): void {
      install.run(portalId, appId);
    },
    uninstall(portalId: number, appId: number): boolean {
      dropTokens.run(portalId, appId);
      consents.endConsents(portalId, appId);
      return dropInstallation.run(portalId, appId).changes === 1;
    },
    revokeToken(portalId: number, id: string): boolean {
      const { first, last } = hashesOf(id);
      return id !== '' && dropToken.run(portalId, first, last).changes > 0;
    },
    createAdminKey: ({ name, hash }: { name: string; hash: Uint8Array }, now: number): number =>
      Number(addAdminKey.run(hash, name, now).lastInsertRowid),
    revokeAdminKey: (id: number): boolean => dropAdminKey.run(id).changes === 1,
    createTemplate({ id, ...template }: NewTemplate, max: number): number | undefined {
      const { changes, lastInsertRowid } = addTemplate.run({
        ...texts(template),
        id: id ?? null,
        app: template.appId,
        objectType: template.objectType,
        createdAt: template.createdAt,
        max,
      });
      if (changes === 0) return undefined;
      return id ?? Number(lastInsertRowid);
    },
    saveTemplate({ id, version, ...template }: Template): boolean {
      return saveTemplate.run({ ...texts(template), id, version }).changes === 1;
    },
    archiveTemplate(id: number, at: number): void {
      archiveTemplate.run(at, id);
    },
  };
}

/** NULL leaves a column as it is. */
function flag(value: boolean | null | undefined): 0 | 1 | null {
  return value == null ? null : value ? 1 : 0;
}

/** The beginning of its digest: enough to tell tokens apart, and of no use to find one. */
export function tokenId(hash: Uint8Array): string {
  return Buffer.from(hash.subarray(0, 8)).toString('hex');
}

const HASH_BYTES = 32;

/** Between which digests the token with this id is. No id: before all. */
export function hashesOf(id: string): { first: Uint8Array; last: Uint8Array } {
  const bytes = Buffer.from(id, 'hex');
  const upTo = (filler: number) => Buffer.concat([bytes, Buffer.alloc(HASH_BYTES - bytes.length, filler)]);
  return { first: upTo(0), last: bytes.length === 0 ? bytes : upTo(0xff) };
}

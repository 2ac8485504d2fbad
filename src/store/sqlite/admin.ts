// Writes to portals, apps, tokens, consents, people and templates, on the writer's connection; each in a transaction of its own.
import type { AccessStore } from '../../access/store.js';
import type { TimelineStore } from '../../timeline/store.js';
import type { Template, TemplateToken } from '../../timeline/template.js';
import { consentWrites } from './consents.js';
import type { Connection } from './database.js';

type NewPortal = Parameters<AccessStore['createPortal']>[0];
type NewApp = Parameters<AccessStore['createApp']>[0];
type NewToken = Parameters<AccessStore['createToken']>[0];
type NewTemplate = Parameters<TimelineStore['createTemplate']>[0];

/** What the writer thread does besides appending, by name. */
export type Admin = ReturnType<typeof admin>;

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

  return {
    ...consentWrites(db),
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
    createApp({ id, ...app }: NewApp): number {
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
    createToken({ hash, portalId, appId, scopes }: NewToken, now: number): void {
      install.run(portalId, appId);
      addToken.run(hash, portalId, appId, JSON.stringify(scopes), now);
    },
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

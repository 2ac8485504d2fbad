// What every storage engine promises about portals, apps, their tokens and keys, and admin keys.
import { describe, expect, test } from 'vitest';
import { digest, newSecret } from '../../dist/access/credentials.js';
import { newApp, type Place, type Store, tenantOf } from './support.js';

export function accessConformance(store: Store, createPlace: () => Promise<Place>): void {
  describe('access', () => {
    test('portals and apps read back; a given id that exists is left as it is', async () => {
      const portalId = await store.createPortal({
        name: 'Zürich',
        lenient: true,
        timeZone: 'Europe/Zurich',
      });
      const portal = { id: portalId, name: 'Zürich', lenient: true, timeZone: 'Europe/Zurich' };
      expect(store.portal(portalId)).toEqual(portal);
      expect(store.portals()).toContainEqual(portal);
      expect(await store.createPortal({ id: portalId, name: 'Other', lenient: false })).toBe(portalId);
      expect(store.portal(portalId)).toEqual(portal);
      expect(await store.createPortal({ id: 4711, name: 'Given', lenient: false })).toBe(4711);
      expect(store.portal(4711)).toEqual({ id: 4711, name: 'Given', lenient: false });
      expect(store.portal(4712)).toBeUndefined();

      const given = {
        name: 'App',
        clientId: crypto.randomUUID(),
        redirectUris: ['https://x/y'],
        scopes: ['a', 'b'],
      };
      const appId = await store.createApp(given);
      expect(store.app(appId)).toEqual({ id: appId, ...given });
      expect(store.apps()).toContainEqual({ id: appId, ...given });
      expect(await store.createApp({ ...given, id: appId, name: 'Other' })).toBe(appId);
      expect(store.app(appId)?.name).toBe('App');
      expect(store.app(4712)).toBeUndefined();
    });

    test('a token is found by its digest alone, with its portal, app and scopes', async () => {
      const { portalId } = await tenantOf(store);
      const key = newSecret('key');
      const appId = await newApp(store, { developerKeyHash: digest(key) });
      const [one, two] = [newSecret('token'), newSecret('token')];
      await store.createToken({ hash: digest(one), portalId, appId, scopes: ['timeline'] });
      await store.createToken({ hash: digest(two), portalId, appId, scopes: [] });
      expect(store.principalByToken(digest(one))).toEqual({
        portal: store.portal(portalId),
        appId,
        scopes: ['timeline'],
      });
      expect(store.principalByToken(digest(two))?.scopes).toEqual([]);
      expect(store.principalByToken(digest(`${one} `))).toBeUndefined();
      expect(store.principalByToken(Buffer.from(one))).toBeUndefined();
      expect(store.appIdByDeveloperKey(digest(key))).toBe(appId);
      expect(store.appIdByDeveloperKey(digest(one))).toBeUndefined();
      const listed = store.tokens().filter((token) => token.appId === appId);
      expect(listed).toHaveLength(2);
      expect(listed).toContainEqual({
        id: expect.stringMatching(/^[0-9a-f]{16}$/),
        portalId,
        appId,
        scopes: ['timeline'],
        createdAt: expect.any(Number),
      });
    });

    test('a token for a portal or an app that is not there is refused', async () => {
      const { portalId, appId } = await tenantOf(store);
      const hash = digest(newSecret('token'));
      await expect(store.createToken({ hash, portalId: 1, appId, scopes: [] })).rejects.toThrow();
      await expect(store.createToken({ hash, portalId, appId: 1, scopes: [] })).rejects.toThrow();
      expect(store.principalByToken(hash)).toBeUndefined();
    });

    test('a portal and an app change in what is given, and in nothing else', async () => {
      const portalId = await store.createPortal({ name: 'Before', lenient: true, timeZone: 'Asia/Tokyo' });
      expect(await store.changePortal(portalId, { name: 'After' })).toBe(true);
      const changed = { id: portalId, name: 'After', lenient: true, timeZone: 'Asia/Tokyo' };
      expect(store.portal(portalId)).toEqual(changed);
      await store.changePortal(portalId, { lenient: false, timeZone: null, associateByDomain: false });
      expect(store.portal(portalId)).toEqual({
        id: portalId,
        name: 'After',
        lenient: false,
        associateByDomain: false,
      });
      await store.changePortal(portalId, { associateByDomain: true, timeZone: 'Europe/Zurich' });
      expect(store.portal(portalId)).toEqual({ ...changed, lenient: false, timeZone: 'Europe/Zurich' });
      expect(await store.changePortal(4712, { name: 'Nobody' })).toBe(false);

      const appId = await newApp(store);
      const before = store.app(appId);
      expect(await store.changeApp(appId, { redirectUris: [] })).toBe(true);
      expect(store.app(appId)).toEqual({ ...before, redirectUris: [] });
      await store.changeApp(appId, { name: 'Renamed', scopes: ['tickets'] });
      expect(store.app(appId)).toEqual({
        ...before,
        redirectUris: [],
        name: 'Renamed',
        scopes: ['tickets'],
      });
      expect(await store.changeApp(4712, { name: 'Nobody' })).toBe(false);
    });

    test('a replaced developer key is good for nothing, and changes beside it leave it alone', async () => {
      const [old, fresh] = [newSecret('key'), newSecret('key')];
      const appId = await newApp(store, { developerKeyHash: digest(old) });
      await store.changeApp(appId, { name: 'Renamed' });
      expect(store.appIdByDeveloperKey(digest(old))).toBe(appId);
      await store.changeApp(appId, { developerKeyHash: digest(fresh) });
      expect(store.appIdByDeveloperKey(digest(old))).toBeUndefined();
      expect(store.appIdByDeveloperKey(digest(fresh))).toBe(appId);
    });

    test('uninstalled, an app has lost all of its tokens there, and there alone', async () => {
      const { portalId } = await tenantOf(store);
      const other = await store.createPortal({ name: 'Other', lenient: false });
      const [appId, neighbour] = [await newApp(store), await newApp(store)];
      const give = async (portal: number, app: number) => {
        const token = newSecret('token');
        await store.createToken({ hash: digest(token), portalId: portal, appId: app, scopes: [] });
        return digest(token);
      };
      const gone = [await give(portalId, appId), await give(portalId, appId)];
      const kept = [await give(portalId, neighbour), await give(other, appId)];
      expect(store.installed(portalId).map(({ id }) => id)).toEqual(
        expect.arrayContaining([appId, neighbour]),
      );
      expect(await store.uninstall(portalId, appId)).toBe(true);
      for (const hash of gone) expect(store.principalByToken(hash)).toBeUndefined();
      for (const hash of kept) expect(store.principalByToken(hash)).toBeDefined();
      expect(store.installed(portalId).map(({ id }) => id)).not.toContain(appId);
      expect(store.installed(other).map(({ id }) => id)).toContain(appId);
      expect(await store.uninstall(portalId, appId)).toBe(false);
      await store.install(portalId, appId);
      await store.install(portalId, appId); // once more is no fault
      expect(store.installed(portalId).filter(({ id }) => id === appId)).toHaveLength(1);
      for (const hash of gone) expect(store.principalByToken(hash)).toBeUndefined();
      await expect(store.install(1, appId)).rejects.toThrow();
    });

    test('a token is revoked by its id, in its own portal only', async () => {
      const { portalId, appId } = await tenantOf(store);
      const other = await store.createPortal({ name: 'Other', lenient: false });
      const token = newSecret('token');
      const id = await store.createToken({ hash: digest(token), portalId, appId, scopes: [] });
      expect(store.tokens().map((each) => each.id)).toContain(id);
      expect(await store.revokeToken(other, id)).toBe(false);
      expect(await store.revokeToken(portalId, 'ffffffffffffffff')).toBe(false);
      expect(await store.revokeToken(portalId, '')).toBe(false);
      expect(store.principalByToken(digest(token))).toBeDefined();
      expect(await store.revokeToken(portalId, id)).toBe(true);
      expect(store.principalByToken(digest(token))).toBeUndefined();
      expect(store.tokens().map((each) => each.id)).not.toContain(id);
    });

    test('lists are paged in the order of their ids, and a page never repeats or skips', async () => {
      const portalId = await store.createPortal({ name: 'Paged', lenient: false });
      for (let n = 0; n < 7; n++) {
        const appId = await newApp(store);
        await store.createToken({ hash: digest(newSecret('token')), portalId, appId, scopes: [] });
        await store.createPortal({ name: `Paged ${n}`, lenient: false });
      }
      const all = <Item extends { id: Id }, Id>(first: Id, read: (after: Id) => Item[]): Id[] => {
        const ids: Id[] = [];
        for (let page = read(first); page.length > 0; page = read(page.at(-1)?.id as Id))
          ids.push(...page.map(({ id }) => id));
        return ids;
      };
      const limit = 3;
      expect(all(-1, (after) => store.portals({ after, limit }))).toEqual(
        store.portals().map(({ id }) => id),
      );
      expect(all(-1, (after) => store.apps({ after, limit }))).toEqual(store.apps().map(({ id }) => id));
      expect(all(-1, (after) => store.installed(portalId, { after, limit }))).toEqual(
        store.installed(portalId).map(({ id }) => id),
      );
      expect(all('', (after) => store.tokensOf(portalId, { after, limit }))).toEqual(
        store
          .tokens()
          .filter((token) => token.portalId === portalId)
          .map(({ id }) => id)
          .sort(),
      );
      expect(store.installed(portalId)).toHaveLength(7);
    });

    test('an admin key is known by its digest until it is revoked', async () => {
      const [key, other] = [newSecret('admin'), newSecret('admin')];
      const id = await store.createAdminKey({ name: 'Deploy', hash: digest(key) });
      const kept = await store.createAdminKey({ name: 'Other', hash: digest(other) });
      expect(store.isAdminKey(digest(key))).toBe(true);
      expect(store.isAdminKey(digest(`${key} `))).toBe(false);
      expect(store.adminKeys()).toContainEqual({ id, name: 'Deploy', createdAt: expect.any(Number) });
      expect(JSON.stringify(store.adminKeys())).not.toContain('hash');
      expect(await store.revokeAdminKey(id)).toBe(true);
      expect(store.isAdminKey(digest(key))).toBe(false);
      expect(store.isAdminKey(digest(other))).toBe(true);
      expect(await store.revokeAdminKey(id)).toBe(false);
      expect(store.adminKeys().map((each) => each.id)).toContain(kept);
    });

    test('what is kept holds digests, and of the secrets not one byte', async () => {
      const own = await createPlace();
      const opened = await own.open();
      const { portalId } = await tenantOf(opened);
      const secrets = {
        token: newSecret('token'),
        key: newSecret('key'),
        secret: newSecret('secret'),
        admin: newSecret('admin'),
      };
      await opened.createAdminKey({ name: 'Admin', hash: digest(secrets.admin) });
      const appId = await opened.createApp({
        name: 'App',
        clientId: crypto.randomUUID(),
        clientSecretHash: digest(secrets.secret),
        developerKeyHash: digest(secrets.key),
        redirectUris: [],
        scopes: [],
      });
      await opened.createToken({ hash: digest(secrets.token), portalId, appId, scopes: [] });
      const open = await own.bytes();
      await opened.close();
      const closed = await own.bytes();
      for (const bytes of [open, closed])
        for (const secret of Object.values(secrets)) {
          expect(bytes.includes(Buffer.from(digest(secret)))).toBe(true);
          expect(bytes.includes(secret)).toBe(false);
          expect(bytes.includes(secret.slice(-20))).toBe(false);
        }
      await own.remove();
    });
  });
}

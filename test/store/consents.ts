// What every storage engine promises about consents: their codes and tokens, and what ends them.
import { describe, expect, test } from 'vitest';
import { digest, newSecret } from '../../dist/access/credentials.js';
import { NOW, type Store, tenantOf } from './support.js';

export function consentConformance(store: Store): void {
  describe('consents', () => {
    const DAY = 24 * 3_600_000;
    const hash = () => digest(newSecret('token'));
    /** A consent whose code is good until NOW + 1000. */
    async function consentOf({ portalId, appId }: { portalId: number; appId: number }, userId = 7) {
      const codeHash = hash();
      const kept = {
        portalId,
        appId,
        user: { id: userId, email: 'ada@example.com' },
        scopes: ['timeline', 'oauth'],
        redirectUri: 'https://app.example/cb?x=1',
        codeExpiresAt: NOW + 1_000,
      };
      await store.createConsent({ ...kept, codeHash });
      const id = store.consentByCode(codeHash)?.id as number;
      return { id, codeHash, kept };
    }
    const tokens = { scopes: ['timeline'], at: NOW, expiresAt: NOW + DAY };
    async function issued(consentId: number, refreshHash?: Uint8Array) {
      const accessHash = hash();
      const first = refreshHash ? { refreshHash } : {};
      expect(await store.issue({ ...tokens, ...first, consentId, accessHash })).toBe(true);
      return accessHash;
    }

    test('read back by their codes and refresh tokens, and by nothing else', async () => {
      const tenant = await tenantOf(store);
      const { id, codeHash, kept } = await consentOf(tenant);
      expect(store.consentByCode(codeHash)).toEqual({ ...kept, id, codeUsed: false });
      expect(store.consentByRefreshToken(codeHash)).toBeUndefined();
      expect(await store.redeemCode(id, NOW)).toBe(true);
      const refreshHash = hash();
      await issued(id, refreshHash);
      const known = { ...kept, id, codeUsed: true };
      expect(store.consentByCode(codeHash)).toEqual(known);
      expect(store.consentByRefreshToken(refreshHash)).toEqual(known);
      expect(store.consentByCode(refreshHash)).toBeUndefined();
      const challenged = { ...kept, codeChallenge: 'x', codeHash: hash() };
      await store.createConsent(challenged);
      expect(store.consentByCode(challenged.codeHash)?.codeChallenge).toBe('x');
    });

    test('give access tokens that say who consented and when they end; several live at once', async () => {
      const tenant = await tenantOf(store);
      const { id, kept } = await consentOf(tenant);
      const [one, two] = [await issued(id, hash()), await issued(id)];
      for (const each of [one, two])
        expect(store.principalByToken(each)).toEqual({
          portal: store.portal(tenant.portalId),
          appId: tenant.appId,
          scopes: tokens.scopes,
          expiresAt: tokens.expiresAt,
          user: kept.user,
        });
    });

    test('whose code comes twice are revoked, and nothing more is issued for them', async () => {
      const tenant = await tenantOf(store);
      const [{ id, codeHash }, other] = [await consentOf(tenant), await consentOf(tenant)];
      const [refresh, innocent] = [hash(), hash()];
      expect(await store.redeemCode(id, NOW)).toBe(true);
      const access = [await issued(id, refresh), await issued(id)];
      const untouched = await issued(other.id, innocent);
      expect(await store.redeemCode(id, NOW + 1)).toBe(false);
      for (const each of access) expect(store.principalByToken(each)).toBeUndefined();
      expect(store.consentByRefreshToken(refresh)).toBeUndefined();
      expect(store.consentByCode(codeHash)?.codeUsed).toBe(true);
      expect(await store.issue({ ...tokens, consentId: id, accessHash: hash() })).toBe(false);
      expect(await store.issue({ ...tokens, consentId: 999_999, accessHash: hash() })).toBe(false);
      expect(store.principalByToken(untouched)).toBeDefined();
      expect(store.consentByRefreshToken(innocent)).toBeDefined();
    });

    test('end as asked: a refresh token alone, an access token alone, or everything', async () => {
      const tenant = await tenantOf(store);
      const { id } = await consentOf(tenant);
      const refresh = hash();
      const [one, two] = [await issued(id, refresh), await issued(id)];
      await store.endToken(one);
      expect(store.principalByToken(one)).toBeUndefined();
      await store.endRefreshToken(id);
      expect(store.consentByRefreshToken(refresh)).toBeUndefined();
      expect(store.principalByToken(two)).toBeDefined();
      // What had been asked for with it before, and is written only now.
      expect(await store.issue({ ...tokens, consentId: id, accessHash: hash() })).toBe(false);
      await store.revokeConsent(id, NOW);
      expect(store.principalByToken(two)).toBeUndefined();
      expect(await store.redeemCode(id, NOW)).toBe(false);
    });

    test('go with their app, when it leaves the portal, and so do all its tokens there', async () => {
      const tenant = await tenantOf(store);
      const elsewhere = await store.createPortal({ name: 'Elsewhere', lenient: false });
      const [here, there] = [
        await consentOf(tenant),
        await consentOf({ appId: tenant.appId, portalId: elsewhere }),
      ];
      const [refresh, plain] = [hash(), hash()];
      const access = await issued(here.id, refresh);
      const kept = await issued(there.id, hash());
      await store.createToken({ ...tenant, hash: plain, scopes: ['timeline'] });
      expect(await store.uninstall(tenant.portalId, tenant.appId)).toBe(true);
      for (const each of [access, plain]) expect(store.principalByToken(each)).toBeUndefined();
      expect(store.consentByRefreshToken(refresh)).toBeUndefined();
      expect(store.consentByCode(here.codeHash)).toBeUndefined();
      expect(store.principalByToken(kept)).toBeDefined();
      expect(await store.uninstall(tenant.portalId, tenant.appId)).toBe(false);
      // It may come back.
      const again = await consentOf(tenant);
      expect(store.principalByToken(await issued(again.id, hash()))).toBeDefined();
    });

    test('and tokens that ended long ago are forgotten, those that live are not', async () => {
      const tenant = await tenantOf(store);
      const [living, never, dead] = [
        await consentOf(tenant),
        await consentOf(tenant),
        await consentOf(tenant),
      ];
      const refresh = hash();
      const old = await issued(living.id, refresh);
      const gone = await issued(dead.id, hash());
      await store.endRefreshToken(dead.id);
      const issueAt = (at: number) =>
        store.issue({ ...tokens, consentId: living.id, accessHash: hash(), at, expiresAt: at + 1 });
      await issueAt(NOW + 8 * DAY); // a week after they ended
      for (const each of [old, gone]) expect(store.principalByToken(each)).toBeDefined();
      await issueAt(NOW + 8 * DAY + 1_001);
      for (const each of [old, gone]) expect(store.principalByToken(each)).toBeUndefined();
      for (const each of [never, dead]) expect(store.consentByCode(each.codeHash)).toBeUndefined();
      expect(store.consentByRefreshToken(refresh)?.id).toBe(living.id);
      expect(store.consentByCode(living.codeHash)?.id).toBe(living.id);
    });

    test('have a thousand access tokens at most: the oldest goes', async () => {
      const { id } = await consentOf(await tenantOf(store));
      const hashes = Array.from({ length: 1_001 }, hash);
      const first = { refreshHash: hash() };
      for (const [index, accessHash] of hashes.entries())
        await store.issue({
          ...{ ...tokens, consentId: id, accessHash, at: NOW + index },
          ...(index === 0 ? first : {}),
        });
      expect(hashes.map((each) => store.principalByToken(each) !== undefined)).toEqual(
        hashes.map((_, index) => index > 0),
      );
      const last = hash(); // where the clock went back
      await store.issue({ ...tokens, consentId: id, accessHash: last, at: NOW - 1 });
      expect(store.principalByToken(last)).toBeDefined();
    });

    test('of one person for one app have a hundred refresh tokens at most: the oldest goes, alone', async () => {
      const tenant = await tenantOf(store);
      const other = await consentOf(await tenantOf(store));
      const others = hash();
      await issued(other.id, others);
      const anothers = hash();
      await issued((await consentOf(tenant, 8)).id, anothers);
      const given: { refresh: Uint8Array; access: Uint8Array }[] = [];
      for (let n = 0; n < 102; n++) {
        const refresh = hash();
        const access = await issued((await consentOf(tenant)).id, refresh);
        given.push({ refresh, access });
      }
      expect(given.map(({ refresh }) => store.consentByRefreshToken(refresh) !== undefined)).toEqual(
        given.map((_, index) => index > 1),
      );
      expect(store.principalByToken(given[0]?.access as Uint8Array)).toBeDefined();
      expect(store.consentByRefreshToken(others)).toBeDefined();
      expect(store.consentByRefreshToken(anothers)).toBeDefined();
    });

    test('give a refresh token that works for a code that is redeemed after those of a hundred later ones', async () => {
      const tenant = await tenantOf(store);
      const late = await consentOf(tenant);
      for (let n = 0; n < 100; n++) await issued((await consentOf(tenant)).id, hash());
      const refresh = hash();
      await issued(late.id, refresh);
      expect(store.consentByRefreshToken(refresh)?.id).toBe(late.id);
    });

    test('name a client by its id, with the digest of its secret', async () => {
      const secretHash = hash();
      const made = {
        name: 'C',
        clientId: crypto.randomUUID(),
        redirectUris: ['a:b'],
        scopes: ['timeline'],
      };
      const id = await store.createApp({ ...made, clientSecretHash: secretHash });
      const client = store.client(made.clientId);
      expect(client?.app).toEqual({ ...made, id });
      expect(Buffer.from(client?.secretHash as Uint8Array)).toEqual(Buffer.from(secretHash));
      const bare = { ...made, clientId: crypto.randomUUID() };
      await store.createApp(bare);
      expect(store.client(bare.clientId)).not.toHaveProperty('secretHash');
      expect(store.client('nobody')).toBeUndefined();
    });
  });
}

// Makes and recognises secrets. What is made is shown once and kept only as its SHA-256 digest:
// the secrets are 32 random bytes, so that a plain digest can be neither guessed nor reversed.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { AccessStore, App, Client, Principal } from './store.js';

export function digest(secret: string): Uint8Array {
  return createHash('sha256').update(secret).digest();
}

/** A fresh secret: URL-safe, 256 bits, with a prefix that says what it is when it is found somewhere. */
export function newSecret(
  kind: 'token' | 'refresh' | 'code' | 'secret' | 'key' | 'session' | 'admin',
): string {
  return `tl-${kind}-${randomBytes(32).toString('base64url')}`;
}

/** Makes an app. Its secrets are here and nowhere else. */
export async function newApp(store: AccessStore, app: Pick<App, 'name' | 'redirectUris' | 'scopes'>) {
  const clientId = randomUUID();
  const clientSecret = newSecret('secret');
  const developerKey = newSecret('key');
  const id = await store.createApp({
    ...app,
    clientId,
    clientSecretHash: digest(clientSecret),
    developerKeyHash: digest(developerKey),
  });
  return { id, clientId, clientSecret, developerKey };
}

/** Principals, developer keys and admin keys, from a bounded cache in front of the store. */
export interface Credentials {
  principal(token: string): Principal | undefined;
  /** The same, where it is remembered: the store is not asked. */
  remembered(token: string): Principal | undefined;
  /** The id of the app whose developer key this is. */
  appOf(developerKey: string): number | undefined;
  /** The app that has this client id, with what its secret must be. */
  client(clientId: string): Client | undefined;
  isAdminKey(key: string): boolean;
  /** Whether the app's secrets are this process's own, as the demo's are. */
  isBuiltIn(appId: number): boolean;
  /** Forgets what was looked up: somebody may have changed it. */
  forget(): void;
}

const MAX_CACHED_SECRETS = 10_000;
const MAX_SECRET_LENGTH = 512;

/** Credentials of one app that exist in this process only, as the demo's do. */
export interface KnownCredentials {
  token: string;
  developerKey: string;
  clientSecret: string;
  adminKey: string;
  appId: number;
  principal: () => Principal | undefined;
}

export function credentials(store: AccessStore, known: KnownCredentials | undefined): Credentials {
  const principals = new Map<string, Principal>();
  const apps = new Map<string, number>();
  const adminKeys = new Map<string, true>();
  const remember = <T>(cache: Map<string, T>, secret: string, find: () => T | undefined): T | undefined => {
    const cached = cache.get(secret);
    if (cached !== undefined) return cached;
    if (secret.length > MAX_SECRET_LENGTH) return undefined;
    const found = find();
    if (found === undefined) return undefined;
    if (cache.size >= MAX_CACHED_SECRETS) cache.clear();
    cache.set(secret, found);
    return found;
  };
  return {
    principal: (token) =>
      remember(principals, token, () =>
        known && token === known.token ? known.principal() : store.principalByToken(digest(token)),
      ),
    remembered: (token) => principals.get(token),
    appOf: (key) =>
      remember(apps, key, () =>
        known && key === known.developerKey ? known.appId : store.appIdByDeveloperKey(digest(key)),
      ),
    client(clientId) {
      if (clientId.length > MAX_SECRET_LENGTH) return undefined;
      const client = store.client(clientId);
      if (!client || !known || client.app.id !== known.appId) return client;
      return { ...client, secretHash: digest(known.clientSecret), anyLoopback: true };
    },
    isAdminKey: (key) =>
      remember(
        adminKeys,
        key,
        () => (known && key === known.adminKey) || store.isAdminKey(digest(key)) || undefined,
      ) ?? false,
    isBuiltIn: (appId) => known?.appId === appId,
    forget() {
      principals.clear();
      adminKeys.clear();
      apps.clear();
    },
  };
}

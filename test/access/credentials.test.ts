// Credentials in front of the store: a token is looked up once, then it is known until somebody says forget.
import { expect, test } from 'vitest';
import { credentials, digest } from '../../dist/access/credentials.js';
import type { AccessStore, Principal } from '../../dist/access/store.js';

const PRINCIPAL: Principal = {
  portal: { id: 1, name: 'P', lenient: false },
  appId: 2,
  scopes: ['timeline'],
  expiresAt: 7,
};

/** A store whose tokens all begin with `good`, and how often it was asked. */
function counted() {
  const good = new Set<string>();
  const asked = { times: 0 };
  const store = {
    principalByToken(hash: Uint8Array) {
      asked.times++;
      return good.has(Buffer.from(hash).toString('hex')) ? PRINCIPAL : undefined;
    },
  } as Partial<AccessStore> as AccessStore;
  const add = (token: string) => good.add(Buffer.from(digest(token)).toString('hex'));
  const end = (token: string) => good.delete(Buffer.from(digest(token)).toString('hex'));
  return { store, asked, add, end };
}

test('a token is looked up once, and again when it was to be forgotten', () => {
  const { store, asked, add, end } = counted();
  const access = credentials(store, undefined);
  add('good');
  for (let n = 0; n < 3; n++) expect(access.principal('good')).toBe(PRINCIPAL);
  expect(asked.times).toBe(1);
  end('good');
  access.forget();
  expect(access.principal('good')).toBeUndefined();
  expect(asked.times).toBe(2);
});

test('what is not known is not remembered: it may come to be', () => {
  const { store, add } = counted();
  const access = credentials(store, undefined);
  expect(access.principal('late')).toBeUndefined();
  add('late');
  expect(access.principal('late')).toBe(PRINCIPAL);
});

test('ten thousand are remembered at most; what is longer than any token is not even asked for', () => {
  const { store, asked, add } = counted();
  const access = credentials(store, undefined);
  for (let n = 0; n < 10_001; n++) {
    add(`t${n}`);
    access.principal(`t${n}`);
  }
  expect(asked.times).toBe(10_001);
  access.principal('t10000');
  expect(asked.times).toBe(10_001);
  access.principal('t0');
  expect(asked.times).toBe(10_002);
  expect(access.principal('x'.repeat(513))).toBeUndefined();
  expect(asked.times).toBe(10_002);
});

// What every storage engine promises about people who sign in, and their sessions.
import { describe, expect, test } from 'vitest';
import { digest, newSecret } from '../../dist/access/credentials.js';
import { NOW, type Store } from './support.js';

export function userConformance(store: Store): void {
  describe('people', () => {
    let n = 0;
    const newEmail = () => `person${n++}@example.com`;

    test('are found by their e-mail, however it is capitalised, and it is one person’s', async () => {
      const email = newEmail();
      const id = (await store.createUser(email, 'hashed', NOW)) as number;
      expect(store.userByEmail(email.toUpperCase())).toEqual({ id, email, password: 'hashed' });
      expect(await store.createUser(email.toUpperCase(), 'other', NOW)).toBeUndefined();
      expect(store.users()).toContainEqual({ id, email, createdAt: NOW });
      expect(store.userByEmail('nobody@example.com')).toBeUndefined();
    });

    test('have sessions that end by themselves, with a new password, and with the person', async () => {
      const email = newEmail();
      const id = (await store.createUser(email, 'hashed', NOW)) as number;
      const session = async () => {
        const hash = digest(newSecret('session'));
        await store.createSession(hash, id, store.userByEmail(email)?.password ?? '', NOW, NOW + 5);
        return hash;
      };
      const [one, two] = [await session(), await session()];
      expect(store.session(one)).toEqual({ user: { id, email }, expiresAt: NOW + 5 });
      await store.endSession(one);
      expect(store.session(one)).toBeUndefined();
      expect(store.session(two)).toBeDefined();
      await store.setPassword(id, 'new');
      expect(store.session(two)).toBeUndefined();
      expect(store.userByEmail(email)?.password).toBe('new');
      const three = await session();
      await store.removeUser(id);
      expect(store.session(three)).toBeUndefined();
      expect(store.userByEmail(email)).toBeUndefined();
    });

    test('are not signed in by a password that is no longer theirs, nor when they are gone', async () => {
      const id = (await store.createUser(newEmail(), 'checked', NOW)) as number;
      const hash = digest(newSecret('session'));
      const signIn = (password: string) => store.createSession(hash, id, password, NOW, NOW + 5);
      await store.setPassword(id, 'new');
      expect(await signIn('checked')).toBe(false);
      expect(store.session(hash)).toBeUndefined();
      expect(await signIn('new')).toBe(true);
      await store.removeUser(id);
      expect(await signIn('new')).toBe(false);
      expect(store.session(hash)).toBeUndefined();
    });

    test('have no more than twenty sessions: the oldest goes', async () => {
      const id = (await store.createUser(newEmail(), 'hashed', NOW)) as number;
      const hashes = Array.from({ length: 22 }, () => digest(newSecret('session')));
      for (const [index, hash] of hashes.entries())
        await store.createSession(hash, id, 'hashed', NOW, NOW + index + 1);
      expect(hashes.map((hash) => store.session(hash) !== undefined)).toEqual(hashes.map((_, at) => at > 1));
    });

    test('sign in as often as they like, and nobody else’s session ends', async () => {
      const [ada, bob] = [
        await store.createUser(newEmail(), 'a', NOW),
        await store.createUser(newEmail(), 'b', NOW),
      ];
      const kept = digest(newSecret('session'));
      await store.createSession(kept, ada as number, 'a', NOW, NOW + 5);
      for (let n = 0; n < 22; n++)
        await store.createSession(digest(newSecret('session')), bob as number, 'b', NOW, NOW + 10);
      expect(store.session(kept)?.user.id).toBe(ada);
    });

    test('are signed in by a session that has just begun, also where the clock went back', async () => {
      const id = (await store.createUser(newEmail(), 'hashed', NOW)) as number;
      for (let n = 0; n < 20; n++)
        await store.createSession(digest(newSecret('session')), id, 'hashed', NOW, NOW + n);
      const last = digest(newSecret('session'));
      await store.createSession(last, id, 'hashed', NOW - 10, NOW - 5);
      expect(store.session(last)).toBeDefined();
    });
  });
}

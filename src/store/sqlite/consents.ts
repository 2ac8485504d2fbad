// What OAuth keeps: consents with their codes and refresh tokens, access tokens that end, people and their sessions.
// Writes run on the writer's connection, each in a transaction of its own; reads on the reader's.
import type { AccessStore, Consent, User } from '../../access/store.js';
import type { Connection } from './database.js';

type Args<Method extends keyof AccessStore> = Parameters<AccessStore[Method]>;

/** What is dead stays known for so long: an access token that has expired, a code that was used or never was. */
const DEAD_KEPT_MS = 7 * 24 * 3_600_000;
/** Signing in once more ends the oldest. */
const MAX_SESSIONS_PER_USER = 20;

/** A client that refreshes before every call must not fill the disk: the oldest go, most often long expired. */
const MAX_TOKENS_PER_CONSENT = 1_000;
/** An app that a person lets into a portal once more gets another refresh token: the oldest go. */
const MAX_REFRESH_TOKENS_PER_PERSON = 100;

export function consentWrites(db: Connection) {
  const addConsent = db.prepare(`
    INSERT INTO consent (portal, app, user_id, user_email, scopes, redirect_uri, code_challenge, code_hash, code_expires_at)
    VALUES (@portalId, @appId, @userId, @email, @scopes, @redirectUri, @codeChallenge, @codeHash, @codeExpiresAt)`);
  const install = db.prepare('INSERT INTO installation (portal, app) VALUES (?, ?) ON CONFLICT DO NOTHING');
  const redeemCode = db.prepare(
    'UPDATE consent SET code_used_at = ? WHERE id = ? AND code_used_at IS NULL AND revoked_at IS NULL',
  );
  const revoke = db.prepare(
    'UPDATE consent SET refresh_hash = NULL, revoked_at = coalesce(revoked_at, ?) WHERE id = ?',
  );
  const endTokensOf = db.prepare('DELETE FROM access_token WHERE consent = ?');
  const endToken = db.prepare('DELETE FROM access_token WHERE hash = ?');
  const endConsentsIn = db.prepare('DELETE FROM consent WHERE portal = ? AND app = ?');
  const consent = db.prepare(
    'SELECT portal, app, user_id AS userId, refresh_hash AS refreshHash FROM consent WHERE id = ? AND revoked_at IS NULL',
  );
  const giveRefreshToken = db.prepare('UPDATE consent SET refresh_hash = ? WHERE id = ?');
  // Room is made before one comes: a code that is redeemed late would buy what is gone at once.
  const endOldestRefreshTokens = db.prepare(`
    UPDATE consent SET refresh_hash = NULL WHERE id IN
      (SELECT id FROM consent WHERE portal = ? AND app = ? AND user_id = ? AND refresh_hash IS NOT NULL
       ORDER BY id DESC LIMIT -1 OFFSET ${MAX_REFRESH_TOKENS_PER_PERSON - 1})`);
  const addToken = db.prepare(`
    INSERT INTO access_token (hash, portal, app, scopes, created_at, expires_at, consent)
    VALUES (?, ?, ?, ?, ?, ?, ?)`);
  // Here too: where the clock went back, the newest would pass for the oldest.
  const dropOldestTokens = db.prepare(`
    DELETE FROM access_token WHERE hash IN
      (SELECT hash FROM access_token WHERE consent = ? ORDER BY created_at DESC LIMIT -1 OFFSET ${MAX_TOKENS_PER_CONSENT - 1})`);
  const forgetTokens = db.prepare('DELETE FROM access_token WHERE expires_at < ?');
  const forgetConsents = db.prepare(`
    DELETE FROM consent INDEXED BY consent_dead WHERE refresh_hash IS NULL AND code_expires_at < ?
      AND NOT EXISTS (SELECT 1 FROM access_token t WHERE t.consent = consent.id)`);
  const addUser = db.prepare(
    'INSERT INTO user (email, password, created_at) VALUES (?, ?, ?) ON CONFLICT (email) DO NOTHING',
  );
  const setPassword = db.prepare('UPDATE user SET password = ? WHERE id = ?');
  const removeUser = db.prepare('DELETE FROM user WHERE id = ?');
  const hasPassword = db.prepare('SELECT 1 FROM user WHERE id = ? AND password = ?').pluck();
  const addSession = db.prepare('INSERT INTO session (hash, user, expires_at) VALUES (?, ?, ?)');
  const endSession = db.prepare('DELETE FROM session WHERE hash = ?');
  const endSessionsOf = db.prepare('DELETE FROM session WHERE user = ?');
  const forgetSessions = db.prepare('DELETE FROM session WHERE expires_at < ?');
  const endOldestSessions = db.prepare(`
    DELETE FROM session WHERE hash IN
      (SELECT hash FROM session WHERE user = ? ORDER BY expires_at DESC LIMIT -1 OFFSET ${MAX_SESSIONS_PER_USER - 1})`);

  function revokeConsent(id: number, at: number): void {
    endTokensOf.run(id);
    revoke.run(at, id);
  }

  return {
    createConsent({ user, scopes, codeChallenge, ...rest }: Args<'createConsent'>[0]): void {
      addConsent.run({
        ...rest,
        userId: user.id,
        email: user.email,
        scopes: JSON.stringify(scopes),
        codeChallenge: codeChallenge ?? null,
      });
    },
    redeemCode(id: number, at: number): boolean {
      const first = redeemCode.run(at, id).changes === 1;
      if (!first) revokeConsent(id, at);
      return first;
    },
    /** false: not issued; else whether others were ended for it. */
    issue({
      consentId,
      refreshHash,
      accessHash,
      scopes,
      at,
      expiresAt,
    }: Args<'issue'>[0]): false | { endedOthers: boolean } {
      const known = consent.get(consentId) as Known | undefined;
      if (!known || !(refreshHash ?? known.refreshHash)) return false;
      forgetTokens.run(at - DEAD_KEPT_MS);
      forgetConsents.run(at - DEAD_KEPT_MS);
      if (refreshHash) {
        endOldestRefreshTokens.run(known.portal, known.app, known.userId);
        giveRefreshToken.run(refreshHash, consentId);
      }
      install.run(known.portal, known.app);
      const endedOthers = dropOldestTokens.run(consentId).changes > 0;
      addToken.run(accessHash, known.portal, known.app, JSON.stringify(scopes), at, expiresAt, consentId);
      return { endedOthers };
    },
    revokeConsent,
    endRefreshToken(id: number): void {
      giveRefreshToken.run(null, id);
    },
    endToken(hash: Uint8Array): void {
      endToken.run(hash);
    },
    /** What is left of an app in a portal, when its tokens there are gone. */
    endConsents(portalId: number, appId: number): void {
      endConsentsIn.run(portalId, appId);
    },
    createUser(email: string, password: string, at: number): number | undefined {
      const { changes, lastInsertRowid } = addUser.run(email, password, at);
      return changes === 1 ? Number(lastInsertRowid) : undefined;
    },
    setPassword(id: number, password: string): void {
      setPassword.run(password, id);
      endSessionsOf.run(id);
    },
    removeUser(id: number): void {
      endSessionsOf.run(id);
      removeUser.run(id);
    },
    createSession(
      hash: Uint8Array,
      userId: number,
      password: string,
      at: number,
      expiresAt: number,
    ): boolean {
      if (hasPassword.get(userId, password) === undefined) return false;
      forgetSessions.run(at);
      endOldestSessions.run(userId);
      addSession.run(hash, userId, expiresAt);
      return true;
    },
    endSession(hash: Uint8Array): void {
      endSession.run(hash);
    },
  };
}

export function consentReads(db: Connection) {
  const columns = `id, portal, app, user_id, user_email, scopes, redirect_uri, code_challenge, code_expires_at,
    code_used_at, revoked_at`;
  const byCode = db.prepare(`SELECT ${columns} FROM consent WHERE code_hash = ?`);
  const byRefreshToken = db.prepare(`SELECT ${columns} FROM consent WHERE refresh_hash = ?`);
  const users = db.prepare('SELECT id, email, created_at AS createdAt FROM user ORDER BY id');
  const byEmail = db.prepare('SELECT id, email, password FROM user WHERE email = ?');
  const bySession = db.prepare(`
    SELECT user.id, user.email, s.expires_at AS expiresAt FROM session s JOIN user ON user.id = s.user WHERE s.hash = ?`);
  const found = (row: unknown) => (row === undefined ? undefined : toConsent(row as ConsentRow));
  return {
    consentByCode: (hash: Uint8Array) => found(byCode.get(hash)),
    consentByRefreshToken: (hash: Uint8Array) => found(byRefreshToken.get(hash)),
    users: () => users.all() as (User & { createdAt: number })[],
    userByEmail: (email: string) => byEmail.get(email) as (User & { password: string }) | undefined,
    session: (hash: Uint8Array) => {
      const row = bySession.get(hash) as (User & { expiresAt: number }) | undefined;
      return row && { user: { id: row.id, email: row.email }, expiresAt: row.expiresAt };
    },
  };
}

interface Known {
  portal: number;
  app: number;
  userId: number;
  refreshHash: Buffer | null;
}

interface ConsentRow {
  id: number;
  portal: number;
  app: number;
  user_id: number;
  user_email: string;
  scopes: string;
  redirect_uri: string;
  code_challenge: string | null;
  code_expires_at: number;
  code_used_at: number | null;
  revoked_at: number | null;
}

function toConsent(row: ConsentRow): Consent {
  return {
    id: row.id,
    portalId: row.portal,
    appId: row.app,
    user: { id: row.user_id, email: row.user_email },
    scopes: JSON.parse(row.scopes),
    redirectUri: row.redirect_uri,
    ...(row.code_challenge === null ? {} : { codeChallenge: row.code_challenge }),
    codeExpiresAt: row.code_expires_at,
    codeUsed: row.code_used_at !== null || row.revoked_at !== null,
  };
}

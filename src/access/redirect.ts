// Where an app may have people sent back to: what may be registered, and what counts as registered.
import { brief } from '../refusal.js';
import type { Client } from './store.js';

const MAX_CHARS = 2_000;
/** An address of this machine's own loopback, on any port: nobody else can be sent there. */
const LOOPBACK_ADDRESS = /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?(?:[/?][!-"$-[\]-~]*)?$/;

export function isRegistered({ app, anyLoopback }: Client, redirectUri: string): boolean {
  if (app.redirectUris.includes(redirectUri)) return true;
  if (!anyLoopback || redirectUri.length > MAX_CHARS) return false;
  return LOOPBACK_ADDRESS.test(redirectUri) && URL.canParse(redirectUri); // a port may be beyond the last one
}

/** Why an address cannot be registered. */
export function redirectUriFault(uri: string): string | undefined {
  if (uri.length > MAX_CHARS) return `has ${uri.length} characters; at most ${MAX_CHARS} are taken`;
  if (!/^https?:/i.test(uri) || !URL.canParse(uri))
    return `'${brief(uri)}' is not a web address; give one such as https://app.example.com/callback`;
  if (uri.includes('#')) return 'has a fragment (#…), which OAuth forbids; leave it out';
  if (!/^[!-~]+$/.test(uri)) return `'${brief(uri)}' has spaces or other than ASCII; percent-encode them`;
  return undefined;
}

// Where an app may have people sent back to: what may be registered, and what counts as registered.
import type { Client } from './store.js';

/** An address of this machine's own loopback, on any port: nobody else can be sent there. */
const LOOPBACK_ADDRESS = /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?(?:[/?][!-"$-[\]-~]*)?$/;

export function isRegistered({ app, anyLoopback }: Client, redirectUri: string): boolean {
  if (redirectUriFault(redirectUri)) return false;
  return (
    app.redirectUris.includes(redirectUri) || (anyLoopback === true && LOOPBACK_ADDRESS.test(redirectUri))
  );
}

/** Why people cannot be sent back to an address, such as one to be registered. */
export function redirectUriFault(redirectUri: string): string | undefined {
  if (!/^[!-~]{1,2000}$/.test(redirectUri)) return 'must be an address in ASCII of at most 2000 characters';
  if (redirectUri.includes('#')) return 'must not have a fragment';
  if (!/^[a-z][a-z0-9+.-]*:/i.test(redirectUri) || !URL.canParse(redirectUri))
    return 'must be an absolute address';
  if (/^(?:javascript|data|file|blob|about|vbscript):/i.test(redirectUri))
    return 'must be one that a browser goes to';
  return undefined;
}

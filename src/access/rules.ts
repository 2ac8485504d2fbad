// What a portal, an app and a token may be. The commands and the API ask here before they make or change one; what is
// wrong comes back as faults that name the field, the reason and what would do.
import { brief, type Fault } from '../refusal.js';
import { redirectUriFault } from './redirect.js';
import { ALL_SCOPES, PLAIN_SCOPE, SCOPES_OF_ELSEWHERE } from './scopes.js';
import type { App, AppChange, PortalChange } from './store.js';

const MAX_NAME_CHARS = 200;
const MAX_REDIRECT_URIS = 100;

export function nameFaults(name: string): Fault[] {
  if (name.trim() === '') return [{ in: 'name', message: 'is empty; give what people call it' }];
  if (name.length > MAX_NAME_CHARS)
    return [{ in: 'name', message: `has ${name.length} characters; at most ${MAX_NAME_CHARS} are taken` }];
  if (/\p{Surrogate}/u.test(name))
    return [{ in: 'name', message: 'has half a surrogate pair; send well-formed text' }];
  if (/\p{Cc}/u.test(name))
    return [{ in: 'name', message: 'has control characters, such as a line break; leave them out' }];
  return [];
}

export function isTimeZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: text });
    return true;
  } catch {
    return false;
  }
}

export function portalFaults({ name, timeZone }: PortalChange): Fault[] {
  return [
    ...(name == null ? [] : nameFaults(name)),
    ...(timeZone == null || isTimeZone(timeZone)
      ? []
      : [
          {
            in: 'timeZone',
            message: `'${brief(timeZone)}' is not an IANA time zone; give one such as Europe/Berlin`,
          },
        ]),
  ];
}

export function appFaults({ name, redirectUris: uris, scopes }: AppChange): Fault[] {
  const redirectUris = uris ?? [];
  return [
    ...(name == null ? [] : nameFaults(name)),
    ...(redirectUris.length > MAX_REDIRECT_URIS
      ? [
          {
            in: 'redirectUris',
            message: `has ${redirectUris.length} entries; at most ${MAX_REDIRECT_URIS} are taken`,
          },
        ]
      : redirectUris.flatMap((uri, index) => {
          const message = redirectUriFault(uri);
          return message ? [{ in: `redirectUris[${index}]`, message }] : [];
        })),
    ...unknownScopes(scopes ?? []),
  ];
}

/** Scopes that do not exist. */
function unknownScopes(scopes: readonly string[]): Fault[] {
  const known = new Set([PLAIN_SCOPE, ...ALL_SCOPES, ...SCOPES_OF_ELSEWHERE]);
  const unknown = [...new Set(scopes.filter((scope) => !known.has(scope)))];
  if (unknown.length === 0) return [];
  const named = unknown.slice(0, MAX_NAMED_SCOPES).map(brief).join(', ');
  const more = unknown.length > MAX_NAMED_SCOPES ? ` and ${unknown.length - MAX_NAMED_SCOPES} more` : '';
  return [
    {
      in: 'scopes',
      message: `there is no scope ${named}${more}; there are ${ALL_SCOPES.join(', ')}`,
    },
  ];
}

const MAX_NAMED_SCOPES = 20;

/** A token may do what its app may ask a portal for, or less. */
export function tokenFaults(app: App, scopes: readonly string[]): Fault[] {
  const unknown = unknownScopes(scopes);
  if (unknown.length > 0) return unknown;
  const foreign = [
    ...new Set(scopes.filter((scope) => scope !== PLAIN_SCOPE && !app.scopes.includes(scope))),
  ];
  if (foreign.length === 0) return [];
  return [
    {
      in: 'scopes',
      message: `app ${app.id} may not ask for ${foreign.join(', ')}; it may ask for ${app.scopes.join(', ') || 'nothing'}`,
    },
  ];
}

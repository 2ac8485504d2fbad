// The markup of the pages where a person signs in, and where they let an app into a portal or do not.
import type { Asked } from '../access/grants.js';
import { SCOPES_OF_ELSEWHERE } from '../access/scopes.js';
import type { Portal, User } from '../access/store.js';
import { document } from './document.js';
import type { View } from './view.js';
import type { Words } from './words.js';

export interface SignInContents {
  /** Where to go from here. */
  next: string;
  key: string;
  email?: string;
  /** What was sent did not fit. */
  wrong?: boolean;
}

export function signInPage(view: View, { next, key, email, wrong }: SignInContents): string {
  const { words } = view.language;
  return document(
    view,
    words.signIn,
    <div className="panel">
      <h1>{words.signIn}</h1>
      <form method="post" action="/sign-in" className="fields">
        {wrong && (
          <p className="wrong" role="alert" id="wrong">
            {words.wrongPassword}
          </p>
        )}
        <input type="hidden" name="key" value={key} />
        <input type="hidden" name="next" value={next} />
        <label>
          {words.labels.email}
          {/* No type="email": browsers refuse or rewrite such as jörg@bücher.example. */}
          <input
            type="text"
            inputMode="email"
            autoCapitalize="none"
            spellCheck={false}
            name="email"
            autoComplete="username"
            required
            maxLength={320}
            defaultValue={email}
            aria-describedby={wrong ? 'wrong' : undefined}
          />
        </label>
        <label>
          {words.password}
          <input
            type="password"
            name="password"
            autoComplete="current-password"
            required
            maxLength={500}
            aria-describedby={wrong ? 'wrong' : undefined}
          />
        </label>
        <div className="answers">
          <button type="submit" className="button main">
            {words.signIn}
          </button>
        </div>
      </form>
      <p className="label">{words.noUserHint}</p>
    </div>,
    { alone: true },
  );
}

export interface ConsentContents {
  asked: Asked;
  portals: readonly Portal[];
  user: User;
  key: string;
  /** Where to come back to as somebody else; absent: nobody had to sign in. */
  again?: string;
}

export function consentPage(view: View, { asked, portals, user, key, again }: ConsentContents): string {
  const { words } = view.language;
  const { name } = asked.client.app;
  const [only] = portals;
  return document(
    view,
    words.consentTitle(name),
    <div className="panel">
      <h1>{words.consentTitle(name)}</h1>
      <p className="lead">{words.consentLead(name)}</p>
      <ul className="scopes">
        {asked.scopes.map((scope) => (
          <li key={scope} className="scope">
            {scopeWords(scope, words)} <code>{scope}</code>
          </li>
        ))}
      </ul>
      <form method="post" className="fields">
        <input type="hidden" name="key" value={key} />
        {portals.length > 1 ? (
          <label>
            {words.portal}
            <select name="portal" defaultValue={only?.id}>
              {portals.map((portal) => (
                <option key={portal.id} value={portal.id}>
                  {`${portal.name} (${portal.id})`}
                </option>
              ))}
            </select>
          </label>
        ) : (
          <p>
            <span className="label">{words.portal}</span>
            <br />
            <strong>{`${only?.name} (${only?.id})`}</strong>
            <input type="hidden" name="portal" value={only?.id} />
          </p>
        )}
        <div className="answers">
          <button type="submit" className="button main" name="answer" value="allow">
            {words.allow}
          </button>
          <button type="submit" className="button" name="answer" value="cancel">
            {words.cancel}
          </button>
        </div>
      </form>
      <p className="label">
        {words.signedInAs(user.email)} {words.sentTo(placeOf(asked.redirectUri))}
      </p>
      {again !== undefined && (
        <form method="post" action="/sign-out" className="choice">
          <input type="hidden" name="key" value={key} />
          <input type="hidden" name="next" value={again} />
          <button type="submit" className="button">
            {words.signInAsAnother}
          </button>
        </form>
      )}
    </div>,
    { alone: true },
  );
}

export function unanswerablePage(view: View, why: keyof Words['unanswerable']): string {
  const { title, text } = view.language.words.unanswerable[why];
  return document(
    view,
    title,
    <div className="problem">
      <h1>{title}</h1>
      <p>{text}</p>
    </div>,
    { alone: true },
  );
}

const OF_RECORDS =
  /^(?:crm\.(objects|schemas)\.(contacts|companies|deals|tickets)\.(?:((?:highly_)?sensitive)\.)?(read|write)|tickets\.((?:highly_)?sensitive))(?:\.v2)?$/;

/** What a scope lets an app do. */
function scopeWords(scope: string, words: Words): string {
  if (Object.hasOwn(words.scopes, scope)) return words.scopes[scope] as string;
  const [match, kind, type = 'tickets', sensitivity, verb, ofTickets] = OF_RECORDS.exec(scope) ?? [];
  if (match === undefined || SCOPES_OF_ELSEWHERE.includes(scope)) return words.otherScope;
  const what =
    ofTickets ??
    [...(kind === 'schemas' ? [kind] : []), ...(sensitivity ? [sensitivity] : []), verb].join('.');
  const say = Object.hasOwn(words.ofRecords, what)
    ? words.ofRecords[what as keyof Words['ofRecords']]
    : undefined;
  return say?.(words.pluralInside[type] ?? type) ?? words.otherScope;
}

/** Where an address is: its host, or for an app's own scheme, that. */
function placeOf(address: string): string {
  const { host, protocol } = new URL(address);
  return host || protocol;
}

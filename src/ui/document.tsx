// What stands around every page: the head, the ways to other pages, the choice of a portal. Everything is escaped by
// React. Nothing needs a script: windows open and details fold by themselves.
import type { ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { OBJECT_TYPES, type ObjectType } from '../records/record.js';
import { address, pluralOf } from './names.js';
import type { View } from './view.js';
import type { ProblemStatus } from './words.js';

export function problemPage(view: View, http: number): string {
  const { words } = view.language;
  const known = http in words.problems ? (http as ProblemStatus) : http < 500 ? 400 : 500;
  const { title, text } = words.problems[known];
  return document(
    view,
    title,
    <div className="problem">
      <p className="status">{http}</p>
      <h1>{title}</h1>
      <p>{text}</p>
      <p>
        <a className="button" href="/">
          {words.allRecords}
        </a>
      </p>
    </div>,
  );
}

interface Around {
  /** Without the ways to other pages: something is to be decided first. */
  alone?: boolean;
  /** Stands before the content. */
  kinds?: ReactNode;
  /** Room for two columns. */
  wide?: boolean;
}

export function document(
  view: View,
  title: string,
  main: ReactNode,
  { alone, kinds, wide }: Around = {},
): string {
  const { language, portal, timeZone } = view;
  const { tag, words } = language;
  return `<!doctype html>${renderToStaticMarkup(
    <html lang={tag}>
      <head>
        <meta charSet="utf-8" />
        <title>{`${title} · Throughline`}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" type="image/svg+xml" href="/assets/icon.svg" />
        <link rel="stylesheet" href="/assets/style.css" />
      </head>
      <body className={wide ? 'wide' : undefined}>
        <a className="skip" href="#main">
          {words.skip}
        </a>
        <header className="site">
          <a className="brand" href={address(view, '/')}>
            Throughline
          </a>
          {!alone && (
            <>
              <nav aria-label="Throughline">
                <a href={address(view, '/')}>{words.records}</a>
                <a href="/docs">{words.reference}</a>
              </nav>
              <Choices view={view} />
            </>
          )}
        </header>
        {kinds}
        <main id="main" tabIndex={-1}>
          {main}
        </main>
        <footer className="site">
          {portal && !alone && (
            <>
              <p>
                {words.portal} {portal.name} ({portal.id})
              </p>
              <p>{words.timesIn(timeZone)}</p>
            </>
          )}
        </footer>
      </body>
    </html>,
  )}`;
}

/** Which portal is looked at, and by whom. */
function Choices({ view }: { view: View }) {
  const { language, portal, portals = [], account } = view;
  const { words } = language;
  if (portals.length < 2 && !account) return null;
  return (
    <div className="choices">
      {portals.length > 1 && (
        <form action="/">
          <label>
            <span className="label">{words.portal}</span>{' '}
            <select name="portal" defaultValue={String(portal?.id ?? '')}>
              {portals.map(({ id, name }) => (
                <option key={id} value={id}>
                  {`${name} (${id})`}
                </option>
              ))}
            </select>
          </label>
          <button type="submit" className="button">
            {words.show}
          </button>
        </form>
      )}
      {account && (
        <form method="post" action="/sign-out">
          <input type="hidden" name="key" value={account.key} />
          <span className="label">{account.email}</span>
          <button type="submit" className="button">
            {words.signOut}
          </button>
        </form>
      )}
    </div>
  );
}

export function Kinds({ view, current }: { view: View; current: ObjectType | 'recent' }) {
  const { words } = view.language;
  const types: readonly ObjectType[] = [...OBJECT_TYPES, ...view.customs.map(({ type }) => type)];
  const link = (kind: ObjectType | 'recent', asked: { type?: string }, text: string) => (
    <li key={kind}>
      <a href={address(view, '/', asked)} aria-current={kind === current ? 'page' : undefined}>
        {text}
      </a>
    </li>
  );
  return (
    <nav className="kinds site" aria-label={words.kinds}>
      <ul>
        {link('recent', {}, words.recent)}
        {types.map((type) => link(type, { type }, pluralOf(view, type)))}
      </ul>
    </nav>
  );
}

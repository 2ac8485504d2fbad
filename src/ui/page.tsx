// The pages' markup. Everything is escaped by React, but for an event's header and detail, which come as safe HTML.
// Nothing needs a script: windows are popovers, details fold by themselves.
import type { ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import type { Portal } from '../access/store.js';
import {
  type CrmRecord,
  isCustom,
  OBJECT_TYPES,
  type ObjectType,
  OWN_PROPERTIES,
  propertyOf,
  type StandardType,
} from '../records/record.js';
import type { ObjectSchema } from '../records/schema.js';
import type { EventBody } from '../timeline/present.js';
import type { StoredEvent } from '../timeline/store.js';
import type { Template } from '../timeline/template.js';
import { parseMoment } from '../timeline/time.js';
import type { Language, ProblemStatus, Words } from './words.js';

/** Who is looking, and at what. */
export interface View {
  language: Language;
  /** IANA zone that dates are printed in. */
  timeZone: string;
  portal?: Portal;
  /** The portal's custom objects. */
  customs: readonly ObjectSchema[];
  /** Those that can be looked at instead. */
  portals?: readonly Portal[];
  account?: Account;
}

/** Who has signed in, and what the form to sign out must carry. */
export interface Account {
  email: string;
  key: string;
}

export interface Listed {
  record: CrmRecord;
  /** Its latest event: when, and the name of its template. */
  last?: { timestamp: number; label: string };
}

/** An event with its two parts as safe HTML. */
export interface Entry {
  event: StoredEvent;
  body: EventBody;
  template: Template | undefined;
  header: string;
  detail: string;
  /** Whose it is, where that goes without saying elsewhere. */
  whose?: CrmRecord;
}

/** What is listed: the records of a type, those that a search found, or those that were active last. */
export interface ListContents {
  records: readonly Listed[];
  /** Absent: those that were active last, of all types. */
  type?: ObjectType;
  query?: string;
  /** How many a search found. */
  total?: number;
  /** A search that would have to look at too many records. */
  tooBroad?: boolean;
  isFirst: boolean;
  /** Where the next page begins. */
  next?: string;
}

/** Records that belong to the one that is shown. */
export interface Associated {
  type: ObjectType;
  records: readonly CrmRecord[];
  more: boolean;
}

export interface RecordContents {
  record: CrmRecord;
  entries: readonly Entry[];
  isNewest: boolean;
  /** The cursor of the page of older events. */
  older?: string;
  associated: readonly Associated[];
  /** Of a company: whether the events of its contacts are there too. */
  withContacts?: boolean;
}

/** A detail up to this length stands open; a longer one folds. */
const OPEN_DETAIL_CHARS = 2_000;
/** What a token's value shows where no template renders it. */
const MAX_VALUE_CHARS = 5_000;
const MAX_PROPERTIES = 100;
const MAX_PROPERTY_CHARS = 500;
/** What a search takes. */
export const MAX_QUERY_CHARS = 200;

export function listPage(view: View, contents: ListContents, baseUrl: string): string {
  const { words } = view.language;
  const { records, type, query, total, tooBroad, isFirst, next } = contents;
  const title = type ? pluralOf(view, type) : words.records;
  const lead = total !== undefined ? words.found(total) : type ? words.ofTypeLead : words.recordsLead;
  const path = (more: Readonly<Record<string, string>>) =>
    `/?${new URLSearchParams({ ...(type ? { type } : {}), ...(query ? { query } : {}), ...more })}`;
  return document(
    view,
    title,
    <>
      <h1>{title}</h1>
      <SearchForm view={view} type={type ?? 'contacts'} query={query} />
      {tooBroad ? (
        <p className="lead" role="status">
          {words.tooBroad}
        </p>
      ) : records.length > 0 ? (
        <>
          <p className="lead">{lead}</p>
          <RecordList view={view} records={records} />
        </>
      ) : type ? (
        <p className="lead">{query === undefined ? words.noneOfType : words.nothingFound}</p>
      ) : (
        <Empty words={words} baseUrl={baseUrl} />
      )}
      {(next !== undefined || !isFirst) && (
        <nav className="paging" aria-label={words.listPages}>
          {!isFirst && (
            <a className="button" href={path({})}>
              {words.firstPage}
            </a>
          )}
          {next !== undefined && (
            <a className="button older" rel="next" href={path({ after: next })}>
              {words.nextPage}
            </a>
          )}
        </nav>
      )}
    </>,
    { kinds: <Kinds view={view} current={type ?? 'recent'} /> },
  );
}

export function recordPage(view: View, contents: RecordContents): string {
  const { words } = view.language;
  const { record, entries, isNewest, older, associated, withContacts } = contents;
  const name = nameOf(record, view);
  const days = byDay(entries, view);
  const path = pathOf(record);
  const asked = withContacts ? 'include=contacts' : '';
  return document(
    view,
    name,
    <>
      <RecordHead view={view} record={record} name={name} />
      <div className="beside">
        <div className="about">
          <Properties view={view} record={record} />
          <AssociatedRecords view={view} associated={associated} />
        </div>
        <section aria-labelledby="timeline">
          <h2 id="timeline" className="section">
            {words.timeline}
          </h2>
          {withContacts !== undefined && (
            <p className="choice">
              <a href={withContacts ? path : `${path}?include=contacts`}>
                {withContacts ? words.withoutContacts : words.withContacts}
              </a>
            </p>
          )}
          {days.length > 0 ? (
            <div className="timeline">
              {days.map((day) => (
                <div key={day.date}>
                  <h3 className="day">
                    <time dateTime={day.date}>{day.title}</time>
                  </h3>
                  <ol className="events">
                    {day.entries.map(({ entry, index }) => (
                      <li key={index}>
                        <Event view={view} entry={entry} index={index} />
                      </li>
                    ))}
                  </ol>
                </div>
              ))}
            </div>
          ) : (
            <p className="nothing">{isNewest ? words.noEvents : words.noOlderEvents}</p>
          )}
          {(older !== undefined || !isNewest) && (
            <nav className="paging" aria-label={words.pages}>
              {!isNewest && (
                <a className="button" href={asked === '' ? path : `${path}?${asked}`}>
                  {words.newest}
                </a>
              )}
              {older !== undefined && (
                <a
                  className="button older"
                  rel="next"
                  href={`${path}?${asked === '' ? '' : `${asked}&`}after=${older}`}
                >
                  {words.older}
                </a>
              )}
            </nav>
          )}
        </section>
      </div>
    </>,
    { wide: true },
  );
}

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
          <a className="brand" href="/">
            Throughline
          </a>
          {!alone && (
            <>
              <nav aria-label="Throughline">
                <a href="/">{words.records}</a>
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
            <p>
              {words.portal} {portal.name} ({portal.id})
            </p>
          )}
          {!alone && <p>{words.timesIn(timeZone)}</p>}
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

function Kinds({ view, current }: { view: View; current: ObjectType | 'recent' }) {
  const { words } = view.language;
  const types: readonly ObjectType[] = [...OBJECT_TYPES, ...view.customs.map(({ type }) => type)];
  const link = (kind: ObjectType | 'recent', href: string, text: string) => (
    <li key={kind}>
      <a href={href} aria-current={kind === current ? 'page' : undefined}>
        {text}
      </a>
    </li>
  );
  return (
    <nav className="kinds site" aria-label={words.kinds}>
      <ul>
        {link('recent', '/', words.recent)}
        {types.map((type) => link(type, `/?type=${type}`, pluralOf(view, type)))}
      </ul>
    </nav>
  );
}

function SearchForm({ view, type, query }: { view: View; type: ObjectType; query: string | undefined }) {
  const { words } = view.language;
  const label = words.searchIn(pluralOf(view, type));
  return (
    <search>
      <form className="search" action="/">
        <input type="hidden" name="type" value={type} />
        <input
          type="search"
          name="query"
          aria-label={label}
          placeholder={label}
          defaultValue={query ?? ''}
          maxLength={MAX_QUERY_CHARS}
          autoComplete="off"
        />
        <button type="submit" className="button">
          {words.search}
        </button>
      </form>
    </search>
  );
}

function RecordList({ view, records }: { view: View; records: readonly Listed[] }) {
  return (
    <ul className="records">
      {records.map(({ record, last }) => {
        const name = ownName(record, view);
        return (
          <li key={`${record.type}/${record.id}`}>
            <Emblem record={record} view={view} />
            <div className="what">
              <a href={pathOf(record)}>
                {name !== undefined && <span className="name">{name}</span>}{' '}
                <span className={name === undefined ? 'name' : 'key'}>
                  {singularOf(view, record.type)} {record.id}
                </span>
              </a>
            </div>
            {last && (
              <p className="last">
                <Moment view={view} at={last.timestamp} />
                <span className="label">{last.label}</span>
              </p>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function Empty({ words, baseUrl }: { words: Words; baseUrl: string }) {
  return (
    <div className="empty">
      <h2>{words.noRecords}</h2>
      <p>{words.noRecordsHint}</p>
      <pre>
        <code>{`curl -X POST ${baseUrl}/integrators/timeline/v3/events \\
  -H "Authorization: Bearer $TOKEN" \\
  -H 'Content-Type: application/json' \\
  -d '{"eventTemplateId":"1001298","email":"art3mis-pup@petspot.com","tokens":{"petName":"Art3mis","petAge":3,"petColor":"black"}}'`}</code>
      </pre>
      <p>{words.tokenHint}</p>
    </div>
  );
}

function RecordHead({ view, record, name }: { view: View; record: CrmRecord; name: string }) {
  const { words } = view.language;
  return (
    <div className="record">
      <Emblem record={record} view={view} />
      <h1>{name}</h1>
      <dl>
        <div>
          <dt>{words.type}</dt>
          <dd>{singularOf(view, record.type)}</dd>
        </div>
        <div>
          <dt>{words.id}</dt>
          <dd>{record.id}</dd>
        </div>
        <div>
          <dt>{words.created}</dt>
          <dd>
            <Moment view={view} at={record.createdAt} />
          </dd>
        </div>
        <Listing title={words.additionalEmails} values={record.additionalEmails} />
        <Listing title={words.visitors} values={record.utks} />
        <Listing title={words.mergedIds} values={record.mergedIds.map(String)} />
      </dl>
    </div>
  );
}

/** The usual properties first, in the order of interest; then the others by name. */
function Properties({ view, record }: { view: View; record: CrmRecord }) {
  const { words } = view.language;
  const usual = usualOrder(record.type, view);
  const known = new Set(usual);
  const others = [...record.properties.keys()].filter(
    (name) => !known.has(name) && !OWN_PROPERTIES.has(name),
  );
  const names = [...usual, ...others.sort()].filter((name) => propertyOf(record, name));
  const shown = names.slice(0, MAX_PROPERTIES);
  return (
    <section aria-labelledby="properties">
      <h2 id="properties" className="section">
        {words.properties}
      </h2>
      {shown.length === 0 ? (
        <p className="nothing">{words.noProperties}</p>
      ) : (
        <dl className="properties">
          {shown.map((name) => (
            <div key={name}>
              <dt>
                {Object.hasOwn(words.labels, name) ? words.labels[name as keyof Words['labels']] : name}
              </dt>
              <dd>
                <Value view={view} text={propertyOf(record, name) ?? ''} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      {names.length > shown.length && <p className="nothing">{words.morePropertiesThan(shown.length)}</p>}
    </section>
  );
}

function usualOrder(type: ObjectType, { customs }: View): readonly string[] {
  if (!isCustom(type)) return PROPERTY_ORDER[type];
  const { primaryDisplayProperty, secondaryDisplayProperties = [] } =
    customs.find((each) => each.type === type) ?? {};
  const shown = primaryDisplayProperty === undefined ? [] : [primaryDisplayProperty];
  return [...new Set([...shown, ...secondaryDisplayProperties])];
}

const PROPERTY_ORDER: Readonly<Record<StandardType, readonly string[]>> = {
  contacts: 'email firstname lastname jobtitle company phone website lifecyclestage city country'.split(' '),
  companies: 'name domain website phone industry lifecyclestage city country description'.split(' '),
  deals: 'dealname amount pipeline dealstage closedate description'.split(' '),
  tickets: 'subject hs_pipeline hs_pipeline_stage hs_ticket_priority hs_ticket_category content'.split(' '),
};

const ISO_MOMENT = /^\d{4}-\d{2}-\d{2}T/;

function Value({ view, text }: { view: View; text: string }) {
  const moment = ISO_MOMENT.test(text) ? parseMoment(text) : undefined;
  if (moment !== undefined) return <Moment view={view} at={moment} />;
  return short(text, view.language.words, MAX_PROPERTY_CHARS);
}

function AssociatedRecords({ view, associated }: { view: View; associated: readonly Associated[] }) {
  const { words } = view.language;
  const some = associated.filter(({ records }) => records.length > 0);
  return (
    <section aria-labelledby="associated">
      <h2 id="associated" className="section">
        {words.associated}
      </h2>
      {some.length === 0 && <p className="nothing">{words.notAssociated}</p>}
      {some.map(({ type, records, more }) => (
        <div key={type} className="associated">
          <h3>{pluralOf(view, type)}</h3>
          <ul>
            {records.map((record) => (
              <li key={record.id}>
                <a href={pathOf(record)}>{nameOf(record, view)}</a>
              </li>
            ))}
            {more && <li className="label">{words.moreAssociated}</li>}
          </ul>
        </div>
      ))}
    </section>
  );
}

/** Nothing where there are no values. */
function Listing({ title, values }: { title: string; values: readonly string[] }) {
  if (values.length === 0) return null;
  return (
    <div>
      <dt>{title}</dt>
      {values.map((value) => (
        <dd key={value} translate="no">
          {value}
        </dd>
      ))}
    </div>
  );
}

function Event({ view, entry, index }: { view: View; entry: Entry; index: number }) {
  const { words } = view.language;
  const { event, body, template, header, detail, whose } = entry;
  const label = template?.name ?? String(event.templateId);
  const rendersNothing = header === '' && detail === '';
  return (
    <article className="event" aria-labelledby={`event-${index}`}>
      <time className="at" dateTime={iso(event.timestamp)}>
        {clock(view).format(event.timestamp)}
      </time>
      <div className="card">
        {header !== '' && <p className="label">{label}</p>}
        {whose && (
          <p className="whose">
            <a href={pathOf(whose)}>{nameOf(whose, view)}</a>
          </p>
        )}
        <Title id={`event-${index}`} html={header} label={label} />
        {detail !== '' && (
          <details open={detail.length <= OPEN_DETAIL_CHARS}>
            <summary>{words.details}</summary>
            <Html className="rendered" html={withHeadingsFrom(5, detail)} />
          </details>
        )}
        {rendersNothing && template && <Tokens view={view} template={template} tokens={body.tokens} />}
        <Window index={index} iframe={body.timelineIFrame} words={words} />
        <p className="event-id">
          {words.eventId} <span translate="no">{event.id}</span>
          <br />
          {words.why[event.identifiedBy]} <Moment view={view} at={event.receivedAt} />
        </p>
      </div>
    </article>
  );
}

/** The header as a heading; where it is more than a line of text, a heading could not hold it. */
function Title({ id, html, label }: { id: string; html: string; label: string }) {
  if (html === '')
    return (
      <h4 id={id} className="title">
        {label}
      </h4>
    );
  const line = /^<p>(.*)<\/p>$/s.exec(html)?.[1];
  return line === undefined || line.includes('</p>') ? (
    <Html id={id} className="title rendered" html={withHeadingsFrom(4, html)} />
  ) : (
    <h4
      id={id}
      className="title"
      // biome-ignore lint/security/noDangerouslySetInnerHtml: sanitised by the renderer
      dangerouslySetInnerHTML={{ __html: line }}
    />
  );
}

function Html({ id, className, html }: { id?: string; className: string; html: string }) {
  return (
    <div
      id={id}
      className={className}
      // biome-ignore lint/security/noDangerouslySetInnerHtml: sanitised by the renderer
      dangerouslySetInnerHTML={{ __html: html }}
    />
  );
}

function Tokens({ view, template, tokens }: { view: View; template: Template; tokens: EventBody['tokens'] }) {
  const labels = new Map(template.tokens.map((token) => [token.name, token]));
  const entries = Object.entries(tokens);
  if (entries.length === 0) return null;
  return (
    <dl className="tokens">
      {entries.map(([name, value]) => {
        const token = labels.get(name);
        const moment = token?.type === 'date' ? parseMoment(value) : undefined;
        const text = token?.options.find((option) => option.value === value)?.label || value;
        return (
          <div key={name}>
            <dt>{token?.label || name}</dt>
            <dd>
              {moment === undefined ? short(text, view.language.words) : <Moment view={view} at={moment} />}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

/**
 * The event's own window: a button that opens it here, and a link for who would rather have a tab. As a popover that is
 * a dialog, it takes the focus when it opens and gives it back when it closes.
 */
function Window({
  index,
  iframe,
  words,
}: {
  index: number;
  iframe: EventBody['timelineIFrame'];
  words: Words;
}) {
  if (!iframe || !/^https?:\/\//i.test(iframe.url)) return null;
  const { linkLabel, headerLabel, url, width, height } = iframe;
  const title = headerLabel || linkLabel || words.open;
  const id = `window-${index}`;
  return (
    <div className="opens">
      <button type="button" className="button" popoverTarget={id}>
        {linkLabel || words.open}
      </button>
      <a href={url} target="_blank" rel="noopener noreferrer" aria-describedby={`event-${index}`}>
        {words.newTab}
      </a>
      <dialog id={id} className="window" popover="auto" aria-labelledby={`${id}-title`}>
        <div className="bar">
          <h5 id={`${id}-title`}>{title}</h5>
          <button type="button" className="button" popoverTarget={id} popoverTargetAction="hide">
            {words.close}
          </button>
        </div>
        <iframe
          title={title}
          src={url}
          width={width}
          height={height}
          loading="lazy"
          sandbox="allow-scripts allow-forms allow-popups allow-same-origin"
          referrerPolicy="no-referrer"
        />
      </dialog>
    </div>
  );
}

function Emblem({ record, view }: { record: CrmRecord; view: View }) {
  const [initial = ''] = ownName(record, view) ?? singularOf(view, record.type);
  const kind = isCustom(record.type) ? 'custom' : record.type;
  return <span className={`emblem ${kind}`} data-initial={initial.toUpperCase()} aria-hidden="true" />;
}

function Moment({ view, at }: { view: View; at: number }) {
  const { language, timeZone } = view;
  const format = new Intl.DateTimeFormat(language.locale, {
    dateStyle: 'medium',
    timeStyle: 'short',
    timeZone,
  });
  return <time dateTime={iso(at)}>{format.format(at)}</time>;
}

/** What people call the records of a type: a custom one's labels, as its creator wrote them. */
function pluralOf({ language, customs }: View, type: ObjectType): string {
  if (!isCustom(type)) return language.words.plural[type];
  return customs.find((each) => each.type === type)?.plural ?? type;
}

function singularOf({ language, customs }: View, type: ObjectType): string {
  if (!isCustom(type)) return language.words.types[type];
  return customs.find((each) => each.type === type)?.singular ?? type;
}

function nameOf(record: CrmRecord, view: View): string {
  return ownName(record, view) ?? `${singularOf(view, record.type)} ${record.id}`;
}

/** What people call it; undefined where it has no name. */
function ownName(record: CrmRecord, { customs }: View): string | undefined {
  const of = (...names: string[]) =>
    names.map((name) => propertyOf(record, name) ?? '').find((each) => each.trim() !== '');
  switch (record.type) {
    case 'contacts':
      return (
        record.email ?? (['firstname', 'lastname'].flatMap((name) => of(name) ?? []).join(' ') || undefined)
      );
    case 'companies':
      return of('name', 'domain');
    case 'deals':
      return of('dealname');
    case 'tickets':
      return of('subject');
    default: {
      const shown = customs.find(({ type }) => type === record.type)?.primaryDisplayProperty;
      return shown === undefined ? undefined : of(shown);
    }
  }
}

function pathOf(record: CrmRecord): string {
  return `/records/${record.type}/${record.id}`;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

function clock({ language, timeZone }: View): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(language.locale, { timeStyle: 'short', timeZone });
}

function short(text: string, words: Words, most = MAX_VALUE_CHARS): string {
  const left = text.length - most;
  return left > 0 ? `${text.slice(0, most)}${words.cut(left)}` : text;
}

interface Day {
  /** yyyy-mm-dd in the view's zone. */
  date: string;
  title: string;
  entries: { entry: Entry; index: number }[];
}

function byDay(entries: readonly Entry[], { language, timeZone }: View): Day[] {
  const titles = new Intl.DateTimeFormat(language.locale, { dateStyle: 'full', timeZone });
  const dates = new Intl.DateTimeFormat('sv', { dateStyle: 'short', timeZone });
  const days: Day[] = [];
  for (const [index, entry] of entries.entries()) {
    const at = entry.event.timestamp;
    const date = dates.format(at).padStart(10, '0');
    const current = days.at(-1);
    if (current?.date === date) current.entries.push({ entry, index });
    else days.push({ date, title: titles.format(at), entries: [{ entry, index }] });
  }
  return days;
}

/** Safe HTML whose headings, whatever the template chose, continue the page's: none skips a level. */
function withHeadingsFrom(level: number, html: string): string {
  const open: number[] = [];
  return html.replace(/<(\/?)h([1-6])>/g, (_, slash: string, digit: string) => {
    if (slash === '') {
      while ((open.at(-1) ?? 0) >= Number(digit)) open.pop();
      open.push(Number(digit));
    }
    return `<${slash}h${Math.min(level + open.length - 1, 6)}>`;
  });
}

// The pages' markup. Everything is escaped by React, but for an event's header and detail, which come as safe HTML.
// Nothing needs a script: windows are popovers, details fold by themselves.
import type { ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import type { Portal } from '../access/store.js';
import type { CrmRecord } from '../records/record.js';
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
}

export interface RecordContents {
  record: CrmRecord;
  entries: readonly Entry[];
  isNewest: boolean;
  /** The cursor of the page of older events. */
  older?: string;
}

/** A detail up to this length stands open; a longer one folds. */
const OPEN_DETAIL_CHARS = 2_000;
/** What a token's value shows where no template renders it. */
const MAX_VALUE_CHARS = 5_000;

export function listPage(view: View, records: readonly Listed[], baseUrl: string): string {
  const { words } = view.language;
  return document(
    view,
    words.records,
    <>
      <h1>{words.records}</h1>
      {records.length > 0 ? (
        <RecordList view={view} records={records} />
      ) : (
        <Empty words={words} baseUrl={baseUrl} />
      )}
    </>,
  );
}

export function recordPage(view: View, contents: RecordContents): string {
  const { words } = view.language;
  const { record, entries, isNewest, older } = contents;
  const name = nameOf(record, words);
  const days = byDay(entries, view);
  const path = pathOf(record);
  return document(
    view,
    name,
    <>
      <RecordHead view={view} record={record} name={name} />
      <section aria-labelledby="timeline">
        <h2 id="timeline" className="section">
          {words.timeline}
        </h2>
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
      </section>
      {(older !== undefined || !isNewest) && (
        <nav className="paging" aria-label={words.pages}>
          {!isNewest && (
            <a className="button" href={path}>
              {words.newest}
            </a>
          )}
          {older !== undefined && (
            <a className="button older" rel="next" href={`${path}?after=${older}`}>
              {words.older}
            </a>
          )}
        </nav>
      )}
    </>,
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

function document(view: View, title: string, main: ReactNode): string {
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
      <body>
        <a className="skip" href="#main">
          {words.skip}
        </a>
        <header className="site">
          <a className="brand" href="/">
            Throughline
          </a>
          <nav aria-label="Throughline">
            <a href="/">{words.records}</a>
            <a href="/docs">{words.reference}</a>
          </nav>
        </header>
        <main id="main" tabIndex={-1}>
          {main}
        </main>
        <footer className="site">
          {portal && (
            <p>
              {words.portal} {portal.name} ({portal.id})
            </p>
          )}
          <p>{words.timesIn(timeZone)}</p>
        </footer>
      </body>
    </html>,
  )}`;
}

function RecordList({ view, records }: { view: View; records: readonly Listed[] }) {
  const { words } = view.language;
  return (
    <>
      <p className="lead">{words.recordsLead}</p>
      <ul className="records">
        {records.map(({ record, last }) => (
          <li key={`${record.type}/${record.id}`}>
            <Emblem record={record} words={words} />
            <div className="what">
              <a href={pathOf(record)}>
                {record.email !== undefined && <span className="name">{record.email}</span>}{' '}
                <span className={record.email === undefined ? 'name' : 'key'}>
                  {words.types[record.type]} {record.id}
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
        ))}
      </ul>
    </>
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
      <Emblem record={record} words={words} />
      <h1>{name}</h1>
      <dl>
        <div>
          <dt>{words.type}</dt>
          <dd>{words.types[record.type]}</dd>
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
        {record.additionalEmails.length > 0 && (
          <div>
            <dt>{words.additionalEmails}</dt>
            {record.additionalEmails.map((email) => (
              <dd key={email}>{email}</dd>
            ))}
          </div>
        )}
      </dl>
    </div>
  );
}

function Event({ view, entry, index }: { view: View; entry: Entry; index: number }) {
  const { words } = view.language;
  const { event, body, template, header, detail } = entry;
  const label = template?.name ?? String(event.templateId);
  const rendersNothing = header === '' && detail === '';
  return (
    <article className="event" aria-labelledby={`event-${index}`}>
      <time className="at" dateTime={iso(event.timestamp)}>
        {clock(view).format(event.timestamp)}
      </time>
      <div className="card">
        {header !== '' && <p className="label">{label}</p>}
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

function Emblem({ record, words }: { record: CrmRecord; words: Words }) {
  const [initial = ''] = record.email ?? words.types[record.type];
  return <span className={`emblem ${record.type}`} data-initial={initial.toUpperCase()} aria-hidden="true" />;
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

function nameOf(record: CrmRecord, words: Words): string {
  return record.email ?? `${words.types[record.type]} ${record.id}`;
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

function short(text: string, words: Words): string {
  const left = text.length - MAX_VALUE_CHARS;
  return left > 0 ? `${text.slice(0, MAX_VALUE_CHARS)}${words.cut(left)}` : text;
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

// The page of a record: who it is, what is known of it, who belongs to it, and its timeline.

import { parseMoment } from '../records/moment.js';
import {
  type CrmRecord,
  isCustom,
  type ObjectType,
  propertyOf,
  type StandardType,
} from '../records/record.js';
import { daysIn } from './days.js';
import { document } from './document.js';
import { type Entry, Event } from './event.js';
import {
  Asking,
  address,
  asking,
  Emblem,
  Moment,
  nameOf,
  pathOf,
  pluralOf,
  short,
  singularOf,
} from './names.js';
import type { View } from './view.js';
import type { Words } from './words.js';

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
  /** The day with whose last events the page begins: yyyy-mm-dd. */
  until?: string;
  /** The cursor of the page of older events. */
  older?: string;
  associated: readonly Associated[];
  /** Of a company: whether the events of its contacts are there too. */
  withContacts?: boolean;
}

const WITH_CONTACTS = { include: 'contacts' };
const MAX_PROPERTIES = 100;
const MAX_PROPERTY_CHARS = 500;
/** Identities, and ids merged from, of each kind: a contact may have hundreds. */
const MAX_LISTED = 10;

export function recordPage(view: View, contents: RecordContents): string {
  const { words } = view.language;
  const { record, entries, isNewest, until, older, associated, withContacts } = contents;
  const name = nameOf(record, view);
  const days = byDay(entries, view);
  const path = pathOf(record);
  const asked = withContacts ? WITH_CONTACTS : {};
  const goesOn = older !== undefined || !isNewest;
  return document(
    view,
    isNewest ? name : `${name} · ${words.older}`,
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
              <a href={address(view, path, withContacts ? {} : WITH_CONTACTS)}>
                {withContacts ? words.withoutContacts : words.withContacts}
              </a>
            </p>
          )}
          {goesOn && (
            <form className="choice until" action={path}>
              <Asking query={asking(view, asked)} />
              <label>
                {words.until}{' '}
                <input type="date" name="until" defaultValue={until} max="9999-12-31" required />
              </label>
              <button type="submit" className="button">
                {words.show}
              </button>
            </form>
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
          {goesOn && (
            <nav className="paging" aria-label={words.pages}>
              {!isNewest && (
                <a className="button" href={address(view, path, asked)}>
                  {words.newest}
                </a>
              )}
              {older !== undefined && (
                <a className="button older" rel="next" href={address(view, path, { ...asked, after: older })}>
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
        <Listing title={words.additionalEmails} values={record.additionalEmails} words={words} />
        <Listing title={words.visitors} values={record.utks} words={words} />
        <Listing title={words.mergedIds} values={record.mergedIds.map(String)} words={words} />
      </dl>
      <p className="choice jump">
        <a href="#timeline">{words.timeline}</a>
      </p>
    </div>
  );
}

/** The usual properties first, in the order of interest; then the others by name. */
function Properties({ view, record }: { view: View; record: CrmRecord }) {
  const { words } = view.language;
  const usual = usualOrder(record.type, view);
  const known = new Set(usual);
  const others = [...record.properties.keys()].filter((name) => !known.has(name));
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
                <a href={address(view, pathOf(record))}>{nameOf(record, view)}</a>
              </li>
            ))}
            {more && <li className="label">{words.moreListed}</li>}
          </ul>
        </div>
      ))}
    </section>
  );
}

/** Nothing where there are no values. */
function Listing({ title, values, words }: { title: string; values: readonly string[]; words: Words }) {
  if (values.length === 0) return null;
  return (
    <div>
      <dt>{title}</dt>
      {values.slice(0, MAX_LISTED).map((value) => (
        <dd key={value} translate="no">
          {value}
        </dd>
      ))}
      {values.length > MAX_LISTED && <dd className="label">{words.moreListed}</dd>}
    </div>
  );
}

interface Day {
  /** yyyy-mm-dd in the view's zone. */
  date: string;
  title: string;
  entries: { entry: Entry; index: number }[];
}

function byDay(entries: readonly Entry[], { language, timeZone }: View): Day[] {
  const titles = new Intl.DateTimeFormat(language.locale, { dateStyle: 'full', timeZone });
  const dayOf = daysIn(timeZone);
  const days: Day[] = [];
  for (const [index, entry] of entries.entries()) {
    const at = entry.event.timestamp;
    const date = dayOf(at);
    const current = days.at(-1);
    if (current?.date === date) current.entries.push({ entry, index });
    else days.push({ date, title: titles.format(at), entries: [{ entry, index }] });
  }
  return days;
}

// The page that lists records: of a type, found by a search, or active last.
import type { CrmRecord, ObjectType } from '../records/record.js';
import { document, Kinds } from './document.js';
import { Asking, address, asking, Emblem, Moment, ownName, pathOf, pluralOf, singularOf } from './names.js';
import type { View } from './view.js';
import type { Words } from './words.js';

export interface Listed {
  record: CrmRecord;
  /** Its latest event: when, and the name of its template. */
  last?: { timestamp: number; label: string };
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

/** What a search takes. */
export const MAX_QUERY_CHARS = 200;

export function listPage(view: View, contents: ListContents, baseUrl: string): string {
  const { words } = view.language;
  const { records, type, query, total, tooBroad, isFirst, next } = contents;
  const title = type ? pluralOf(view, type) : words.records;
  const lead = total !== undefined ? words.found(total) : type ? words.ofTypeLead : words.recordsLead;
  const path = (more: { after?: string }) =>
    address(view, '/', { ...(type ? { type } : {}), ...(query ? { query } : {}), ...more });
  return document(
    view,
    [...(query ? [query] : []), title, ...(isFirst ? [] : [words.furtherPage])].join(' · '),
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
        <p className="lead">
          {!isFirst ? words.pastTheEnd : query === undefined ? words.noneOfType : words.nothingFound}
        </p>
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

function SearchForm({ view, type, query }: { view: View; type: ObjectType; query: string | undefined }) {
  const { words } = view.language;
  const label = words.searchIn(words.pluralInside[type] ?? pluralOf(view, type));
  return (
    <search>
      <form className="search" action="/">
        <Asking query={asking(view, { type })} />
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
              <a href={address(view, pathOf(record))}>
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
  --data-binary @- <<EOF
{"eventTemplateId":"$TEMPLATE","email":"art3mis-pup@petspot.com","tokens":{}}
EOF`}</code>
      </pre>
      <p>
        {words.tokenHint} <a href="/docs#tag/templates">{words.reference}</a>.
      </p>
    </div>
  );
}

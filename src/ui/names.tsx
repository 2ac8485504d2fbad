// What records, types and moments are called on pages, and where the pages are.
import { type CrmRecord, isCustom, type ObjectType, propertyOf } from '../records/record.js';
import type { View } from './view.js';
import type { Words } from './words.js';

/** What a token's value shows where no template renders it. */
const MAX_VALUE_CHARS = 5_000;
/** What a record's name shows, and what an event calls its window. */
export const MAX_NAME_CHARS = 200;

/** As they are seen: one may be of many code points. */
const CHARACTERS = new Intl.Segmenter();
const INVISIBLE_START = /^[\s\p{Cc}\p{Cf}]+/u;

export function Emblem({ record, view }: { record: CrmRecord; view: View }) {
  const name = ownName(record, view) ?? singularOf(view, record.type);
  const [initial] = CHARACTERS.segment(name.replace(INVISIBLE_START, ''));
  const kind = isCustom(record.type) ? 'custom' : record.type;
  return (
    <span className={`emblem ${kind}`} data-initial={initial?.segment.toUpperCase()} aria-hidden="true" />
  );
}

export function Moment({ view, at }: { view: View; at: number }) {
  return <time dateTime={iso(at)}>{formatsOf(view).moment.format(at)}</time>;
}

/** What people call the records of a type: a custom one's labels, as its creator wrote them. */
export function pluralOf({ language, customs }: View, type: ObjectType): string {
  if (!isCustom(type)) return language.words.plural[type];
  return customs.find((each) => each.type === type)?.plural ?? type;
}

export function singularOf({ language, customs }: View, type: ObjectType): string {
  if (!isCustom(type)) return language.words.types[type];
  return customs.find((each) => each.type === type)?.singular ?? type;
}

export function nameOf(record: CrmRecord, view: View): string {
  return ownName(record, view) ?? `${singularOf(view, record.type)} ${record.id}`;
}

/** What people call it; undefined where it has no name. */
export function ownName(record: CrmRecord, view: View): string | undefined {
  const name = wholeName(record, view);
  return name === undefined ? undefined : short(name, view.language.words, MAX_NAME_CHARS);
}

function wholeName(record: CrmRecord, { customs }: View): string | undefined {
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

export function pathOf({ type, id }: CrmRecord): string {
  return `/records/${type}/${id}`;
}

/** What the address of a page asks for. Of several portals it names the one looked at, so that it can be kept and sent. */
export function asking({ portal, portals = [] }: View, more: Query = {}): Query {
  return portal && portals.length > 1 ? { portal: String(portal.id), ...more } : more;
}

export function address(view: View, path: string, more: Query = {}): string {
  const query = new URLSearchParams(asking(view, more)).toString();
  return query === '' ? path : `${path}?${query}`;
}

/** The same in a form, which asks for more. */
export function Asking({ query }: { query: Query }) {
  return Object.entries(query).map(([name, value]) => (
    <input key={name} type="hidden" name={name} value={value} />
  ));
}

type Query = Readonly<Record<string, string>>;

export function iso(at: number): string {
  return new Date(at).toISOString();
}

export function clock(view: View): Intl.DateTimeFormat {
  return formatsOf(view).clock;
}

type Formats = Record<'moment' | 'clock', Intl.DateTimeFormat>;
const formats = new WeakMap<View, Formats>();

/** Made once for a page, which has a hundred moments: to make one takes seventy times as long as to use it. */
function formatsOf(view: View): Formats {
  const known = formats.get(view);
  if (known) return known;
  const { locale } = view.language;
  const of = (style: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { ...style, timeStyle: 'short', timeZone: view.timeZone });
  const made = { moment: of({ dateStyle: 'medium' }), clock: of({}) };
  formats.set(view, made);
  return made;
}

export function short(text: string, words: Words, most = MAX_VALUE_CHARS): string {
  if (text.length <= most) return text;
  const start = text.slice(0, most).replace(/[\ud800-\udbff]$/, ''); // half a character
  return `${start}${words.cut(text.length - start.length)}`;
}

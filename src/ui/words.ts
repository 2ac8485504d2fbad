// What the pages say, in English and German, and which of the two a browser asks for.
// A message that one language lacks does not compile.
import type { IdentifiedBy } from '../records/identity.js';
import type { StandardType } from '../records/record.js';

const en = {
  skip: 'Skip to the content',
  reference: 'API reference',
  portal: 'Portal',
  timesIn: (zone: string) => `Times are in ${zone}.`,

  records: 'Records',
  recordsLead: 'Most recently active first.',
  allRecords: 'All records',
  types: {
    contacts: 'Contact',
    companies: 'Company',
    deals: 'Deal',
    tickets: 'Ticket',
  } satisfies Record<StandardType, string> as Readonly<Record<StandardType, string>>,
  recent: 'Recently active',
  kinds: 'Kinds of records',
  plural: {
    contacts: 'Contacts',
    companies: 'Companies',
    deals: 'Deals',
    tickets: 'Tickets',
  } satisfies Record<StandardType, string> as Readonly<Record<StandardType, string>>,
  ofTypeLead: 'Oldest first.',
  search: 'Search',
  searchIn: (plural: string) => `Search ${plural.toLowerCase()}`,
  found: (total: number) => `${total.toLocaleString('en')} found`,
  nothingFound: 'Nothing was found.',
  noneOfType: 'There are none yet.',
  tooBroad: 'There are too many records to look through them all; ask for them by the API, with a filter.',
  listPages: 'Pages of the list',
  firstPage: 'First page',
  nextPage: 'Next page',
  noRecords: 'Nothing has happened yet',
  noRecordsHint: 'Send the first event, and the record that it is about appears here:',
  tokenHint: 'TOKEN is the access token that the server printed when it started.',

  type: 'Type',
  id: 'Id',
  additionalEmails: 'Further e-mails',
  visitors: 'Visitors (utk)',
  mergedIds: 'Merged from',
  created: 'Created',
  properties: 'Properties',
  noProperties: 'Nothing is known of it yet.',
  morePropertiesThan: (shown: number) => `The first ${shown} are shown.`,
  associated: 'Associated records',
  notAssociated: 'None.',
  moreAssociated: 'and more',
  withContacts: 'Show the events of its contacts too',
  withoutContacts: 'Show its own events alone',
  labels: {
    email: 'E-mail',
    firstname: 'First name',
    lastname: 'Last name',
    jobtitle: 'Job title',
    company: 'Company',
    phone: 'Phone',
    website: 'Website',
    lifecyclestage: 'Lifecycle stage',
    name: 'Name',
    domain: 'Domain',
    industry: 'Industry',
    city: 'City',
    country: 'Country',
    dealname: 'Deal name',
    amount: 'Amount',
    pipeline: 'Pipeline',
    dealstage: 'Deal stage',
    closedate: 'Close date',
    subject: 'Subject',
    content: 'Content',
    hs_pipeline: 'Pipeline',
    hs_pipeline_stage: 'Pipeline stage',
    hs_ticket_priority: 'Priority',
    hs_ticket_category: 'Category',
    description: 'Description',
  },
  timeline: 'Timeline',
  noEvents: 'No events stand on this record.',
  noOlderEvents: 'There are no older events.',
  details: 'Details',
  eventId: 'Event id',
  why: {
    objectId: 'Stands here by its objectId, received',
    email: 'Stands here by its e-mail, received',
    utk: 'Stands here by its visitor (utk), received',
  } satisfies Record<IdentifiedBy, string> as Readonly<Record<IdentifiedBy, string>>,
  cut: (left: number) => `… and ${left.toLocaleString('en')} more characters`,
  open: 'Open',
  newTab: 'Open in a new tab',
  close: 'Close',
  pages: 'Pages of the timeline',
  older: 'Older events',
  newest: 'Newest events',

  problems: {
    400: {
      title: 'This address cannot be read',
      text: 'Something in it is not as we make it; perhaps a part was lost when it was copied.',
    },
    401: {
      title: 'Please sign in',
      text: 'These pages ask for a password. Reload the page and enter it; any user name will do.',
    },
    404: {
      title: 'There is nothing here',
      text: 'No record has this address. It may be mistyped, or no event has come for it yet.',
    },
    421: {
      title: 'This server answers on its own machine only',
      text: 'Call it as localhost or 127.0.0.1.',
    },
    503: {
      title: 'Too busy just now',
      text: 'Please try again in a moment.',
    },
    500: {
      title: 'Something went wrong here',
      text: 'The fault is ours, not yours. The server’s log has it.',
    },
  },
};

export type Words = typeof en;

const de: Words = {
  skip: 'Zum Inhalt springen',
  reference: 'API-Referenz',
  portal: 'Portal',
  timesIn: (zone) => `Zeitangaben in der Zeitzone ${zone}.`,

  records: 'Datensätze',
  recordsLead: 'Zuletzt aktive zuerst.',
  allRecords: 'Alle Datensätze',
  types: { contacts: 'Kontakt', companies: 'Unternehmen', deals: 'Deal', tickets: 'Ticket' },
  recent: 'Zuletzt aktiv',
  kinds: 'Arten von Datensätzen',
  plural: { contacts: 'Kontakte', companies: 'Unternehmen', deals: 'Deals', tickets: 'Tickets' },
  ofTypeLead: 'Älteste zuerst.',
  search: 'Suchen',
  searchIn: (plural) => `${plural} durchsuchen`,
  found: (total) => `${total.toLocaleString('de')} gefunden`,
  nothingFound: 'Es wurde nichts gefunden.',
  noneOfType: 'Es gibt noch keine.',
  tooBroad:
    'Es sind zu viele Datensätze, um alle durchzusehen; fragen Sie über die API mit einem Filter nach ihnen.',
  listPages: 'Seiten der Liste',
  firstPage: 'Erste Seite',
  nextPage: 'Nächste Seite',
  noRecords: 'Noch ist nichts geschehen',
  noRecordsHint: 'Senden Sie das erste Ereignis; der Datensatz, den es betrifft, erscheint dann hier:',
  tokenHint: 'TOKEN ist das Zugriffstoken, das der Server beim Start ausgegeben hat.',

  type: 'Typ',
  id: 'ID',
  additionalEmails: 'Weitere E-Mail-Adressen',
  visitors: 'Besucher (utk)',
  mergedIds: 'Zusammengeführt aus',
  created: 'Angelegt',
  properties: 'Eigenschaften',
  noProperties: 'Noch ist nichts darüber bekannt.',
  morePropertiesThan: (shown) => `Die ersten ${shown} werden gezeigt.`,
  associated: 'Zugehörige Datensätze',
  notAssociated: 'Keine.',
  moreAssociated: 'und weitere',
  withContacts: 'Auch die Ereignisse der Kontakte zeigen',
  withoutContacts: 'Nur die eigenen Ereignisse zeigen',
  labels: {
    email: 'E-Mail-Adresse',
    firstname: 'Vorname',
    lastname: 'Nachname',
    jobtitle: 'Position',
    company: 'Firma',
    phone: 'Telefon',
    website: 'Website',
    lifecyclestage: 'Lifecycle-Phase',
    name: 'Name',
    domain: 'Domain',
    industry: 'Branche',
    city: 'Stadt',
    country: 'Land',
    dealname: 'Deal-Name',
    amount: 'Betrag',
    pipeline: 'Pipeline',
    dealstage: 'Deal-Phase',
    closedate: 'Abschlussdatum',
    subject: 'Betreff',
    content: 'Inhalt',
    hs_pipeline: 'Pipeline',
    hs_pipeline_stage: 'Pipeline-Phase',
    hs_ticket_priority: 'Priorität',
    hs_ticket_category: 'Kategorie',
    description: 'Beschreibung',
  },
  timeline: 'Verlauf',
  noEvents: 'Zu diesem Datensatz gibt es keine Ereignisse.',
  noOlderEvents: 'Es gibt keine älteren Ereignisse.',
  details: 'Einzelheiten',
  eventId: 'Ereignis-ID',
  why: {
    objectId: 'Steht hier wegen der objectId, empfangen',
    email: 'Steht hier wegen der E-Mail-Adresse, empfangen',
    utk: 'Steht hier wegen des Besuchers (utk), empfangen',
  },
  cut: (left) => `… und ${left.toLocaleString('de')} weitere Zeichen`,
  open: 'Öffnen',
  newTab: 'In neuem Tab öffnen',
  close: 'Schließen',
  pages: 'Seiten des Verlaufs',
  older: 'Ältere Ereignisse',
  newest: 'Neueste Ereignisse',

  problems: {
    400: {
      title: 'Diese Adresse ist nicht lesbar',
      text: 'Etwas darin stammt nicht von uns; vielleicht ging beim Kopieren ein Teil verloren.',
    },
    401: {
      title: 'Bitte melden Sie sich an',
      text: 'Diese Seiten verlangen ein Passwort. Laden Sie die Seite neu und geben Sie es ein; der Benutzername ist beliebig.',
    },
    404: {
      title: 'Hier ist nichts',
      text: 'Kein Datensatz hat diese Adresse. Vielleicht ist sie vertippt, oder es kam noch kein Ereignis für ihn.',
    },
    421: {
      title: 'Dieser Server antwortet nur auf seinem eigenen Rechner',
      text: 'Rufen Sie ihn als localhost oder 127.0.0.1 auf.',
    },
    503: {
      title: 'Gerade ist zu viel los',
      text: 'Bitte versuchen Sie es gleich noch einmal.',
    },
    500: {
      title: 'Hier ist etwas schiefgegangen',
      text: 'Der Fehler liegt bei uns, nicht bei Ihnen. Er steht im Protokoll des Servers.',
    },
  },
};

export type ProblemStatus = keyof Words['problems'];

export interface Language {
  /** For `<html lang>`. */
  tag: 'en' | 'de';
  /** For dates: with the region, where the browser names one. */
  locale: string;
  words: Words;
}

const ALL = { en, de };
/** `de`, `de-AT`, `en_…` is none: what dates can be printed in. */
const RANGE = /^(en|de)(?:-[a-z]{2})?$/i;

/** The language that Accept-Language (RFC 9110) likes best; English where it names neither. */
export function languageOf(header: string | undefined): Language {
  const wanted = (header ?? '')
    .split(',')
    .map((part) => {
      const [range = '', ...parameters] = part.split(';').map((text) => text.trim());
      const weight = parameters.find((text) => /^q=/i.test(text))?.slice(2);
      return { range: range.toLowerCase(), q: weight === undefined ? 1 : Number(weight) };
    })
    .filter(({ q }) => q >= 0);
  const refused = wanted.filter(({ q }) => q === 0).map(({ range }) => range);
  const best = wanted
    .filter(({ range, q }) => q > 0 && (range === '*' || /^(?:en|de)(?:-|$)/.test(range)))
    .sort((a, b) => b.q - a.q)[0];
  const range = !best || best.range === '*' ? (refused.includes('en') ? 'de' : 'en') : best.range;
  const tag = range.startsWith('de') ? 'de' : 'en';
  return { tag, locale: RANGE.test(range) ? range : tag, words: ALL[tag] };
}

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
  searchIn: (plural: string) => `Search ${plural}`,
  found: (total: number) => `${total.toLocaleString('en')} found`,
  nothingFound: 'Nothing was found.',
  noneOfType: 'There are none yet.',
  pastTheEnd: 'The list ends before this page.',
  tooBroad: 'There are too many records to look through them all; ask for them by the API, with a filter.',
  listPages: 'Pages of the list',
  firstPage: 'First page',
  nextPage: 'Next page',
  furtherPage: 'further page',
  noRecords: 'Nothing has happened yet',
  noRecordsHint: 'Send the first event, and the record that it is about appears here:',
  tokenHint:
    'TOKEN is an access token for this portal: throughline token create makes one. TEMPLATE is the id of an event template of the token’s app; how to make one is in the',

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
  moreListed: 'and more',
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
  until: 'Until',

  show: 'Show',
  signIn: 'Sign in',
  signOut: 'Sign out',
  signInAsAnother: 'Sign in as somebody else',
  password: 'Password',
  wrongPassword: 'That e-mail and password do not go together. Please try again.',
  noUserHint: 'Whoever runs this server makes users, with throughline user create.',

  consentTitle: (app: string) => `Give ${app} access?`,
  consentLead: (app: string) =>
    `The app ${app} asks for access to a portal of yours. With it, the app could:`,
  signedInAs: (email: string) => `You are signed in as ${email}.`,
  sentTo: (where: string) => `Either way you are sent back to ${where}.`,
  allow: 'Allow',
  cancel: 'Cancel',
  scopes: {
    oauth: 'know that it has access',
    timeline: 'read and write events on timelines',
    tickets: 'read, create, change and delete tickets',
    forms: 'submit forms in the name of visitors',
    'developers-read': 'read its own event templates',
    'developers-write': 'create, change and delete its own event templates',
    'crm.schemas.custom.read': 'read which custom objects there are and which properties they have',
    'crm.schemas.custom.write': 'define custom objects and their properties, and delete them',
    'crm.objects.custom.read': 'read records of custom objects',
    'crm.objects.custom.write': 'create, change and delete records of custom objects',
  } as Readonly<Record<string, string>>,
  ofRecords: {
    read: (plural: string) => `read ${plural}`,
    write: (plural: string) => `create, change and delete ${plural}`,
    'sensitive.read': (plural: string) => `read sensitive data of ${plural}`,
    'sensitive.write': (plural: string) => `change sensitive data of ${plural}`,
    'highly_sensitive.read': (plural: string) => `read highly sensitive data of ${plural}`,
    'highly_sensitive.write': (plural: string) => `change highly sensitive data of ${plural}`,
    sensitive: (plural: string) => `read and change sensitive data of ${plural}`,
    highly_sensitive: (plural: string) => `read and change highly sensitive data of ${plural}`,
    'schemas.read': (plural: string) => `read which properties ${plural} have`,
    'schemas.write': (plural: string) => `define which properties ${plural} have`,
  },
  pluralInside: {
    contacts: 'contacts',
    companies: 'companies',
    deals: 'deals',
    tickets: 'tickets',
  } as Readonly<Record<string, string>>,
  otherScope: 'nothing more: this is for a part of HubSpot that is not here',

  unanswerable: {
    client: {
      title: 'No such app is known here',
      text: 'The address that brought you here names an app that this server does not know. Whoever made the app needs its client_id from this server.',
    },
    redirectUri: {
      title: 'The app may not send you there',
      text: 'The app’s redirect_uri is not one of those that were registered for it, character for character. Nothing was sent to it.',
    },
    repeated: {
      title: 'This address cannot be read',
      text: 'Something stands in it more than once. Nothing was sent to the app.',
    },
    portal: {
      title: 'There is no such portal here',
      text: 'The portal is not known to this server, or none has been made yet: throughline portal create makes one.',
    },
  },

  problems: {
    400: {
      title: 'This address cannot be read',
      text: 'Something in it is not as we make it; perhaps a part was lost when it was copied.',
    },
    401: {
      title: 'Please sign in',
      text: 'These pages ask for a password. Reload the page and enter it; any user name will do.',
    },
    403: {
      title: 'This form is out of date',
      text: 'You have signed in or out since it was opened, or your browser keeps no cookies from here. Go back, reload the page, and send it again.',
    },
    404: {
      title: 'There is nothing here',
      text: 'Nothing has this address. It may be mistyped, its record may have been deleted, or no event has come for it yet.',
    },
    421: {
      title: 'This server answers on its own machine only',
      text: 'Call it as localhost or 127.0.0.1.',
    },
    429: {
      title: 'Too many attempts',
      text: 'Please wait a minute, then try again.',
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
  pastTheEnd: 'Die Liste endet vor dieser Seite.',
  tooBroad:
    'Es sind zu viele Datensätze, um alle durchzusehen; fragen Sie über die API mit einem Filter nach ihnen.',
  listPages: 'Seiten der Liste',
  firstPage: 'Erste Seite',
  nextPage: 'Nächste Seite',
  furtherPage: 'weitere Seite',
  noRecords: 'Noch ist nichts geschehen',
  noRecordsHint: 'Senden Sie das erste Ereignis; der Datensatz, den es betrifft, erscheint dann hier:',
  tokenHint:
    'TOKEN ist ein Zugriffstoken für dieses Portal: throughline token create legt eines an. TEMPLATE ist die ID einer Ereignisvorlage der App des Tokens; wie man eine anlegt, steht in der',

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
  moreListed: 'und weitere',
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
    objectId: 'Steht hier wegen der objectId, empfangen am',
    email: 'Steht hier wegen der E-Mail-Adresse, empfangen am',
    utk: 'Steht hier wegen des Besuchers (utk), empfangen am',
  },
  cut: (left) => `… und ${left.toLocaleString('de')} weitere Zeichen`,
  open: 'Öffnen',
  newTab: 'In neuem Tab öffnen',
  close: 'Schließen',
  pages: 'Seiten des Verlaufs',
  older: 'Ältere Ereignisse',
  newest: 'Neueste Ereignisse',
  until: 'Bis zum',

  show: 'Zeigen',
  signIn: 'Anmelden',
  signOut: 'Abmelden',
  signInAsAnother: 'Mit einem anderen Konto anmelden',
  password: 'Passwort',
  wrongPassword: 'E-Mail-Adresse und Passwort passen nicht zusammen. Bitte versuchen Sie es noch einmal.',
  noUserHint: 'Benutzer legt an, wer diesen Server betreibt: mit throughline user create.',

  consentTitle: (app) => `${app} Zugang geben?`,
  consentLead: (app) => `Die App ${app} bittet um Zugang zu einem Portal von Ihnen. Sie könnte dann:`,
  signedInAs: (email) => `Sie sind angemeldet als ${email}.`,
  sentTo: (where) => `In beiden Fällen geht es zurück zu ${where}.`,
  allow: 'Erlauben',
  cancel: 'Abbrechen',
  scopes: {
    oauth: 'wissen, dass sie Zugang hat',
    timeline: 'Ereignisse in Verläufen lesen und schreiben',
    tickets: 'Tickets lesen, anlegen, ändern und löschen',
    forms: 'Formulare im Namen von Besuchern absenden',
    'developers-read': 'ihre eigenen Ereignisvorlagen lesen',
    'developers-write': 'ihre eigenen Ereignisvorlagen anlegen, ändern und löschen',
    'crm.schemas.custom.read':
      'lesen, welche benutzerdefinierten Objekte es gibt und welche Eigenschaften sie haben',
    'crm.schemas.custom.write': 'benutzerdefinierte Objekte und ihre Eigenschaften festlegen und löschen',
    'crm.objects.custom.read': 'Datensätze benutzerdefinierter Objekte lesen',
    'crm.objects.custom.write': 'Datensätze benutzerdefinierter Objekte anlegen, ändern und löschen',
  },
  ofRecords: {
    read: (plural) => `${plural} lesen`,
    write: (plural) => `${plural} anlegen, ändern und löschen`,
    'sensitive.read': (plural) => `vertrauliche Angaben über ${plural} lesen`,
    'sensitive.write': (plural) => `vertrauliche Angaben über ${plural} ändern`,
    'highly_sensitive.read': (plural) => `streng vertrauliche Angaben über ${plural} lesen`,
    'highly_sensitive.write': (plural) => `streng vertrauliche Angaben über ${plural} ändern`,
    sensitive: (plural) => `vertrauliche Angaben über ${plural} lesen und ändern`,
    highly_sensitive: (plural) => `streng vertrauliche Angaben über ${plural} lesen und ändern`,
    'schemas.read': (plural) => `lesen, welche Eigenschaften ${plural} haben`,
    'schemas.write': (plural) => `festlegen, welche Eigenschaften ${plural} haben`,
  },
  pluralInside: { contacts: 'Kontakte', companies: 'Unternehmen', deals: 'Deals', tickets: 'Tickets' },
  otherScope: 'nichts weiter: das gilt einem Teil von HubSpot, den es hier nicht gibt',

  unanswerable: {
    client: {
      title: 'Diese App ist hier nicht bekannt',
      text: 'Die Adresse, die Sie hierher brachte, nennt eine App, die dieser Server nicht kennt. Wer die App gemacht hat, braucht ihre client_id von diesem Server.',
    },
    redirectUri: {
      title: 'Dorthin darf die App Sie nicht schicken',
      text: 'Die redirect_uri der App ist keine von denen, die für sie Zeichen für Zeichen eingetragen sind. Es wurde nichts dorthin gesendet.',
    },
    repeated: {
      title: 'Diese Adresse ist nicht lesbar',
      text: 'Etwas steht mehr als einmal darin. An die App wurde nichts gesendet.',
    },
    portal: {
      title: 'Dieses Portal gibt es hier nicht',
      text: 'Dieser Server kennt das Portal nicht, oder es gibt noch keines: throughline portal create legt eines an.',
    },
  },

  problems: {
    400: {
      title: 'Diese Adresse ist nicht lesbar',
      text: 'Etwas darin stammt nicht von uns; vielleicht ging beim Kopieren ein Teil verloren.',
    },
    401: {
      title: 'Bitte melden Sie sich an',
      text: 'Diese Seiten verlangen ein Passwort. Laden Sie die Seite neu und geben Sie es ein; der Benutzername ist beliebig.',
    },
    403: {
      title: 'Dieses Formular ist veraltet',
      text: 'Sie haben sich seither an- oder abgemeldet, oder Ihr Browser behält keine Cookies von hier. Gehen Sie zurück, laden Sie die Seite neu und senden Sie es noch einmal.',
    },
    404: {
      title: 'Hier ist nichts',
      text: 'Unter dieser Adresse gibt es nichts. Vielleicht ist sie vertippt, der Datensatz wurde gelöscht, oder es kam noch kein Ereignis für ihn.',
    },
    421: {
      title: 'Dieser Server antwortet nur auf seinem eigenen Rechner',
      text: 'Rufen Sie ihn als localhost oder 127.0.0.1 auf.',
    },
    429: {
      title: 'Zu viele Versuche',
      text: 'Bitte warten Sie eine Minute und versuchen Sie es dann noch einmal.',
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

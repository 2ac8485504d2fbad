// The one table of whom an event, a form or an identify call is about. decide.test.ts holds the pure `decide` against
// it, test/wire/identity_table.test.ts plays each case over HTTP, and docs/identity.md prints it.

/**
 * One line is a set of cases: those that its first four cells describe. No case stands in two lines, and each stands
 * in one (a test counts them). "own" and "another's" look from the contact that objectId names, else the e-mail.
 */
export const TABLE = `
| What comes | objectId | email | utk | It stands on | The e-mail | The utk |
|---|---|---|---|---|---|---|
| event | a contact's | another's | any | 409 | | |
| either | a contact's | – or own primary | – or own | objectId's | | |
| either | a contact's | – or own primary | new | objectId's | | tied |
| event | a contact's | – or own primary | another's | objectId's | | stays |
| identify | a contact's | – | another's | objectId's | | moves |
| event | a contact's | own additional or new | – or own | objectId's | becomes primary | |
| event | a contact's | own additional or new | new | objectId's | becomes primary | tied |
| event | a contact's | own additional or new | another's | objectId's | becomes primary | stays |
| either, strict | nobody's | any | any | 404 | | |
| event, lenient | nobody's | a contact's | any | 409 | | |
| event, lenient | nobody's | – | – | objectId's, made | | |
| either, lenient | nobody's | – | new | objectId's, made | | tied |
| event, lenient | nobody's | – | a contact's | objectId's, made | | stays |
| identify, lenient | nobody's | – | a contact's | objectId's, made | | moves |
| event, lenient | nobody's | new | – | objectId's, made | becomes primary | |
| event, lenient | nobody's | new | new | objectId's, made | becomes primary | tied |
| event, lenient | nobody's | new | a contact's | objectId's, made | becomes primary | stays |
| event | – | – or a contact's | a contact's | utk's | | |
| event | – | new | a contact's | utk's | becomes primary | |
| event | – | a contact's | – | email's | | |
| event | – | a contact's | new | email's | | tied |
| event | – | new | – | a new one | becomes primary | |
| event | – | new | new | a new one | becomes primary | tied |
| event | – | – | new | the visitor | | |
| event | – | – | – | 400 | | |
| form, identify | – | a contact's | – or own | email's | | |
| form, identify | – | a contact's | new | email's | | tied |
| form, identify | – | a contact's | another's | email's | | moves |
| form, identify | – | new | – | a new one | becomes primary | |
| form, identify | – | new | new | a new one | becomes primary | tied |
| form, identify | – | new | a contact's | a new one | becomes primary | moves |
| form, identify | – | – | a contact's | utk's | | |
| form, identify | – | – | new | a new one | | tied |
| form, identify | – | – | – | a new one | | |
| event, full | a contact's | another's | any | 409 | | |
| event, full | a contact's | new | any | 414 | | |
| either, full | a contact's | – or own | new | 414 | | |
| identify, full | a contact's | – | another's | 414 | | |
| event, full | a contact's | – or own primary | another's | objectId's | | stays |
| event, full | a contact's | own additional | another's | objectId's | becomes primary | stays |
| either, full | a contact's | – or own primary | – or own | objectId's | | |
| event, full | a contact's | own additional | – or own | objectId's | becomes primary | |
| event, full | – | new | a contact's | 414 | | |
| event, full | – | – or a contact's | a contact's | utk's | | |
| either, full | – | a contact's | new | 414 | | |
| either, full | – | a contact's | – | email's | | |
| form, identify, full | – | a contact's | another's | 414 | | |
| form, identify, full | – | a contact's | own | email's | | |
| form, identify, full | – | – | a contact's | utk's | | |
| event, company | a company's | any | any | objectId's | | |
| event, company, lenient | nobody's | any | any | objectId's, made | | |
| event, company, strict | nobody's | any | any | 404 | | |
| event, company | – | any | any | 400 | | |
`.trim();

export const LINES: readonly string[] = TABLE.split('\n').slice(2);

/** Who has a thing that is named: the contact A, another one B, or nobody. */
export type Owner = 'A' | 'B' | 'nobody';

export interface Case {
  /** Its line in the table. */
  line: string;
  /** A form or an identify call; else an event. */
  identifies: boolean;
  company: boolean;
  lenient: boolean;
  /** A has 250 identities. */
  full: boolean;
  /** A's own id, the id of one merged into A, or an id that nobody has. */
  objectId?: 'own' | 'merged' | 'nobody';
  email?: { of: Owner; primary: boolean };
  utk?: Owner;
  outcome: Outcome;
}

type Outcome =
  | { refused: 400 | 404 | 409 | 414 }
  | {
      on: Owner | 'made' | 'new' | 'visitor';
      by: 'objectId' | 'utk' | 'email';
      email: boolean;
      utk?: 'tied' | 'stays' | 'moves';
    };

type Given = Omit<Case, 'line' | 'outcome'>;

const OBJECT_IDS = [undefined, 'own', 'merged', 'nobody'] as const;
const EMAILS = [
  undefined,
  { of: 'A', primary: true },
  { of: 'A', primary: false },
  { of: 'B', primary: true },
  { of: 'B', primary: false },
  { of: 'nobody', primary: false },
] as const;
const UTKS = [undefined, 'A', 'B', 'nobody'] as const;

/** Every combination that a call can say; of full contacts those that are about A, whom it makes a difference to. */
export const COMBINATIONS: readonly Given[] = [false, true]
  .flatMap((identifies) =>
    [false, true].flatMap((company) =>
      [false, true].flatMap((lenient) =>
        [false, true].flatMap((full) =>
          OBJECT_IDS.flatMap((objectId) =>
            EMAILS.flatMap((email) =>
              UTKS.map(
                (utk): Given => ({
                  identifies,
                  company,
                  lenient,
                  full,
                  ...(objectId && { objectId }),
                  ...(email && { email }),
                  ...(utk && { utk }),
                }),
              ),
            ),
          ),
        ),
      ),
    ),
  )
  .filter(makesSense);

function makesSense({ identifies, company, full, objectId, email, utk }: Given): boolean {
  if (company) return !identifies && !full && objectId !== 'merged';
  // No form has an objectId; an identify call has a utk, and not both objectId and email.
  if (identifies && objectId && (email || !utk)) return false;
  if (!full || objectId === 'own' || objectId === 'merged') return true;
  if (objectId === 'nobody') return false;
  const first = identifies ? (email?.of ?? utk) : utk === 'A' || utk === 'B' ? utk : email?.of;
  return first === 'A' || (!identifies && email?.of === 'nobody' && utk === 'A');
}

const WORDS = new Set('either event form identify lenient strict full company'.split(' '));

/** The cases of the table, line by line. */
export const CASES: readonly Case[] = LINES.flatMap((line) => {
  const [what = '', objectId = '', email = '', utk = '', on = '', mail = '', cookie = ''] = line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
  return COMBINATIONS.filter((given) => describes([what, objectId, email, utk], given)).map((given) => ({
    ...given,
    line,
    outcome: outcomeOf(on, mail, cookie, given),
  }));
});

function describes([what, objectId, email, utk]: readonly [string, string, string, string], given: Given) {
  return (
    whatOf(what, given) &&
    oneOf(objectId, (word) => objectIdIs(word, given)) &&
    oneOf(email, (word) => emailIs(word, given)) &&
    oneOf(utk, (word) => utkIs(word, given))
  );
}

function oneOf(cell: string, is: (word: string) => boolean): boolean {
  return cell.split(' or ').some(is);
}

function whatOf(cell: string, { identifies, company, lenient, full }: Given): boolean {
  const words = cell.split(', ');
  for (const word of words) if (!WORDS.has(word)) throw new Error(`'${word}' says nothing here`);
  const has = (word: string) => words.includes(word);
  if (has('lenient') && !lenient) return false;
  if (has('strict') && lenient) return false;
  return (
    has('company') === company && has('full') === full && (has('either') || has('identify') === identifies)
  );
}

function objectIdIs(word: string, { objectId }: Given): boolean {
  switch (word) {
    case '–':
      return objectId === undefined;
    case "a contact's":
    case "a company's":
      return objectId === 'own' || objectId === 'merged';
    case "nobody's":
      return objectId === 'nobody';
    default:
      throw new Error(`no objectId is '${word}'`);
  }
}

function emailIs(word: string, { email }: Given): boolean {
  switch (word) {
    case 'any':
      return true;
    case '–':
      return email === undefined;
    case 'new':
      return email?.of === 'nobody';
    case "a contact's":
      return email?.of === 'A' || email?.of === 'B';
    case "another's":
      return email?.of === 'B';
    case 'own':
      return email?.of === 'A';
    case 'own primary':
      return email?.of === 'A' && email.primary;
    case 'own additional':
      return email?.of === 'A' && !email.primary;
    default:
      throw new Error(`no e-mail is '${word}'`);
  }
}

function utkIs(word: string, { objectId, email, utk }: Given): boolean {
  const from = objectId === undefined ? email?.of : 'A';
  switch (word) {
    case 'any':
      return true;
    case '–':
      return utk === undefined;
    case 'new':
      return utk === 'nobody';
    case "a contact's":
      return utk === 'A' || utk === 'B';
    case 'own':
      return utk !== undefined && utk !== 'nobody' && utk === from;
    case "another's":
      return utk !== undefined && utk !== 'nobody' && utk !== from;
    default:
      throw new Error(`no utk is '${word}'`);
  }
}

function outcomeOf(on: string, mail: string, cookie: string, { email, utk }: Given): Outcome {
  if (on === '400' || on === '404' || on === '409' || on === '414')
    return { refused: Number(on) as 400 | 404 | 409 | 414 };
  const places = {
    "objectId's": { on: 'A', by: 'objectId' },
    "objectId's, made": { on: 'made', by: 'objectId' },
    "utk's": { on: utk, by: 'utk' },
    "email's": { on: email?.of, by: 'email' },
    'a new one': { on: 'new', by: email ? 'email' : 'utk' },
    'the visitor': { on: 'visitor', by: 'utk' },
  };
  const place = places[on as keyof typeof places];
  if (!place || !['', 'becomes primary'].includes(mail) || !['', 'tied', 'stays', 'moves'].includes(cookie))
    throw new Error(`'${on}', '${mail}', '${cookie}' is no outcome`);
  return { ...place, email: mail !== '', ...(cookie && { utk: cookie }) } as Outcome;
}

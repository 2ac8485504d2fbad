// The pure `decide` against the table of cases, and the page that prints it.
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  type Decision,
  decide,
  emailKey,
  type Found,
  identifiedBy,
  MAX_IDENTITIES,
  type Subject,
} from '../../dist/records/identity.js';
import { CASES, type Case, COMBINATIONS, LINES, type Owner, TABLE } from './cases.js';

const ID = { A: 101, B: 102 };
const STRANGER = 909;
const idOf = (owner: Owner | undefined) => (owner === 'A' || owner === 'B' ? ID[owner] : undefined);

test('every combination stands in one line of the table, and every line has one', () => {
  const given = CASES.map(({ line: _line, outcome: _outcome, ...given }) => JSON.stringify(given));
  expect(given.sort()).toEqual(COMBINATIONS.map((each) => JSON.stringify(each)).sort());
  expect([...new Set(CASES.map((each) => each.line))]).toEqual(LINES);
});

// What names nobody is refused before anybody is looked for.
test.each(LINES.filter((line) => !line.includes('| 400 |')))('%s', (line) => {
  for (const given of CASES.filter((each) => each.line === line)) {
    const subject = subjectOf(given);
    const found = foundOf(given);
    expect(decide(subject, found), JSON.stringify(given)).toEqual(expected(given));
    if ('by' in given.outcome) expect(identifiedBy(subject, found)).toBe(given.outcome.by);
  }
});

function subjectOf({ identifies, company, lenient, objectId, email, utk }: Case): Subject {
  return {
    type: company ? 'companies' : 'contacts',
    unknown: lenient ? 'create' : 'refuse',
    ...(identifies ? { identifies } : {}),
    ...(objectId ? { objectId: { own: ID.A, merged: 77, nobody: STRANGER }[objectId] } : {}),
    ...(email && !company ? { email: 'Somebody@example.com' } : {}),
    ...(utk && !company ? { utk: 'a-visitor' } : {}),
  };
}

function foundOf({ company, full, objectId, email, utk }: Case): Found {
  const owner = company ? undefined : idOf(email?.of);
  const utkOwner = company ? undefined : idOf(utk);
  return {
    ...(objectId === 'own' || objectId === 'merged' ? { record: ID.A } : {}),
    ...(owner === undefined ? {} : { emailOwner: { id: owner, primary: email?.primary ?? false } }),
    ...(utkOwner === undefined ? {} : { utkOwner }),
    identities: (id) => (full && id === ID.A ? MAX_IDENTITIES : 3),
  };
}

function expected({ objectId, email, outcome }: Case): Decision {
  if ('refused' in outcome) {
    switch (outcome.refused) {
      case 409:
        return {
          refused: 'email-taken',
          objectId: objectId === 'nobody' ? STRANGER : ID.A,
          owner: idOf(email?.of) as number,
        };
      case 414:
        return { refused: 'too-many-identities', objectId: ID.A };
      default:
        return { refused: 'record-not-found' };
    }
  }
  const cookie = { tied: { utk: 'tie' as const }, moves: { utk: 'move' as const }, stays: {}, none: {} }[
    outcome.utk ?? 'none'
  ];
  if (outcome.on === 'visitor') return { stands: 'with-visitor' };
  if (outcome.on === 'new') return { stands: 'on-new-contact', email: outcome.email, ...cookie };
  return {
    stands: 'on-record',
    objectId: outcome.on === 'made' ? STRANGER : (idOf(outcome.on) as number),
    create: outcome.on === 'made',
    ...(outcome.email ? { email: email?.of === 'nobody' ? 'add' : 'promote' } : {}),
    ...cookie,
  };
}

test('up to 250 identities are taken: the last e-mail and the last visitor, not both at once', () => {
  const at = (identities: number, subject: Partial<Subject>) =>
    decide(
      { type: 'contacts', objectId: ID.A, unknown: 'create', ...subject },
      { record: ID.A, identities: () => identities },
    );
  const refused = { refused: 'too-many-identities', objectId: ID.A };
  expect(at(249, { email: 'a@example.com' })).toMatchObject({ email: 'add' });
  expect(at(249, { utk: 'u' })).toMatchObject({ utk: 'tie' });
  expect(at(249, { email: 'a@example.com', utk: 'u' })).toEqual(refused);
  expect(at(248, { email: 'a@example.com', utk: 'u' })).toMatchObject({ email: 'add', utk: 'tie' });
  expect(at(250, { email: 'a@example.com' })).toEqual(refused);
});

test('e-mails are the same in any letter case', () => {
  expect(emailKey('Ada.LOVELACE@Example.COM')).toBe(emailKey('ada.lovelace@example.com'));
  expect(emailKey('ada@example.com')).not.toBe(emailKey('ada+1@example.com'));
});

test('docs/identity.md prints the table (UPDATE_DOCS=1 npm test -- test/records writes it anew)', () => {
  const file = new URL('../../docs/identity.md', import.meta.url);
  const page = readFileSync(file, 'utf8');
  const tables = /(?<=\n\n)\| What comes \|(?:.*\n)+?(?=\n)/g;
  if (process.env.UPDATE_DOCS)
    writeFileSync(
      file,
      page.replace(tables, () => `${TABLE}\n`),
    );
  expect(readFileSync(file, 'utf8').match(tables)).toEqual([`${TABLE}\n`]);
});

// The rules of property definitions: what they may be, which values they take, and what becomes of names that nobody
// defined.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Definitions } from '../../dist/records/definitions.js';
import { PREDEFINED, PREDEFINED_GROUPS } from '../../dist/records/predefined.js';
import {
  archived,
  changedProperty,
  type Definition,
  FIELD_TYPES,
  invalidValues,
  newProperty,
  type PropertyDefinition,
  type PropertyInput,
  predefinedOf,
  readValue,
  textProperty,
} from '../../dist/records/properties.js';
import { OBJECT_TYPES, type ObjectType, PROPERTY_NAME, type RecordStore } from '../../dist/records/record.js';
import { Refusal } from '../../dist/refusal.js';

const NOW = Date.parse('2026-01-02T03:04:05.678Z');
const GROUPS = new Set(['contactinformation']);
const OPTIONS = [
  { value: 'cat', label: 'Cat' },
  { value: 'dog', label: 'Dog' },
];
const INPUT: PropertyInput = {
  name: 'kind',
  label: 'Kind',
  type: 'enumeration',
  fieldType: 'select',
  groupName: 'contactinformation',
  options: OPTIONS,
};

function property(more: PropertyInput): PropertyDefinition {
  return newProperty({ ...INPUT, options: null, ...more }, GROUPS, NOW);
}

test.each<[string, (chars: number) => PropertyInput, number]>([
  ['label', (chars) => ({ label: 'x'.repeat(chars) }), 500],
  ['description', (chars) => ({ description: 'x'.repeat(chars) }), 5_000],
  ['options[0].label', (chars) => ({ options: [{ value: 'a', label: 'x'.repeat(chars) }] }), 500],
  ['options[0].value', (chars) => ({ options: [{ value: 'x'.repeat(chars), label: 'A' }] }), 500],
  [
    'options[0].description',
    (chars) => ({ options: [{ value: 'a', label: 'A', description: 'x'.repeat(chars) }] }),
    500,
  ],
  [
    'options',
    (count) => ({ options: Array.from({ length: count }, (_, n) => ({ value: String(n), label: 'x' })) }),
    5_000,
  ],
])('%s of a property is bounded', (field, input, most) => {
  const made = (size: number) => newProperty({ ...INPUT, ...input(size) }, GROUPS, NOW);
  expect(made(most)).toMatchObject({ name: 'kind' });
  expect(refusalOf(() => made(most + 1)).faults.map((fault) => fault.in)).toEqual([field]);
});

function refusalOf(work: () => unknown): Refusal {
  try {
    work();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('values', () => {
  const of = {
    text: property({ type: 'string', fieldType: 'text' }),
    phone: property({ type: 'phone_number', fieldType: 'phonenumber' }),
    number: property({ type: 'number', fieldType: 'number' }),
    bool: property({ type: 'bool', fieldType: 'booleancheckbox' }),
    date: property({ type: 'date', fieldType: 'date' }),
    datetime: property({ type: 'datetime', fieldType: 'date' }),
    select: property({ options: OPTIONS }),
    checkbox: property({ fieldType: 'checkbox', options: OPTIONS }),
  };

  test('that are long and no numbers are told so at once', () => {
    const digits = '1'.repeat(500_000);
    const startedAt = process.cpuUsage();
    expect(readValue(of.number, `${digits}x`)).toMatchObject({ code: 'INVALID_NUMBER' });
    expect(readValue(of.number, `${digits}.${digits}x`)).toMatchObject({ code: 'INVALID_NUMBER' });
    expect(process.cpuUsage(startedAt).user).toBeLessThan(1_000_000); // µs
    for (const number of ['1.', '.5', '-1.50e+3', '+7']) expect(readValue(of.number, number)).toBe(number);
  });

  test.each<[keyof typeof of, string, string]>([
    ['text', ' as it came; ', ' as it came; '],
    ['phone', '+49 30 1234', '+49 30 1234'],
    ['number', '3', '3'],
    ['number', ' -3.50 ', '-3.50'],
    ['number', '1e3', '1e3'],
    ['bool', 'true', 'true'],
    ['bool', 'FALSE', 'false'],
    ['date', '2024-02-29', '2024-02-29'],
    ['date', '1709164800000', '2024-02-29'],
    ['datetime', '2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['datetime', '2024-02-29T10:00:00+02:00', '2024-02-29T08:00:00.000Z'],
    ['datetime', '1709164800001', '2024-02-29T00:00:00.001Z'],
    ['select', 'cat', 'cat'],
    ['checkbox', 'dog;cat', 'dog;cat'],
  ])('a %s takes %j and keeps %j', (kind, sent, kept) => {
    expect(readValue(of[kind], sent)).toBe(kept);
  });

  test.each<[keyof typeof of, string, string]>([
    ['number', 'three', 'INVALID_NUMBER'],
    ['number', 'Infinity', 'INVALID_NUMBER'],
    ['number', '1e999', 'INVALID_NUMBER'],
    ['number', '0x10', 'INVALID_NUMBER'],
    ['number', ' ', 'INVALID_NUMBER'],
    ['bool', 'yes', 'INVALID_BOOLEAN'],
    ['bool', '1', 'INVALID_BOOLEAN'],
    ['date', '2023-02-29', 'INVALID_DATE'],
    ['date', '1709164800001', 'INVALID_DATE'],
    ['date', '2024-02-29T10:00:00Z', 'INVALID_DATE'],
    ['date', 'tomorrow', 'INVALID_DATE'],
    ['datetime', 'now', 'INVALID_DATE'],
    ['select', 'Cat', 'INVALID_OPTION'],
    ['select', 'cat;dog', 'INVALID_OPTION'],
    ['checkbox', 'cat;cow', 'INVALID_OPTION'],
    ['checkbox', ';', 'INVALID_OPTION'],
  ])('a %s refuses %j as %s', (kind, sent, code) => {
    expect(readValue(of[kind], sent)).toMatchObject({ name: 'kind', code });
  });

  test('an empty one clears whatever there is, but of what nobody sets', () => {
    for (const each of Object.values(of)) expect(readValue(each, '')).toBe('');
    expect(readValue({ ...of.text, readOnly: true }, '')).toMatchObject({ code: 'READ_ONLY_VALUE' });
  });

  test('what is kept is taken again, and kept the same', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(of)), fc.oneof(moments, fc.string()), (each, sent) => {
        const kept = readValue(each, sent);
        if (typeof kept === 'string') expect(readValue(each, kept)).toBe(kept);
      }),
    );
  });
  const moments = fc.oneof(
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    fc.integer({ min: -1e13, max: 1e13 }).map(String),
    fc.integer({ min: -1e5, max: 1e5 }).map((day) => String(day * 86_400_000)),
    fc.double().map(String),
  );

  test('are refused as HubSpot puts it', () => {
    const faults = [readValue(of.number, 'x'), readValue(of.select, 'cow')];
    const refusal = invalidValues(faults.filter((each) => typeof each !== 'string'));
    const [, list] = /^Property values were not valid: (\[.*\])$/.exec(refusal.message) ?? [];
    expect(JSON.parse(list as string)).toMatchObject([
      { isValid: false, name: 'kind', error: 'INVALID_NUMBER' },
      { isValid: false, name: 'kind', error: 'INVALID_OPTION' },
    ]);
    expect(refusal.faults).toMatchObject([
      { code: 'INVALID_NUMBER', in: 'properties.kind', context: { propertyName: ['kind'] } },
      { code: 'INVALID_OPTION' },
    ]);
  });
});

describe('a definition', () => {
  test('is made as it is sent; what is not sent has its usual value', () => {
    expect(newProperty(INPUT, GROUPS, NOW)).toEqual({
      kind: 'property',
      ...INPUT,
      description: '',
      options: [
        { value: 'cat', label: 'Cat', displayOrder: 0, hidden: false },
        { value: 'dog', label: 'Dog', displayOrder: 1, hidden: false },
      ],
      displayOrder: -1,
      hidden: false,
      formField: true,
      predefined: false,
      externalOptions: false,
      readOnly: false,
      version: 1,
      createdAt: NOW,
      updatedAt: NOW,
    });
    expect(
      property({ type: 'bool', fieldType: 'booleancheckbox' }).options.map(({ value }) => value),
    ).toEqual(['true', 'false']);
  });

  test.each<[string, PropertyInput, string]>([
    ['no name', { name: '' }, 'name'],
    ['a name with a space', { name: 'a b' }, 'name'],
    ["a record's own name", { name: 'hs_object_id' }, 'name'],
    ['no label', { label: null }, 'label'],
    ['an empty label', { label: ' ' }, 'label'],
    ['no type', { type: null }, 'type'],
    ['a field type of another type', { fieldType: 'date' }, 'fieldType'],
    ['a group that is not there', { groupName: 'nowhere' }, 'groupName'],
    ['an order that is none', { displayOrder: Number.POSITIVE_INFINITY }, 'displayOrder'],
    ['unique values of an enumeration', { hasUniqueValue: true }, 'hasUniqueValue'],
    ['a calculation', { calculationFormula: '1' }, 'calculationFormula'],
    ['an option with a semicolon', { options: [{ value: 'a;b', label: 'A' }] }, 'options[0].value'],
    ['an option without a label', { options: [{ value: 'a', label: '' }] }, 'options[0].label'],
    ['an option twice', { options: [...OPTIONS, ...OPTIONS.slice(0, 1)] }, 'options[2].value'],
    ['options of a number', { type: 'number', fieldType: 'number' }, 'options'],
    ['other options of a bool', { type: 'bool', fieldType: 'booleancheckbox' }, 'options'],
  ])('is refused with %s', (_what, more, field) => {
    const refusal = refusalOf(() => newProperty({ ...INPUT, ...more }, GROUPS, NOW));
    expect(refusal.reason).toBe('invalid');
    expect(refusal.faults.map((fault) => fault.in)).toContain(field);
  });

  test('changes where something is sent, and counts its changes', () => {
    const old = newProperty(INPUT, GROUPS, NOW);
    const changed = changedProperty(old, { label: 'Sort', hidden: true }, GROUPS, NOW + 1);
    expect(changed).toEqual({ ...old, label: 'Sort', hidden: true, version: 2, updatedAt: NOW + 1 });
  });

  test('of HubSpot keeps all but the options of an enumeration', () => {
    const own = (name: string) =>
      predefinedOf('contacts').find((each) => each.name === name) as PropertyDefinition;
    const options = [{ value: 'new', label: 'New' }];
    expect(changedProperty(own('lifecyclestage'), { options }, GROUPS, NOW)).toMatchObject({
      options,
      version: 1,
      predefined: true,
    });
    for (const [name, input] of [
      ['lifecyclestage', { label: 'Other' }],
      ['firstname', { label: 'Other' }],
      ['hs_email_optout', { options: [{ value: 'true', label: 'Ja' }] }],
    ] as const)
      expect(refusalOf(() => changedProperty(own(name), input, GROUPS, NOW)).faults).toMatchObject([
        { code: 'READ_ONLY_DEFINITION' },
      ]);
    expect(refusalOf(() => archived(own('firstname'), NOW)).faults).toMatchObject([
      { code: 'NOT_ARCHIVABLE' },
    ]);
  });
});

test.each([...OBJECT_TYPES])('what is predefined of %s is in order', (type) => {
  const rows = PREDEFINED[type] ?? [];
  expect(rows.length).toBeGreaterThan(24);
  expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
  const groups = new Set((PREDEFINED_GROUPS[type] ?? []).map(([name]) => name));
  for (const { name, label, type: of, fieldType, groupName, options = [], externalOptions } of rows) {
    expect(name).toMatch(PROPERTY_NAME);
    expect(label, name).toMatch(/\S/);
    expect(FIELD_TYPES[of] as readonly string[], name).toContain(fieldType);
    expect([...groups], name).toContain(groupName);
    expect(of === 'enumeration' ? options.length > 0 || externalOptions : options.length === 0, name).toBe(
      true,
    );
    expect(new Set(options.map(([value]) => value)).size, name).toBe(options.length);
  }
});

describe('a name that nobody defined', () => {
  /** A store in memory, that counts how often it is read. */
  function store() {
    const kept = new Map<string, Definition>();
    let reads = 0;
    const port: Pick<RecordStore, 'definitions' | 'define'> = {
      definitions: () => {
        reads++;
        return [...kept.values()];
      },
      define: async (_portal: number, _type: ObjectType, made: readonly Definition[]) =>
        made.map((each) => {
          const key = `${each.kind} ${each.name}`;
          if (each.version !== (kept.get(key)?.version ?? 0) + 1) return false;
          kept.set(key, each);
          return true;
        }),
    };
    return { port, reads: () => reads };
  }

  test('is text where the portal is lenient, and nothing where it is strict', () => {
    const definitions = new Definitions(store().port, () => NOW);
    const value = { name: 'shoe', value: '43', at: 7 };
    expect(definitions.value(1, 'contacts', value, 'create')).toEqual({
      ...value,
      defines: textProperty('contacts', 'shoe', NOW),
    });
    expect(definitions.value(1, 'contacts', value, 'refuse')).toMatchObject({
      name: 'shoe',
      code: 'PROPERTY_DOESNT_EXIST',
    });
    for (const name of ['', 'a b', 'é', 'x'.repeat(256), 'hs_additional_emails'])
      expect(definitions.value(1, 'deals', { ...value, name }, 'create')).toMatchObject({
        code: 'PROPERTY_DOESNT_EXIST',
      });
  });

  test('is looked up without asking the store again', async () => {
    const { port, reads } = store();
    const definitions = new Definitions(port, () => NOW);
    for (let n = 0; n < 100; n++) definitions.named(1, 'contacts', `name_${n}`, 'create');
    expect(reads()).toBe(1);
    definitions.forget();
    definitions.named(1, 'contacts', 'firstname', 'refuse');
    expect(reads()).toBe(2);
    await definitions.create(1, 'contacts', [INPUT]);
    expect(definitions.property(1, 'contacts', 'kind')).toMatchObject({ type: 'enumeration' });
  });

  test('goes on from the archived one, and is refused beyond the most that there may be', async () => {
    const definitions = new Definitions(store().port, () => NOW);
    await definitions.create(1, 'contacts', [INPUT]);
    await definitions.archive(1, 'contacts', 'kind');
    const again = definitions.named(1, 'contacts', 'kind', 'create');
    expect(again).toMatchObject({ made: true, definition: { type: 'string', version: 3 } });
    const many = Array.from({ length: 1_000 }, (_, n) => ({ ...INPUT, name: `kind_${n}` }));
    const outcomes = await definitions.create(1, 'contacts', many);
    expect(outcomes.filter((each) => each instanceof Refusal)).toHaveLength(1);
    expect(outcomes.at(-1)).toBeInstanceOf(Refusal);
    expect(definitions.named(1, 'contacts', 'one_more', 'create')).toBeUndefined();
  });

  test('has 1,000 properties beside it at most, and 200 groups', async () => {
    const definitions = new Definitions(store().port, () => NOW);
    const many = Array.from({ length: 999 }, (_, n) => ({ ...INPUT, name: `kind_${n}` }));
    expect((await definitions.create(1, 'contacts', many)).some((each) => each instanceof Refusal)).toBe(
      false,
    );
    expect(definitions.named(1, 'contacts', 'one_more', 'create')).toMatchObject({ made: true });
    await definitions.create(1, 'contacts', [{ ...INPUT, name: 'kind_999' }]);
    expect(definitions.named(1, 'contacts', 'one_more', 'create')).toBeUndefined();
    const groups = async (from: number, to: number) => {
      for (let n = from; n < to; n++)
        await definitions.createGroup(1, 'contacts', { name: `g${n}`, label: 'G' });
    };
    const predefined = PREDEFINED_GROUPS.contacts?.length ?? 0;
    await groups(predefined, 200);
    await expect(groups(200, 201)).rejects.toThrow('at most 200 groups');
  });

  test('beyond 20,000 options of a type all together is refused, whichever call adds them', async () => {
    const definitions = new Definitions(store().port, () => NOW);
    const options = (count: number) =>
      Array.from({ length: count }, (_, n) => ({ value: String(n), label: 'x' }));
    const kinds = [5_000, 5_000, 5_000, 4_000, 2_000, 100].map((count, n) => ({
      ...INPUT,
      name: `kind_${n}`,
      options: options(count),
    }));
    const outcomes = await definitions.create(1, 'contacts', kinds);
    expect(outcomes.flatMap((each, n) => (each instanceof Refusal ? [n] : []))).toEqual([4]);
    const change = (count: number) =>
      definitions.change(1, 'contacts', 'kind_5', { options: options(count) });
    await expect(change(2_000)).rejects.toThrow('more than 20000 options');
    await definitions.archive(1, 'contacts', 'kind_0');
    await expect(change(2_000)).rejects.toThrow('more than 20000 options');
    expect(await change(50)).toMatchObject({ name: 'kind_5' });
  });

  test('many are archived with one look at the store, and by several at once', async () => {
    const { port, reads } = store();
    const definitions = new Definitions(port, () => NOW);
    const names = Array.from({ length: 100 }, (_, n) => `kind_${n}`);
    await definitions.create(
      1,
      'contacts',
      names.map((name) => ({ ...INPUT, name })),
    );
    const before = reads();
    await definitions.archiveAll(1, 'contacts', names.slice(0, 50));
    expect(reads() - before).toBe(1);
    const changed = definitions.change(1, 'contacts', 'kind_60', { label: 'One' });
    const archiving = [1, 2].map(() => definitions.archiveAll(1, 'contacts', [...names, 'none', 'kind_99']));
    await Promise.all([changed, ...archiving]);
    const { archivedProperties } = definitions.of(1, 'contacts');
    expect(names.filter((name) => !archivedProperties.has(name))).toEqual([]);
    expect(archivedProperties.get('kind_60')).toMatchObject({ label: 'One', version: 3 });
  });

  test('changes at once do not swallow one another', async () => {
    const definitions = new Definitions(store().port, () => NOW);
    await definitions.create(1, 'contacts', [INPUT]);
    await Promise.all([
      definitions.change(1, 'contacts', 'kind', { label: 'One' }),
      definitions.change(1, 'contacts', 'kind', { description: 'Two' }),
      definitions.change(1, 'contacts', 'kind', { displayOrder: 3 }),
    ]);
    expect(definitions.property(1, 'contacts', 'kind')).toMatchObject({
      label: 'One',
      description: 'Two',
      displayOrder: 3,
      version: 4,
    });
  });
});

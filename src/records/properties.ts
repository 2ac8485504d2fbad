// Property definitions: what a record's properties are called, which values they take, who may change them. Pure.
// Codes and messages are HubSpot's where it is known to have them.
import { brief, type Fault, invalid, Refusal } from '../refusal.js';
import { parseMoment } from './moment.js';
import { isNumber } from './number.js';
import { PREDEFINED, PREDEFINED_GROUPS, type Predefined, predefinedOfCustom } from './predefined.js';
import { isCustom, type ObjectType, OWN_PROPERTIES, PROPERTY_NAME } from './record.js';

/** Types, and how people fill them in. */
export const FIELD_TYPES = {
  string: ['text', 'textarea', 'html', 'file', 'phonenumber'],
  number: ['number'],
  date: ['date'],
  datetime: ['date'],
  enumeration: ['select', 'radio', 'checkbox', 'booleancheckbox'],
  bool: ['booleancheckbox', 'select', 'radio'],
  phone_number: ['phonenumber', 'text'],
} as const;
export type PropertyType = keyof typeof FIELD_TYPES;
export type FieldType = (typeof FIELD_TYPES)[PropertyType][number];
export const PROPERTY_TYPES = Object.keys(FIELD_TYPES) as PropertyType[];

interface PropertyOption {
  value: string;
  label: string;
  description?: string;
  displayOrder: number;
  hidden: boolean;
}

/** How long a definition is kept, and which of two changes was first. */
interface Kept {
  /** Counts the changes, so that two at once cannot swallow one another; 0: nobody changed the predefined one. */
  version: number;
  /** Epoch ms; those of the predefined ones are 0. */
  createdAt: number;
  updatedAt: number;
  archivedAt?: number;
}

export interface PropertyDefinition extends Kept {
  kind: 'property';
  name: string;
  label: string;
  type: PropertyType;
  fieldType: FieldType;
  groupName: string;
  description: string;
  options: readonly PropertyOption[];
  displayOrder: number;
  hidden: boolean;
  formField: boolean;
  /** Every portal has it: it cannot be archived, and of its definition only the options change. */
  predefined: boolean;
  /** Of an enumeration: which values there are is kept elsewhere, and any is taken. Said when it is created. */
  externalOptions: boolean;
  /** Nobody sets it. */
  readOnly: boolean;
  /** No two records of the type have the same value. Never changes. */
  unique?: true;
}

/** Under which heading people see properties. */
export interface PropertyGroup extends Kept {
  kind: 'group';
  name: string;
  label: string;
  displayOrder: number;
  predefined: boolean;
}

export type Definition = PropertyDefinition | PropertyGroup;

export const MAX_PROPERTIES_PER_TYPE = 1_000;
export const MAX_GROUPS_PER_TYPE = 200;
/** HubSpot's bound. */
export const MAX_UNIQUE_PER_TYPE = 10;
const MAX_OPTIONS = 5_000;
/** Of a type's properties all together: they are in memory while events come, and a list has them all. */
export const MAX_OPTIONS_PER_TYPE = 20_000;
const MAX_TEXT_LENGTH = 500;
const MAX_DESCRIPTION_LENGTH = 5_000;

/** A property as a caller sends it. */
export interface PropertyInput {
  name?: string | null;
  label?: string | null;
  type?: PropertyType | null;
  fieldType?: FieldType | null;
  groupName?: string | null;
  description?: string | null;
  options?: readonly OptionInput[] | null;
  displayOrder?: number | null;
  hidden?: boolean | null;
  formField?: boolean | null;
  hasUniqueValue?: boolean | null;
  externalOptions?: boolean | null;
  calculationFormula?: string | null;
}
interface OptionInput {
  value: string;
  label: string;
  description?: string | null;
  displayOrder?: number | null;
  hidden?: boolean | null;
}
/** A group as a caller sends it. */
export interface GroupInput {
  name?: string | null;
  label?: string | null;
  displayOrder?: number | null;
}

const NEVER = { version: 0, createdAt: 0, updatedAt: 0 };
const YES_NO: readonly PropertyOption[] = [
  { value: 'true', label: 'Yes', displayOrder: 0, hidden: false },
  { value: 'false', label: 'No', displayOrder: 1, hidden: false },
];

/** What every portal has of a type. Of a custom one that is in `group`, which is the portal's own. */
export function predefinedOf(type: ObjectType, group = usualGroup(type)): readonly Definition[] {
  if (isCustom(type)) return predefinedOfCustom(group).map(asDefinition);
  const groups = PREDEFINED_GROUPS[type].map(
    ([name, label], displayOrder): PropertyGroup => ({
      ...NEVER,
      kind: 'group',
      name,
      label,
      displayOrder,
      predefined: true,
    }),
  );
  return [...groups, ...PREDEFINED[type].map(asDefinition)];
}

function asDefinition({ options = [], externalOptions = false, readOnly = false, ...given }: Predefined) {
  const definition: PropertyDefinition = {
    ...NEVER,
    kind: 'property',
    ...given,
    description: '',
    options:
      given.type === 'bool'
        ? YES_NO
        : options.map(([value, label], displayOrder) => ({ value, label, displayOrder, hidden: false })),
    displayOrder: -1,
    hidden: false,
    formField: !readOnly,
    predefined: true,
    externalOptions,
    readOnly,
  };
  return definition;
}

/** Where properties of a type go that nobody gave a group. */
function usualGroup(type: ObjectType): string {
  return isCustom(type) ? `${type}_information` : PREDEFINED_GROUPS[type][0][0];
}

/** The property that something named and that nobody defined: text. `former`: it was archived. */
export function textProperty(
  type: ObjectType,
  name: string,
  now: number,
  former?: PropertyDefinition,
  groupName = usualGroup(type),
): PropertyDefinition {
  return {
    kind: 'property',
    name,
    label: name,
    type: 'string',
    fieldType: 'text',
    groupName,
    description: '',
    options: [],
    displayOrder: -1,
    hidden: false,
    formField: true,
    predefined: false,
    externalOptions: false,
    readOnly: false,
    version: (former?.version ?? 0) + 1,
    createdAt: now,
    updatedAt: now,
  };
}

/** POST: a new property, checked. `former`: one of the name that was archived. */
export function newProperty(
  input: PropertyInput,
  groups: ReadonlySet<string>,
  now: number,
  former?: PropertyDefinition,
): PropertyDefinition {
  const faults: Fault[] = [];
  const name = input.name ?? '';
  if (!isMakeable(name))
    faults.push({
      in: 'name',
      message: `'${brief(name)}' is not a name that a property may have; use letters, digits, '_', '-' and '.', at most 255`,
    });
  for (const field of ['label', 'type', 'fieldType', 'groupName'] as const)
    if (input[field] == null)
      faults.push({ in: field, message: 'is required and not set', code: 'REQUIRED_FIELD' });
  const blank: PropertyDefinition = {
    ...textProperty('contacts', name, now, former),
    groupName: input.groupName ?? '',
    externalOptions: input.externalOptions ?? false,
  };
  const made = filled(blank, input, groups, faults);
  if (former && (former.unique ?? false) !== (input.hasUniqueValue ?? false))
    faults.push({
      in: 'hasUniqueValue',
      message: `was ${former.unique ?? false} of '${brief(name)}' that is archived, and values are kept; send that, or choose another name`,
    });
  if (former) checkUniqueType(former, made, faults);
  if (input.hasUniqueValue) made.unique = true;
  if (made.unique && made.type !== 'string' && made.type !== 'number')
    faults.push({
      in: 'hasUniqueValue',
      message: `no ${made.type} property has unique values; use string or number`,
    });
  if (faults.length > 0) throw invalid('property', faults);
  return made;
}

/** PATCH: what is sent changes. */
export function changedProperty(
  old: PropertyDefinition,
  input: PropertyInput,
  groups: ReadonlySet<string>,
  now: number,
): PropertyDefinition {
  const faults: Fault[] = [];
  const next = filled(old, input, groups, faults);
  if (input.hasUniqueValue != null && input.hasUniqueValue !== (old.unique ?? false))
    faults.push({ in: 'hasUniqueValue', message: 'is said when a property is created; leave it out' });
  checkUniqueType(old, next, faults);
  if (old.predefined) {
    const { options: _was, ...before } = old;
    const { options: _is, ...after } = next;
    if (JSON.stringify(before) !== JSON.stringify(after) || old.type !== 'enumeration')
      faults.push({
        message: `'${old.name}' is HubSpot's own: of its definition only the options of an enumeration can be changed`,
        code: 'READ_ONLY_DEFINITION',
      });
  }
  if (faults.length > 0) throw invalid('property', faults);
  return { ...next, version: old.version + 1, updatedAt: now };
}

/** Values that are kept are found by what they are under the type that they came with: `1.0` is a number's `1`. */
function checkUniqueType(old: PropertyDefinition, { type }: PropertyDefinition, faults: Fault[]): void {
  if (old.unique && type !== old.type)
    faults.push({
      in: 'type',
      message: `'${old.name}' has unique values, which are kept as those of a ${old.type}; leave it one`,
    });
}

/** How many options properties have all together. */
export function optionsIn(properties: Iterable<PropertyDefinition>): number {
  let count = 0;
  for (const { options } of properties) count += options.length;
  return count;
}

/** DELETE: records keep their values. */
export function archived<Of extends Definition>(old: Of, now: number): Of {
  if (old.predefined)
    throw new Refusal(
      'invalid',
      `'${old.name}' is HubSpot's own: it cannot be archived`,
      [{ in: 'name', message: 'is predefined and cannot be archived', code: 'NOT_ARCHIVABLE' }],
      { [old.kind === 'group' ? 'groupName' : 'propertyName']: [old.name] },
    );
  return { ...old, version: old.version + 1, updatedAt: now, archivedAt: now };
}

function filled(
  old: PropertyDefinition,
  input: PropertyInput,
  groups: ReadonlySet<string>,
  faults: Fault[],
): PropertyDefinition {
  const type = input.type ?? old.type;
  const next: PropertyDefinition = {
    ...old,
    label: input.label ?? old.label,
    type,
    fieldType: input.fieldType ?? old.fieldType,
    groupName: input.groupName ?? old.groupName,
    description: input.description ?? old.description,
    options: input.options ? readOptions(input.options, faults) : old.options,
    displayOrder: orderOf('', input, old.displayOrder, faults),
    hidden: input.hidden ?? old.hidden,
    formField: input.formField ?? old.formField,
    externalOptions: type === 'enumeration' && old.externalOptions,
  };
  if (type === 'bool' && next.options.length === 0) next.options = YES_NO;
  checkText('label', next.label, faults);
  checkLength('description', next.description, MAX_DESCRIPTION_LENGTH, faults);
  if (!(FIELD_TYPES[type] as readonly string[]).includes(next.fieldType))
    faults.push({
      in: 'fieldType',
      message: `properties of type ${type} have the field type ${FIELD_TYPES[type].join(' or ')}, not '${next.fieldType}'`,
      code: 'INVALID_FIELD_TYPE',
    });
  if (type === 'bool' && next.options.some(({ value }) => value !== 'true' && value !== 'false'))
    faults.push({ in: 'options', message: "a bool property has the options 'true' and 'false'" });
  if (type !== 'enumeration' && type !== 'bool' && next.options.length > 0)
    faults.push({ in: 'options', message: `a ${type} property has no options` });
  if (input.groupName != null && !groups.has(input.groupName))
    faults.push({
      in: 'groupName',
      message: `there is no property group '${brief(input.groupName)}'; create it first, or name one of ${[...groups].slice(0, 20).join(', ')}`,
      code: 'GROUP_DOESNT_EXIST',
    });
  if (input.calculationFormula != null)
    faults.push({ in: 'calculationFormula', message: 'properties are not calculated here; leave it out' });
  return next;
}

function readOptions(inputs: readonly OptionInput[], faults: Fault[]): PropertyOption[] {
  if (inputs.length > MAX_OPTIONS) {
    faults.push({
      in: 'options',
      message: `has ${inputs.length} options; at most ${MAX_OPTIONS} are taken`,
    });
    return [];
  }
  const values = new Set<string>();
  return inputs.map((input, index) => {
    const { value, label, description, hidden } = input;
    const path = `options[${index}]`;
    checkText(`${path}.value`, value, faults);
    checkText(`${path}.label`, label, faults);
    if (value.includes(';'))
      faults.push({ in: `${path}.value`, message: "has a ';', which stands between several values" });
    if (values.has(value)) faults.push({ in: `${path}.value`, message: `'${brief(value)}' stands twice` });
    values.add(value);
    checkLength(`${path}.description`, description ?? '', MAX_TEXT_LENGTH, faults);
    return {
      value,
      label,
      ...(description ? { description } : {}),
      displayOrder: orderOf(`${path}.`, input, index, faults),
      hidden: hidden ?? false,
    };
  });
}

/** Where people see it: a number of 32 bits. */
function orderOf(
  path: string,
  { displayOrder }: { displayOrder?: number | null },
  otherwise: number,
  faults: Fault[],
): number {
  const order = displayOrder ?? otherwise;
  if (order !== (order | 0))
    faults.push({ in: `${path}displayOrder`, message: 'must be an integer of 32 bits' });
  return order;
}

function checkText(path: string, text: string, faults: Fault[]): void {
  if (text.trim() === '') faults.push({ in: path, message: 'must not be empty' });
  checkLength(path, text, MAX_TEXT_LENGTH, faults);
}

function checkLength(path: string, text: string, most: number, faults: Fault[]): void {
  if (text.length > most)
    faults.push({ in: path, message: `has ${text.length} characters; at most ${most} are taken` });
}

/** POST: a new group, checked. */
export function newGroup(input: GroupInput, now: number, former?: PropertyGroup): PropertyGroup {
  const faults: Fault[] = [];
  const name = input.name ?? '';
  if (!PROPERTY_NAME.test(name))
    faults.push({
      in: 'name',
      message: `'${brief(name)}' is not a group name; use letters, digits, '_', '-' and '.', at most 255`,
    });
  const label = input.label ?? '';
  checkText('label', label, faults);
  const displayOrder = orderOf('', input, -1, faults);
  if (faults.length > 0) throw invalid('property group', faults);
  return {
    kind: 'group',
    name,
    label,
    displayOrder,
    predefined: false,
    version: (former?.version ?? 0) + 1,
    createdAt: now,
    updatedAt: now,
  };
}

/** PATCH: what is sent of a group changes. */
export function changedGroup(old: PropertyGroup, input: GroupInput, now: number): PropertyGroup {
  const faults: Fault[] = [];
  const label = input.label ?? old.label;
  checkText('label', label, faults);
  const displayOrder = orderOf('', input, old.displayOrder, faults);
  if (faults.length > 0) throw invalid('property group', faults);
  return {
    ...old,
    label,
    displayOrder,
    version: old.version + 1,
    updatedAt: now,
  };
}

// ---- values ----

type ValueCode =
  | 'PROPERTY_DOESNT_EXIST'
  | 'READ_ONLY_VALUE'
  | 'INVALID_EMAIL'
  | 'INVALID_OPTION'
  | 'INVALID_NUMBER'
  | 'INPUT_TOO_LARGE'
  | 'INVALID_TEXT'
  | 'INVALID_DATE'
  | 'INVALID_BOOLEAN';

/** A value that its property does not take. */
export interface ValueFault {
  name: string;
  code: ValueCode;
  message: string;
}

const DAY_MS = 86_400_000;
/** Of a value, however it comes. */
export const MAX_VALUE_CHARS = 65_536;

/** A value as it is kept: moments in one way of writing them. An empty one, which clears the property, always does. */
export function readValue(
  { name, type, fieldType, options, externalOptions, readOnly }: PropertyDefinition,
  text: string,
): string | ValueFault {
  const fault = (code: ValueCode, message: string): ValueFault => ({ name, code, message });
  if (readOnly) return readOnlyFault(name);
  if (text === '') return text;
  const shown = brief(text);
  switch (type) {
    case 'string':
    case 'phone_number':
      return text;
    case 'number': {
      const trimmed = text.trim();
      return isNumber(trimmed)
        ? trimmed
        : fault(
            'INVALID_NUMBER',
            `"${shown}" was not a valid number; send a finite decimal such as 3 or 3.5`,
          );
    }
    case 'bool': {
      const flag = text.trim().toLowerCase();
      return flag === 'true' || flag === 'false'
        ? flag
        : fault('INVALID_BOOLEAN', `"${shown}" was not a valid boolean; send true or false`);
    }
    case 'date': {
      const moment = parseMoment(text.trim());
      if (moment === undefined)
        return fault(
          'INVALID_DATE',
          `"${shown}" was not a valid date; send YYYY-MM-DD, or milliseconds at midnight UTC`,
        );
      const time = new Date(moment).toISOString();
      return moment % DAY_MS === 0
        ? time.slice(0, 10)
        : fault('INVALID_DATE', `${shown} is at ${time.slice(11, 23)} UTC, not midnight!`);
    }
    case 'datetime': {
      const moment = parseMoment(text.trim());
      return moment === undefined
        ? fault('INVALID_DATE', `"${shown}" was not a valid date; send ISO 8601, or epoch milliseconds`)
        : new Date(moment).toISOString();
    }
    case 'enumeration': {
      if (externalOptions) return text;
      const sent = fieldType === 'checkbox' ? text.split(';') : [text];
      const wrong = sent.find((each) => !options.some(({ value }) => value === each));
      if (wrong === undefined) return text;
      const taken = options.slice(0, 20).map(({ value }) => value);
      return fault(
        'INVALID_OPTION',
        `${brief(wrong)} was not one of the allowed options: [${taken.join(', ')}${options.length > 20 ? ', …' : ''}]`,
      );
    }
  }
}

export function readOnlyFault(name: string): ValueFault {
  return {
    name,
    code: 'READ_ONLY_VALUE',
    message: `"${brief(name)}" is a read only property; its value cannot be set.`,
  };
}

export function tooLongFault(name: string, value: string): ValueFault {
  const message = `has ${value.length} characters; a property's value has at most ${MAX_VALUE_CHARS}`;
  return { name, code: 'INPUT_TOO_LARGE', message };
}

export function missingFault(name: string): ValueFault {
  return { name, code: 'PROPERTY_DOESNT_EXIST', message: `Property "${brief(name)}" does not exist` };
}

/** Whether a property may have this name. */
export function isMakeable(name: string): boolean {
  return PROPERTY_NAME.test(name) && (name === 'email' || !OWN_PROPERTIES.has(name));
}

/** A value's fault as one of an input, at `path`. */
export function faultOf({ name, code, message }: ValueFault, path = `properties.${brief(name)}`): Fault {
  return { in: path, message, code, context: { propertyName: [brief(name)] } };
}

/** The refusal of values, as HubSpot puts it. */
export function invalidValues(faults: readonly ValueFault[]): Refusal {
  const told = faults.slice(0, 100);
  const list = told.map(({ name, code, message }) => ({
    isValid: false,
    message,
    error: code,
    name: brief(name),
  }));
  return new Refusal(
    'invalid',
    `Property values were not valid: ${JSON.stringify(list)}`,
    told.map((fault) => faultOf(fault)),
  );
}

// Template and template-token rules: names, types, options, sizes, order. Pure; throws Refusals that name the field.
// Apart from what a template is, since an import needs that alone, and what compiles and cleans them takes 0.1 s to load.
import { NOT_KEPT, UNKEEPABLE } from '../records/identity.js';
import { faultOf, missingFault } from '../records/properties.js';
import { OBJECT_TYPES, OWN_PROPERTIES, PROPERTY_NAME, standardTypeOf } from '../records/record.js';
import { brief, type Fault, invalid } from '../refusal.js';
import { compile, TemplateSyntaxError } from './render/render.js';
import { MAX_SOURCE_BYTES } from './render/syntax.js';
import {
  MAX_NAME_LENGTH,
  MAX_TOKENS_PER_TEMPLATE,
  type Template,
  type TemplateToken,
  type TokenOption,
} from './template.js';

const MAX_OPTIONS_PER_TOKEN = 5_000;
/** All together, as JSON: they are in memory while events come. */
const MAX_TOKENS_CHARS = 1024 * 1024;
/** Neither '.' nor '..': in a path, a client tidies them away, and a DELETE of the token is one of the template. */
const TOKEN_NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]+$/;
const RESERVED_TOKEN_NAMES = new Set(
  (
    'applicationId domain eventTemplateId eventTypeId extraData id log lookup objectId objectType portalId ' +
    'properties timelineIFrame timestamp tokens utk __proto__ constructor prototype'
  ).split(' '),
);

/** A token as a caller sends it. */
export interface TokenInput {
  name: string;
  label: string;
  type: TemplateToken['type'];
  options?: readonly TokenOption[] | null;
  objectPropertyName?: string | null;
}

/** A template as a caller sends it. */
export interface TemplateInput {
  name: string;
  objectType?: string | null;
  headerTemplate?: string | null;
  detailTemplate?: string | null;
  tokens?: readonly TokenInput[] | null;
}

/** A new template of an app, checked. `isCustom`: whether there is a custom object of this id or name for it. */
export function newTemplate(
  appId: number,
  input: TemplateInput,
  now: number,
  isCustom: (name: string) => boolean,
): Omit<Template, 'id' | 'version'> {
  const faults: Fault[] = [];
  const sent = input.objectType ?? 'contacts';
  const objectType = standardTypeOf(sent) ?? (isCustom(sent) ? sent : undefined);
  if (!objectType)
    faults.push({
      in: 'objectType',
      message: `'${brief(sent)}' is not an object type; use one of ${OBJECT_TYPES.join(', ')}, or the id (2-…) or name of a custom object`,
    });
  const tokens = checkTokens(objectType ?? sent, input.tokens ?? [], [], now, faults);
  checkSize(tokens, faults);
  const texts = checkTexts(input, faults);
  if (!objectType || faults.length > 0) throw invalid('event template', faults);
  return { appId, objectType, ...texts, tokens, createdAt: now, updatedAt: now };
}

/** PUT: name, header and detail are replaced, the tokens too when they are sent. */
export function replaced(
  template: Template,
  input: TemplateInput & { id?: string | null },
  now: number,
): Template {
  const faults: Fault[] = [];
  if (input.id != null && input.id !== String(template.id))
    faults.push({
      in: 'id',
      message: `'${brief(input.id)}' is not the id in the path, ${template.id}; leave it out`,
    });
  const tokens = input.tokens
    ? checkTokens(template.objectType, input.tokens, template.tokens, now, faults)
    : template.tokens;
  checkSize(tokens, faults);
  const texts = checkTexts(input, faults);
  if (faults.length > 0) throw invalid('event template', faults);
  const { headerTemplate: _header, detailTemplate: _detail, ...kept } = template;
  return { ...kept, ...texts, tokens, updatedAt: now };
}

/** POST tokens: one more, at the end. */
export function withToken(template: Template, input: TokenInput, now: number): Template {
  const faults: Fault[] = [];
  if (template.tokens.some((token) => token.name === input.name))
    faults.push({
      in: 'name',
      message: `the template has a token '${brief(input.name)}' already; PUT it, or choose another name`,
    });
  if (template.tokens.length >= MAX_TOKENS_PER_TEMPLATE)
    faults.push({
      message: `a template has at most ${MAX_TOKENS_PER_TEMPLATE} tokens, and this one has them; delete one first`,
    });
  const tokens = [...template.tokens, checkToken(template.objectType, input, undefined, '', now, faults)];
  checkSize(tokens, faults);
  if (faults.length > 0) throw invalid('token', faults);
  return { ...template, tokens, updatedAt: now };
}

/** PUT a token: label, options and property; its name and type are fixed. Undefined when there is no such token. */
export function withTokenChanged(
  template: Template,
  name: string,
  input: Pick<TokenInput, 'label' | 'options' | 'objectPropertyName'>,
  now: number,
): Template | undefined {
  const old = template.tokens.find((token) => token.name === name);
  if (!old) return undefined;
  const faults: Fault[] = [];
  const options = input.options ?? old.options;
  const token = checkToken(
    template.objectType,
    { ...input, name, type: old.type, options },
    old,
    '',
    now,
    faults,
  );
  const tokens = template.tokens.map((each) => (each === old ? token : each));
  checkSize(tokens, faults);
  if (faults.length > 0) throw invalid('token', faults);
  return { ...template, tokens, updatedAt: now };
}

/** DELETE a token: stored events keep its values. Undefined when there is no such token. */
export function withoutToken(template: Template, name: string, now: number): Template | undefined {
  const tokens = template.tokens.filter((token) => token.name !== name);
  return tokens.length === template.tokens.length ? undefined : { ...template, tokens, updatedAt: now };
}

/** Refuses tokens that set properties that are not there, but those that did so before. */
export function checkProperties(
  { tokens }: Pick<Template, 'tokens'>,
  before: Pick<Template, 'tokens'> | undefined,
  isThere: (property: string) => boolean,
): void {
  const old = new Set(before?.tokens.map((token) => token.objectPropertyName));
  const faults = tokens.flatMap(({ name, objectPropertyName }): Fault[] =>
    objectPropertyName === undefined || old.has(objectPropertyName) || isThere(objectPropertyName)
      ? []
      : [faultOf(missingFault(objectPropertyName), `tokens.${name}.objectPropertyName`)],
  );
  if (faults.length > 0) throw invalid('event template', faults);
}

function checkTexts(
  input: TemplateInput,
  faults: Fault[],
): Pick<Template, 'name' | 'headerTemplate' | 'detailTemplate'> {
  for (const field of ['name', 'headerTemplate', 'detailTemplate'] as const)
    if (UNKEEPABLE.test(input[field] ?? '')) faults.push({ in: field, message: NOT_KEPT });
  if (input.name.trim() === '') faults.push({ in: 'name', message: 'must not be empty' });
  if (input.name.length > MAX_NAME_LENGTH)
    faults.push({
      in: 'name',
      message: `has ${input.name.length} characters; at most ${MAX_NAME_LENGTH} are taken`,
    });
  const texts: { name: string; headerTemplate?: string; detailTemplate?: string } = { name: input.name };
  for (const field of ['headerTemplate', 'detailTemplate'] as const) {
    const source = input[field];
    if (source == null) continue;
    texts[field] = source;
    const bytes = Buffer.byteLength(source);
    if (bytes > MAX_SOURCE_BYTES) {
      faults.push({
        in: field,
        message: `is ${bytes} bytes; at most ${MAX_SOURCE_BYTES} (64 KB) are taken`,
      });
      continue;
    }
    try {
      compile(source);
    } catch (error) {
      if (!(error instanceof TemplateSyntaxError)) throw error;
      faults.push({ in: field, message: `line ${error.line}, column ${error.column}: ${error.reason}` });
    }
  }
  return texts;
}

function checkTokens(
  objectType: string,
  inputs: readonly TokenInput[],
  before: readonly TemplateToken[],
  now: number,
  faults: Fault[],
): TemplateToken[] {
  if (inputs.length > MAX_TOKENS_PER_TEMPLATE) {
    faults.push({
      in: 'tokens',
      message: `has ${inputs.length} tokens; a template has at most ${MAX_TOKENS_PER_TEMPLATE}`,
    });
    return [];
  }
  const old = new Map(before.map((token) => [token.name, token]));
  const names = new Set<string>();
  return inputs.map((input, index) => {
    const path = `tokens[${index}].`;
    if (names.has(input.name))
      faults.push({
        in: `${path}name`,
        message: `'${brief(input.name)}' stands twice; names are unique within a template`,
      });
    names.add(input.name);
    return checkToken(objectType, input, old.get(input.name), path, now, faults);
  });
}

function checkSize(tokens: readonly TemplateToken[], faults: Fault[]): void {
  const chars = JSON.stringify(tokens).length;
  if (chars > MAX_TOKENS_CHARS)
    faults.push({
      message: `the template's tokens have ${chars} characters all together, as JSON; at most ${MAX_TOKENS_CHARS} are taken: shorten their labels and options`,
    });
}

function checkToken(
  objectType: string,
  input: TokenInput,
  old: TemplateToken | undefined,
  path: string,
  now: number,
  faults: Fault[],
): TemplateToken {
  const { name, label, type } = input;
  const options = input.options ?? [];
  const fault = (field: string, message: string) => faults.push({ in: `${path}${field}`, message });
  if (!TOKEN_NAME.test(name) || name.length > MAX_NAME_LENGTH)
    fault(
      'name',
      `'${brief(name)}' is not a token name; use letters, digits, '.', '-' and '_', at most ${MAX_NAME_LENGTH}, and neither '.' nor '..'`,
    );
  else if (RESERVED_TOKEN_NAMES.has(name)) fault('name', `'${name}' is reserved; choose another name`);
  if (label.length > MAX_NAME_LENGTH)
    fault('label', `has ${label.length} characters; at most ${MAX_NAME_LENGTH} are taken`);
  if (options.length > MAX_OPTIONS_PER_TOKEN)
    fault('options', `has ${options.length} options; at most ${MAX_OPTIONS_PER_TOKEN} are taken`);
  if (type === 'enumeration' && options.length === 0)
    fault(
      'options',
      'an enumeration needs at least one option, such as {"value": "black", "label": "Black"}',
    );
  const property = input.objectPropertyName;
  const isEmail = property === 'email'; // of other types a property like any other
  if (property && (isEmail ? objectType === 'contacts' : OWN_PROPERTIES.has(property)))
    fault(
      'objectPropertyName',
      `'${property}' is not set by tokens${isEmail ? "; send the event's own email field instead" : ''}`,
    );
  if (property && !PROPERTY_NAME.test(property))
    fault('objectPropertyName', 'must be a property name: letters, digits, "_", "-", ".", at most 255');
  const values = new Set<string>();
  for (const [index, option] of options.entries()) {
    if (values.has(option.value)) fault(`options[${index}].value`, `'${brief(option.value)}' stands twice`);
    values.add(option.value);
  }
  return {
    name,
    label,
    type,
    options: options.map((option) => ({ value: option.value, label: option.label })),
    ...(property ? { objectPropertyName: property } : {}),
    createdAt: old?.createdAt ?? now,
    updatedAt: now,
  };
}

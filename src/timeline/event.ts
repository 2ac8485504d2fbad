// Event rules: what makes an input a complete draft. Id and {{uuid}}, timestamp, tokens, whom it is about, sizes.
// Pure but for the ids it makes. Everything wrong is told at once; the draft's body is the text that is stored.
import { randomUUID } from 'node:crypto';
import { isAddress } from '../records/address.js';
import type { Definitions } from '../records/definitions.js';
import { emailFault, NOT_KEPT, nameFault, type Subject, UNKEEPABLE } from '../records/identity.js';
import { MOMENT_HINT, parseMoment } from '../records/moment.js';
import { isNumber } from '../records/number.js';
import { faultOf } from '../records/properties.js';
import {
  IF_UNSET,
  type ObjectType,
  objectIdOf,
  type PropertyValue,
  singular,
  typeIdOf,
} from '../records/record.js';
import type { Schemas } from '../records/schemas.js';
import { brief, type Fault, invalid } from '../refusal.js';
import type { EventDraft } from './store.js';
import type { Template, TemplateToken } from './template.js';

export const MAX_EVENT_BYTES = 1024 * 1024;
export const MAX_EVENT_ID_BYTES = 500;
const MAX_TOKEN_VALUE_BYTES = 510 * 1024;
export const MAX_IFRAME_PIXELS = 10_000;

/** An event as a caller sends it: shapes are right, rules are not yet checked. */
export interface EventInput {
  id?: string | undefined;
  /** The values as text, by name. */
  tokens: ReadonlyMap<string, string>;
  objectId?: string | undefined;
  email?: string | undefined;
  utk?: string | undefined;
  domain?: string | undefined;
  customObjectTypeId?: string | undefined;
  timestamp?: string | number | undefined;
  /** JSON text, kept as it is. */
  extraData?: string | undefined;
  timelineIFrame?: TimelineIFrame | undefined;
}

interface TimelineIFrame {
  linkLabel: string;
  headerLabel: string;
  url: string;
  width: number;
  height: number;
}

/** Where an event goes, besides its own fields. */
export interface Setting {
  portalId: number;
  unknown: Subject['unknown'];
  template: Template;
  /** What properties of records there are, for tokens that set some. */
  definitions: Pick<Definitions, 'value'>;
  /** What the template's type is in the portal. */
  schemas: Pick<Schemas, 'typeOf'>;
  /** Epoch ms. */
  now: number;
}

const UUID_MARK = /\{\{uuid\}\}/g;

/** The draft of an event; or, where `faults` has gained any, nothing to use. */
export function draftEvent(input: EventInput, setting: Setting, faults: Fault[]): EventDraft {
  const { portalId, unknown, template, now } = setting;
  const id = input.id === undefined ? undefined : checkedId(input.id, now, faults);
  const tokens = tokensText(input.tokens, template, faults);
  const timestamp = input.timestamp === undefined ? now : parseMoment(input.timestamp);
  if (timestamp === undefined)
    faults.push({
      in: 'timestamp',
      message: `'${brief(String(input.timestamp))}' is not a time; ${MOMENT_HINT}`,
    });
  const type = typeOf(input, setting, faults);
  const subject = subjectOf(input, type, unknown, faults);
  if (input.timelineIFrame) checkIFrame(input.timelineIFrame, faults);

  const text = (field: string, value: string | undefined) =>
    value === undefined ? '' : `,"${field}":${jsonText(value)}`;
  const body =
    `{"objectType":"${type}","eventTemplateId":"${template.id}"` +
    text('email', input.email) +
    text('utk', input.utk) +
    text('domain', input.domain) +
    text('customObjectTypeId', input.customObjectTypeId) +
    `,"timestamp":"${isoOf(timestamp ?? now)}","tokens":${tokens}` +
    (input.extraData === undefined ? '' : `,"extraData":${input.extraData}`) +
    (input.timelineIFrame ? `,"timelineIFrame":${iframeText(input.timelineIFrame)}` : '') +
    '}';
  return {
    portalId,
    templateId: template.id,
    id,
    subject,
    email: input.email,
    properties: propertiesOf(input, type, setting, timestamp ?? now, faults),
    timestamp: timestamp ?? now,
    receivedAt: now,
    body,
  };
}

let iso = { at: 0, text: new Date(0).toISOString() };

/** Most events are of the moment in which they come, and many come in the same. */
function isoOf(at: number): string {
  if (iso.at !== at) iso = { at, text: new Date(at).toISOString() };
  return iso.text;
}

/** A stored body without the e-mail that it says. */
export function withoutEmail(body: string): string {
  return body.replace(SAID_EMAIL, '$1');
}

/** The e-mail that a stored body says. */
export function emailSaid(body: string): string | undefined {
  const [, , text] = SAID_EMAIL.exec(body) ?? [];
  return text === undefined ? undefined : JSON.parse(text);
}

/** Before the tokens, which may have that name too, and the extra data stand texts only. */
const SAID_EMAIL = /^(\{(?:"\w+":"(?:[^"\\]|\\.)*",)*?"\w+":"(?:[^"\\]|\\.)*"),"email":("(?:[^"\\]|\\.)*")/;

/** The type of the record that the event is about; a refusal where the portal has none such. */
function typeOf(
  { customObjectTypeId }: EventInput,
  { portalId, template, schemas }: Setting,
  faults: Fault[],
): ObjectType {
  const type = schemas.typeOf(portalId, template.objectType);
  if (!type)
    throw invalid('event', [
      ...faults,
      {
        in: 'eventTemplateId',
        message: `the template is for records of '${template.objectType}', a custom object that this portal does not have; create its schema, or use another template`,
      },
    ]);
  if (customObjectTypeId !== undefined && schemas.typeOf(portalId, customObjectTypeId) !== type)
    faults.push({
      in: 'customObjectTypeId',
      message: `'${brief(customObjectTypeId)}' is not the type of the template's records; send ${typeIdOf(type)}, leave it out, or use another template`,
    });
  return type;
}

function checkedId(sent: string, now: number, faults: Fault[]): string {
  const fault = (message: string) => faults.push({ in: 'id', message });
  if (sent === '') fault('must not be empty; leave it out and the server makes one');
  if (UNKEEPABLE.test(sent)) fault(NOT_KEPT);
  const id =
    sent.length <= MAX_EVENT_ID_BYTES && sent.includes('{{uuid}}')
      ? sent.replace(UUID_MARK, () => timeOrderedUuid(now))
      : sent;
  const bytes = Buffer.byteLength(id);
  if (bytes > MAX_EVENT_ID_BYTES) fault(`is ${bytes} bytes; at most ${MAX_EVENT_ID_BYTES} are taken`);
  return id;
}

/** A UUID of version 7: 48 bits of time, then random ones, which Node makes fastest as version 4. */
function timeOrderedUuid(now: number): string {
  const time = now.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

/** The tokens as JSON text, in the template's order. */
function tokensText(values: EventInput['tokens'], template: Template, faults: Fault[]): string {
  let text = '';
  let known = 0;
  for (const { token, key, options } of rulesOf(template)) {
    const value = values.get(token.name);
    if (value === undefined) continue;
    known++;
    const fault = valueFault(value, token, options);
    if (fault) faults.push({ in: `tokens.${token.name}`, message: fault });
    text += `${text === '' ? '' : ','}${key}${jsonText(value)}`;
  }
  if (known < values.size) {
    const has = new Set(template.tokens.map((token) => token.name));
    const those = has.size > 0 ? `it has ${listed([...has])}` : 'it has none';
    for (const [index, name] of [...values.keys()].filter((each) => !has.has(each)).entries())
      faults.push({
        in: `tokens.${brief(name)}`,
        message: `the template has no token '${brief(name)}'${index === 0 ? `; ${those}` : ''}`,
      });
  }
  return `{${text}}`;
}

const NO_PROPERTIES: readonly PropertyValue[] = [];

/** What the event says of its record: by tokens that fill properties, and the domain of a company that has none. */
function propertiesOf(
  input: EventInput,
  type: ObjectType,
  { portalId, unknown, template, definitions }: Setting,
  at: number,
  faults: Fault[],
): readonly PropertyValue[] {
  let values: PropertyValue[] | undefined;
  for (const { token } of rulesOf(template)) {
    const { name, objectPropertyName } = token;
    const sent = objectPropertyName === undefined ? undefined : input.tokens.get(name);
    if (objectPropertyName === undefined || sent === undefined) continue;
    const said = { name: objectPropertyName, value: sent, at };
    if (UNKEEPABLE.test(said.value)) faults.push({ in: `tokens.${name}`, message: NOT_KEPT });
    const value = definitions.value(portalId, type, said, unknown);
    values ??= [];
    if ('code' in value) faults.push(faultOf(value, `tokens.${name}`));
    else values.push(value);
  }
  if (type === 'companies' && input.domain !== undefined)
    values = [...(values ?? []), { name: 'domain', value: input.domain, at: IF_UNSET }];
  return values ?? NO_PROPERTIES;
}

interface TokenRule {
  token: TemplateToken;
  /** `"name":` */
  key: string;
  options: ReadonlySet<string>;
}

/** What an event needs of a template, worked out once for each version of it. */
const rules = new WeakMap<Template, readonly TokenRule[]>();

function rulesOf(template: Template): readonly TokenRule[] {
  let of = rules.get(template);
  if (!of) {
    of = template.tokens.map((token) => ({
      token,
      key: `${JSON.stringify(token.name)}:`,
      options: new Set(token.options.map((option) => option.value)),
    }));
    rules.set(template, of);
  }
  return of;
}

function valueFault(
  value: string,
  { type }: TemplateToken,
  options: ReadonlySet<string>,
): string | undefined {
  if (value.length * 3 > MAX_TOKEN_VALUE_BYTES && Buffer.byteLength(value) > MAX_TOKEN_VALUE_BYTES)
    return `is ${Buffer.byteLength(value)} bytes; a token's value has at most ${MAX_TOKEN_VALUE_BYTES} (510 KB)`;
  if (type === 'enumeration')
    return options.has(value) ? undefined : `'${brief(value)}' is not one of ${listed([...options])}`;
  if (type === 'number')
    return isNumber(value)
      ? undefined
      : `'${brief(value)}' is not a number; send a finite decimal number such as 3 or 3.5`;
  if (type === 'date')
    return parseMoment(value) === undefined ? `'${brief(value)}' is not a date; ${MOMENT_HINT}` : undefined;
  return undefined;
}

function subjectOf(
  input: EventInput,
  type: ObjectType,
  unknown: Subject['unknown'],
  faults: Fault[],
): Subject {
  const { email, utk, domain } = input;
  const subject: Subject = { type, unknown };
  if (input.objectId !== undefined) {
    const objectId = objectIdOf(input.objectId);
    if (objectId === undefined)
      faults.push({
        in: 'objectId',
        message: `'${brief(input.objectId)}' is not a record's id; send 1 to 16 digits without a leading zero, at most ${Number.MAX_SAFE_INTEGER}`,
      });
    else subject.objectId = objectId;
  }
  if (email !== undefined) {
    const fault = emailFault(email);
    if (fault) faults.push({ in: 'email', message: fault });
  }
  const checkName = (field: 'utk' | 'domain', value: string | undefined) => {
    const fault = value === undefined ? undefined : nameFault(value);
    if (fault) faults.push({ in: field, message: fault });
  };
  checkName('utk', utk);
  checkName('domain', domain);
  if (type === 'contacts') {
    if (email !== undefined) subject.email = email;
    if (utk !== undefined) subject.utk = utk;
    const isNamed = input.objectId !== undefined || email !== undefined || utk !== undefined;
    if (!isNamed && !isTold(faults, ['objectId', 'email', 'utk']))
      faults.push({
        message: 'nobody is named; send objectId, email or utk, so that the event finds its contact',
      });
  } else if (input.objectId === undefined && !isTold(faults, ['objectId'])) {
    faults.push({
      in: 'objectId',
      message: `${singular(type)} id must be provided. Creation is not supported at the moment.`,
    });
  }
  return subject;
}

/** A field that had the wrong shape is missing, and told already. */
function isTold(faults: readonly Fault[], fields: readonly string[]): boolean {
  return faults.some((fault) => fields.includes(fault.in ?? ''));
}

/** Parts that had the wrong shape are missing, and told already. */
function checkIFrame(iframe: Partial<TimelineIFrame>, faults: Fault[]): void {
  const { url } = iframe;
  if (url !== undefined && !(/^https?:\/\//i.test(url) && isAddress(url)))
    faults.push({
      in: 'timelineIFrame.url',
      message: `'${brief(url)}' is not a web address; send one that begins with https:// or http://`,
    });
  for (const side of ['width', 'height'] as const) {
    const pixels = iframe[side];
    if (pixels !== undefined && !(pixels >= 1 && pixels <= MAX_IFRAME_PIXELS))
      faults.push({
        in: `timelineIFrame.${side}`,
        message: `${pixels} is out of bounds; send 1 to ${MAX_IFRAME_PIXELS} pixels`,
      });
  }
}

function iframeText({ linkLabel, headerLabel, url, width, height }: TimelineIFrame): string {
  const texts = `"linkLabel":${jsonText(linkLabel)},"headerLabel":${jsonText(headerLabel)},"url":${jsonText(url)}`;
  return `{${texts},"width":${width},"height":${height}}`;
}

/** What JSON writes as it is: no quotes, backslashes, controls or halves of letters. */
const PLAIN = /^[ !#-[\]-\ud7ff\ue000-\uffff]*$/;

/** A text as JSON. To look whether it is plain takes a third of what JSON.stringify does. */
export function jsonText(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

const MAX_LISTED = 20;

function listed(values: readonly string[]): string {
  const shown = values.slice(0, MAX_LISTED).map(brief).join(', ');
  return values.length > MAX_LISTED ? `${shown} and ${values.length - MAX_LISTED} more` : shown;
}

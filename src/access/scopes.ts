// The scopes that guard timelines and templates. Of each list any one will do.
// Source: the security entries of HubSpot's OpenAPI file for timeline v3.

const CRM_TYPES = ['contacts', 'companies', 'deals'] as const;
const TICKETS = ['tickets', 'tickets.sensitive.v2', 'tickets.highly_sensitive.v2'];

function crm(verb: 'read' | 'write'): string[] {
  return CRM_TYPES.flatMap((type) => [
    `crm.objects.${type}.${verb}`,
    `crm.objects.${type}.sensitive.${verb}.v2`,
    `crm.objects.${type}.highly_sensitive.${verb}.v2`,
    `crm.schemas.${type}.${verb}`,
  ]);
}

export const EVENTS_READ: readonly string[] = ['timeline', ...crm('read'), ...TICKETS];
export const EVENTS_WRITE: readonly string[] = ['timeline', ...crm('write'), ...TICKETS];
export const TEMPLATES_READ: readonly string[] = ['developers-read'];
export const TEMPLATES_WRITE: readonly string[] = ['developers-write'];

/** Any one of these lets a record of the type be read, or written. `custom` is any type of a portal's own. */
export function recordScopes(type: string, verb: 'read' | 'write'): readonly string[] {
  if (type === 'tickets') return TICKETS;
  if (isOwn(type)) return [`crm.objects.custom.${verb}`];
  const crmType = CRM_TYPES.find((each) => each === type);
  return crmType ? [`crm.objects.${crmType}.${verb}`] : [];
}

/** Any one of these lets the definitions of a type's properties be read, or written. */
export function propertyScopes(type: string, verb: 'read' | 'write'): readonly string[] {
  if (isOwn(type)) return [...recordScopes(type, verb), ...schemaScopes(verb)];
  const crmType = CRM_TYPES.find((each) => each === type);
  return [...recordScopes(type, verb), ...(crmType ? [`crm.schemas.${crmType}.${verb}`] : [])];
}

/** Any one of these lets custom objects be read, or defined. */
export function schemaScopes(verb: 'read' | 'write'): readonly string[] {
  return [`crm.schemas.custom.${verb}`];
}

function isOwn(type: string): boolean {
  return type === 'custom' || type.startsWith('2-');
}

/** Of a call on records of any type: which of these is needed depends on the type. */
export function scopesOfTypes(scopesOf: typeof recordScopes, verb: 'read' | 'write'): readonly string[] {
  return [...CRM_TYPES, 'tickets', 'custom'].flatMap((type) => scopesOf(type, verb));
}

export const FORMS: readonly string[] = ['forms'];

/** What HubSpot's apps ask for besides: to be known, no more. */
export const PLAIN_SCOPE = 'oauth';

/** Every scope there is, as the demo's token has them. */
export const ALL_SCOPES: readonly string[] = [
  ...new Set([
    ...EVENTS_READ,
    ...EVENTS_WRITE,
    ...TEMPLATES_READ,
    ...TEMPLATES_WRITE,
    ...propertyScopes('custom', 'read'),
    ...propertyScopes('custom', 'write'),
    ...FORMS,
  ]),
];

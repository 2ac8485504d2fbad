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
  if (isOwn(type)) return [...new Set([...recordScopes(type, verb), ...schemaScopes(verb)])];
  const scopes = recordScopes(type, verb);
  return scopes.length > 0 ? [...scopes, `crm.schemas.${type}.${verb}`] : [];
}

/** Any one of these lets custom objects be read, or defined. Who may read their records may see what they are. */
export function schemaScopes(verb: 'read' | 'write'): readonly string[] {
  return [`crm.schemas.custom.${verb}`, ...(verb === 'read' ? recordScopes('custom', 'read') : [])];
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
    ...['tickets', 'custom'].flatMap((type) => [
      ...propertyScopes(type, 'read'),
      ...propertyScopes(type, 'write'),
    ]),
    ...FORMS,
  ]),
];

/**
 * HubSpot's scopes for what is not here. Apps ask for them in one breath with those above, and are let in; nothing is
 * opened by them. `contacts` is what older apps ask for.
 * Source: scopes that apps list as HubSpot's settings of an app show them, and HubSpot's OpenAPI files.
 */
export const SCOPES_OF_ELSEWHERE: readonly string[] = `
  account-info.security.read accounting actions analytics.behavioral_events.send
  automation automation.sequences.enrollments.write automation.sequences.read
  behavioral_events.event_definitions.read_write business_units.view.read business_units_view.read
  business-intelligence
  cms.domains.read cms.domains.write cms.functions.read cms.functions.write
  cms.knowledge_base.articles.publish cms.knowledge_base.articles.read cms.knowledge_base.articles.write
  cms.knowledge_base.settings.read cms.knowledge_base.settings.write cms.membership.access_groups.write
  collector.graphql_query.execute collector.graphql_schema.read
  communication_preferences.read communication_preferences.read_write communication_preferences.write
  communication_preferences.statuses.batch.read communication_preferences.statuses.batch.write
  contacts content content.landing_pages.read content.landing_pages.write
  content.site_pages.read content.site_pages.write
  conversations.custom_channels.read conversations.custom_channels.write conversations.read
  conversations.visitor_identification.tokens.create conversations.write
  cpq.quotes.read cpq.quotes.write crm.dealsplits.read_write crm.export
  crm.extensions_calling_transcripts.read crm.extensions_calling_transcripts.write
  crm.import crm.lists.read crm.lists.write
  crm.objects.appointments.read crm.objects.appointments.write crm.objects.calls.read
  crm.objects.appointments.sensitive.read crm.objects.appointments.sensitive.write
  crm.objects.appointments.sensitive.read.v2 crm.objects.appointments.sensitive.write.v2
  crm.objects.carts.read crm.objects.carts.write
  crm.objects.commercepayments.read crm.objects.commercepayments.write
  crm.objects.companies.sensitive.read crm.objects.companies.sensitive.write
  crm.objects.companies.highly_sensitive.read crm.objects.companies.highly_sensitive.write
  crm.objects.contacts.sensitive.read crm.objects.contacts.sensitive.write
  crm.objects.contacts.highly_sensitive.read crm.objects.contacts.highly_sensitive.write
  crm.objects.contracts.read crm.objects.courses.read crm.objects.courses.write
  crm.objects.custom.sensitive.read crm.objects.custom.sensitive.write
  crm.objects.custom.sensitive.read.v2 crm.objects.custom.sensitive.write.v2
  crm.objects.custom.highly_sensitive.read crm.objects.custom.highly_sensitive.write
  crm.objects.custom.highly_sensitive.read.v2 crm.objects.custom.highly_sensitive.write.v2
  crm.objects.deals.sensitive.read crm.objects.deals.sensitive.write
  crm.objects.deals.highly_sensitive.read crm.objects.deals.highly_sensitive.write crm.objects.emails.read
  crm.objects.feedback_submissions.read crm.objects.goals.read crm.objects.goals.write
  crm.objects.invoices.read crm.objects.invoices.write crm.objects.leads.read crm.objects.leads.write
  crm.objects.line_items.read crm.objects.line_items.write crm.objects.listings.read crm.objects.listings.write
  crm.objects.marketing_events.read crm.objects.marketing_events.write
  crm.objects.meetings.read crm.objects.notes.read
  crm.objects.orders.read crm.objects.orders.write crm.objects.owners.read
  crm.objects.partner-clients.read crm.objects.partner-clients.write
  crm.objects.partner-services.read crm.objects.partner-services.write
  crm.objects.products.read crm.objects.products.write crm.objects.projects.read crm.objects.projects.write
  crm.objects.projects.sensitive.read crm.objects.projects.sensitive.write
  crm.objects.projects.highly_sensitive.read crm.objects.projects.highly_sensitive.write
  crm.objects.quotes.read crm.objects.quotes.write crm.objects.services.read crm.objects.services.write
  crm.objects.subscriptions.read crm.objects.subscriptions.write crm.objects.tasks.read
  crm.objects.tickets.sensitive.read crm.objects.tickets.sensitive.write
  crm.objects.tickets.highly_sensitive.read crm.objects.tickets.highly_sensitive.write
  crm.objects.users.read crm.objects.users.write crm.pipelines.orders.read crm.pipelines.orders.write
  crm.schemas.appointments.read crm.schemas.appointments.write crm.schemas.calls.read
  crm.schemas.carts.read crm.schemas.carts.write
  crm.schemas.commercepayments.read crm.schemas.commercepayments.write
  crm.schemas.courses.read crm.schemas.courses.write crm.schemas.emails.read
  crm.schemas.invoices.read crm.schemas.invoices.write
  crm.schemas.line_items.read crm.schemas.listings.read crm.schemas.listings.write
  crm.schemas.meetings.read crm.schemas.notes.read
  crm.schemas.orders.read crm.schemas.orders.write crm.schemas.projects.read crm.schemas.projects.write
  crm.schemas.quotes.read crm.schemas.quotes.write crm.schemas.services.read crm.schemas.services.write
  crm.schemas.subscriptions.read crm.schemas.subscriptions.write
  crm.schemas.tasks.read
  ctas.read e-commerce external_integrations.forms.access files files.delete files.read files.write
  files.ui_hidden.read files.ui_hidden.write forms-uploaded-files
  hubdb hubdb.rows.read hubdb.rows.write hubdb.tables.publish hubdb.tables.read hubdb.tables.write
  integration-sync integrations.zoom-app.playbooks.read marketing-email
  marketing.campaigns.read marketing.campaigns.revenue.read marketing.campaigns.write
  marketing.campaigns.revenue.full.read marketing.campaigns.revenue.lite.read
  marketing.email.read marketing.email.write
  media_bridge.read media_bridge.write record_images.signed_urls.read
  sales-email-read scheduler.meetings.meeting-link.read settings.billing.write
  settings.currencies.read settings.currencies.write
  settings.users.read settings.users.teams.read settings.users.teams.write settings.users.write
  social tax_rates.read tickets.sensitive tickets.highly_sensitive transactional-email
`
  .trim()
  .split(/\s+/);

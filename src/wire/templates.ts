// HubSpot's event-template and token paths. An app sees and changes its own templates only.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { TEMPLATES_READ, TEMPLATES_WRITE } from '../access/scopes.js';
import type { Definitions } from '../records/definitions.js';
import type { Schemas } from '../records/schemas.js';
import { brief, Refusal } from '../refusal.js';
import type { Template as StoredTemplate, TemplateToken } from '../timeline/template.js';
import {
  checkProperties,
  newTemplate,
  replaced,
  withoutToken,
  withToken,
  withTokenChanged,
} from '../timeline/template_rules.js';
import type { Templates } from '../timeline/templates.js';
import type { Authenticator } from './authenticate.js';
import { anyOneOf, DONE, operations } from './openapi.js';
import { sentOnce } from './problem.js';
import type {
  Template,
  TemplateCreate,
  TemplateUpdate,
  Token,
  TokenRequest,
  TokenUpdate,
} from './schemas/templates.js';

export interface TemplateRoutes {
  templates: Templates;
  definitions: Definitions;
  schemas: Schemas;
  authenticator: Authenticator;
  clock: () => number;
}

export function templateRoutes(
  app: FastifyInstance,
  { templates, definitions, schemas, authenticator, clock }: TemplateRoutes,
): void {
  const read = authenticator.developer(TEMPLATES_READ);
  const write = authenticator.developer(TEMPLATES_WRITE);
  const appId = Type.String({ pattern: '^\\d{1,10}$', description: "The app's id." });
  const hapikey = Type.Object({
    hapikey: Type.Optional(
      Type.String({ description: "The app's developer key, instead of a bearer token." }),
    ),
  });
  const inApp = Type.Object({ appId });
  const eventTemplateId = Type.String({ description: "The event template's id." });
  const tokenName = Type.String({ description: "The token's name." });
  const inTemplate = Type.Object({ appId, eventTemplateId });
  const inToken = Type.Object({ appId, eventTemplateId, tokenName });
  const doc = (scopes: readonly string[]) => {
    const told = operations('Templates', [...anyOneOf(scopes), { developer_hapikey: [] }]);
    return (...of: Parameters<typeof told>) => ({ ...told(...of), querystring: hapikey });
  };
  const reading = doc(TEMPLATES_READ);
  const writing = doc(TEMPLATES_WRITE);
  const template = Type.Ref('TimelineEventTemplate');
  const token = Type.Ref('TimelineEventTemplateToken');
  type InApp = { Params: Static<typeof inApp> };
  type InTemplate = { Params: Static<typeof inTemplate> };
  type InToken = { Params: Static<typeof inToken> };

  app.get<InApp>(
    '/:appId/event-templates',
    {
      onRequest: read,
      schema: {
        ...reading('listTemplates', "List the app's templates"),
        params: inApp,
        response: { 200: Type.Ref('CollectionResponseTimelineEventTemplateNoPaging') },
      },
    },
    async (request) => ({ results: templates.allOfApp(own(request)).map(sorted).map(toTemplate) }),
  );

  app.post<InApp & { Body: Static<typeof TemplateCreate> }>(
    '/:appId/event-templates',
    {
      onRequest: write,
      ...sentOnce('tokens', 'options'),
      schema: {
        ...writing('createTemplate', 'Create a template'),
        params: inApp,
        body: Type.Ref('TimelineEventTemplateCreateRequest'),
        response: { 201: template },
      },
    },
    async (request, reply) => {
      const appId = own(request);
      const { principal } = request;
      const asked = newTemplate(appId, request.body, clock(), (name) =>
        principal ? schemas.typeOf(principal.portal.id, name) !== undefined : schemas.isMetBy(appId, name),
      );
      needProperties(request, asked);
      const created = await templates.create(asked);
      return reply.code(201).send(toTemplate(created));
    },
  );

  app.get<InTemplate>(
    '/:appId/event-templates/:eventTemplateId',
    {
      onRequest: read,
      schema: {
        ...reading('getTemplate', 'Get a template'),
        params: inTemplate,
        response: { 200: template },
      },
    },
    async (request) => toTemplate(sorted(templates.ofApp(own(request), request.params.eventTemplateId))),
  );

  app.put<InTemplate & { Body: Static<typeof TemplateUpdate> }>(
    '/:appId/event-templates/:eventTemplateId',
    {
      onRequest: write,
      ...sentOnce('tokens', 'options'),
      schema: {
        ...writing('updateTemplate', 'Replace a template'),
        description:
          'Name, header and detail become what is sent (absent clears them), and the tokens when they are sent. Existing events read by the template as it is now; values of removed tokens stay on them.',
        params: inTemplate,
        body: Type.Ref('TimelineEventTemplateUpdateRequest'),
        response: { 200: template },
      },
    },
    async (request) => {
      const { body } = request;
      const sent = { ...body, id: body.id == null ? null : String(body.id) };
      return toTemplate(sorted(await change(request, (current, now) => replaced(current, sent, now))));
    },
  );

  app.delete<InTemplate>(
    '/:appId/event-templates/:eventTemplateId',
    {
      onRequest: write,
      schema: {
        ...writing('archiveTemplate', 'Archive a template'),
        description: 'Its events leave every timeline and answer 404 at once.',
        params: inTemplate,
        response: DONE,
      },
    },
    async (request, reply) => {
      await templates.archive(own(request), request.params.eventTemplateId);
      return reply.code(204).send();
    },
  );

  app.get<InTemplate>(
    '/:appId/event-templates/:eventTemplateId/tokens',
    {
      onRequest: read,
      schema: {
        ...reading('listTokens', "List a template's tokens"),
        params: inTemplate,
        response: { 200: Type.Ref('CollectionResponseTimelineEventTemplateTokenNoPaging') },
      },
    },
    async (request) => {
      const { tokens } = sorted(templates.ofApp(own(request), request.params.eventTemplateId));
      return { results: tokens.map(toToken) };
    },
  );

  app.post<InTemplate & { Body: Static<typeof TokenRequest> }>(
    '/:appId/event-templates/:eventTemplateId/tokens',
    {
      onRequest: write,
      ...sentOnce('options'),
      schema: {
        ...writing('createToken', 'Add a token'),
        params: inTemplate,
        body: Type.Ref('TimelineEventTemplateTokenRequest'),
        response: { 200: token },
      },
    },
    async (request) => {
      const { body } = request;
      const changed = await change(request, (current, now) => withToken(current, body, now));
      return toToken(tokenOf(changed, body.name));
    },
  );

  app.put<InToken & { Body: Static<typeof TokenUpdate> }>(
    '/:appId/event-templates/:eventTemplateId/tokens/:tokenName',
    {
      onRequest: write,
      ...sentOnce('options'),
      schema: {
        ...writing('updateToken', 'Replace a token'),
        description:
          'Its label and property become what is sent, its options where they are sent; its name and type stay.',
        params: inToken,
        body: Type.Ref('TimelineEventTemplateTokenUpdateRequest'),
        response: { 200: token },
      },
    },
    async (request) => {
      const { tokenName } = request.params;
      const changed = await change(
        request,
        (current, now) => withTokenChanged(current, tokenName, request.body, now) ?? noToken(tokenName),
      );
      return toToken(tokenOf(changed, tokenName));
    },
  );

  app.delete<InToken>(
    '/:appId/event-templates/:eventTemplateId/tokens/:tokenName',
    {
      onRequest: write,
      schema: {
        ...writing('archiveToken', 'Remove a token'),
        description: 'Values on existing events stay and still render; new events cannot use it.',
        params: inToken,
        response: DONE,
      },
    },
    async (request, reply) => {
      const { tokenName } = request.params;
      await change(request, (current, now) => withoutToken(current, tokenName, now) ?? noToken(tokenName));
      return reply.code(204).send();
    },
  );

  /** Where a strict portal's token asks, the properties must be there; a developer key is of no portal. */
  function needProperties(
    { principal }: FastifyRequest,
    asked: Pick<StoredTemplate, 'objectType' | 'tokens'>,
    before?: StoredTemplate,
  ): void {
    if (!principal || principal.portal.lenient) return;
    const type = schemas.typeOf(principal.portal.id, asked.objectType);
    if (!type) return; // another portal's: there it is judged by each event
    const { properties } = definitions.of(principal.portal.id, type);
    checkProperties(asked, before, (name) => properties.has(name));
  }

  function change(
    request: FastifyRequest<InTemplate>,
    apply: (template: StoredTemplate, now: number) => StoredTemplate,
  ): Promise<StoredTemplate> {
    return templates.change(own(request), request.params.eventTemplateId, (current, now) => {
      const changed = apply(current, now);
      needProperties(request, changed, current);
      return changed;
    });
  }
}

/** The app in the path, where it is the caller's. */
function own(request: FastifyRequest<{ Params: { appId: string } }>): number {
  if (Number(request.params.appId) !== request.appId)
    throw new Refusal(
      'not-found',
      `resource not found: app ${request.params.appId} is not the one that these credentials belong to`,
      [],
      { appId: [request.params.appId] },
    );
  return request.appId;
}

function noToken(name: string): never {
  throw new Refusal('not-found', `resource not found: the template has no token '${brief(name)}'`, [], {
    tokenName: [brief(name)],
  });
}

function tokenOf(template: StoredTemplate, name: string): TemplateToken {
  return template.tokens.find((token) => token.name === name) ?? noToken(name);
}

/** GET and PUT answer tokens by name and options by value; POST answers as sent. */
function sorted(template: StoredTemplate): StoredTemplate {
  const tokens = template.tokens
    .map((token) => ({ ...token, options: [...token.options].sort((a, b) => compare(a.value, b.value)) }))
    .sort((a, b) => compare(a.name, b.name));
  return { ...template, tokens };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function toTemplate(template: StoredTemplate): Static<typeof Template> {
  const { id, name, objectType, headerTemplate, detailTemplate, tokens } = template;
  return {
    id: String(id),
    name,
    objectType,
    ...(headerTemplate === undefined ? {} : { headerTemplate }),
    ...(detailTemplate === undefined ? {} : { detailTemplate }),
    tokens: tokens.map(toToken),
    ...toDates(template),
  };
}

function toToken(token: TemplateToken): Static<typeof Token> {
  const { name, label, type, options, objectPropertyName } = token;
  return {
    name,
    label,
    type,
    options: [...options],
    ...(objectPropertyName === undefined ? {} : { objectPropertyName }),
    ...toDates(token),
  };
}

function toDates({ createdAt, updatedAt }: { createdAt: number; updatedAt: number }) {
  return { createdAt: new Date(createdAt).toISOString(), updatedAt: new Date(updatedAt).toISOString() };
}

// The OpenAPI document: what the routes' own schemas do not say.
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { ALL_SCOPES } from '../access/scopes.js';
import { VERSION } from '../version.js';
import { ERROR, EXAMPLES, OAUTH_ERROR, RATE_LIMITED } from './examples.js';

/** The older of the two path families. */
export const OLDER_FAMILY = '/crm/v3/timeline';
/** Where HubSpot's client looks for schemas; its guide says /crm/v3/schemas. One set of handlers. */
export const SCHEMAS_OF_CLIENTS = '/crm-object-schemas/v3/schemas';
const OAUTH = 'OAuth';
const OLDER_CLIENTS = 'Older clients';
const IN_OLDER_FAMILY = 'InCrmV3';
const OF_CLIENTS = 'OfClients';

/** The security of a route: a bearer token with any one of these scopes. */
export function anyOneOf(scopes: readonly string[]): { [scheme: string]: string[] }[] {
  return scopes.map((scope) => ({ oauth2: [scope] }));
}

/** How the document tells of the operations of one kind. */
export function operations(tag: string, security: ReturnType<typeof anyOneOf>) {
  return (operationId: string, summary: string) => ({ tags: [tag], operationId, summary, security });
}

/** The answer where there is nothing to say. */
export const DONE = { 204: { type: 'null', description: 'Done; no body.' } };

/** What a URL carries as text, though it is a number to whoever writes it. */
const NUMBERS: Readonly<Record<string, object>> = {
  appId: { type: 'integer', format: 'int32' },
  limit: { type: 'integer', minimum: 1 },
};

/** `publicUrl`: where the paths begin, when it is not where the document was found. */
export const openapi = (publicUrl?: string): FastifyDynamicSwaggerOptions => ({
  openapi: {
    openapi: '3.1.0',
    ...(publicUrl === undefined ? {} : { servers: [{ url: publicUrl }] }),
    info: {
      title: 'Throughline',
      version: VERSION,
      description:
        "A self-hosted timeline events server that speaks HubSpot's Timeline Events API v3, under `/integrators/timeline/v3` and, for older clients, `/crm/v3/timeline`. Our own paths begin with `/timeline/v1`.",
    },
    externalDocs: { url: publicUrl ?? '/', description: 'Records and their timelines' },
    tags: [
      { name: 'Events', description: 'What happened, and to whom.' },
      { name: 'Templates', description: 'How events of one kind read, and the tokens that they carry.' },
      { name: 'Timelines', description: 'What stands on a record.' },
      { name: 'Records', description: 'Whom events are about: read, identify, merge, erase.' },
      { name: 'Forms', description: 'Forms say who a visitor is.' },
      { name: OAUTH, description: 'Tokens are bought, asked about and ended.' },
      { name: 'Administration', description: 'Apps, portals, and which app is installed where.' },
      { name: OLDER_CLIENTS, description: "The same again, where HubSpot's clients up to 11 look for it." },
    ],
    components: {
      headers: {
        CorrelationId: {
          description: 'The id of this request, which the log has too.',
          schema: { type: 'string', format: 'uuid' },
        },
        RetryAfter: { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } },
      },
      securitySchemes: {
        oauth2: {
          type: 'oauth2',
          description: 'An access token, sent as `Authorization: Bearer …`.',
          flows: {
            authorizationCode: {
              authorizationUrl: '/oauth/authorize',
              tokenUrl: '/oauth/v1/token',
              scopes: Object.fromEntries(ALL_SCOPES.map((scope) => [scope, ''])),
            },
          },
        },
        developer_hapikey: {
          type: 'apiKey',
          in: 'query',
          name: 'hapikey',
          description: "The app's developer key.",
        },
        admin_key: {
          type: 'http',
          scheme: 'bearer',
          description: 'An admin key, sent as `Authorization: Bearer …`.',
        },
      },
    },
  },
  refResolver: {
    buildLocalReference: (json, _baseUri, _fragment, index) =>
      typeof json.$id === 'string' ? json.$id : `schema-${index}`,
  },
  transform: ({ schema: said, url }) => {
    const isCounted = said.security?.some(({ oauth2, developer_hapikey }) => oauth2 ?? developer_hapikey);
    const response = {
      ...(said.response as object),
      default: { $ref: said.tags?.includes(OAUTH) ? 'OAuthError#' : 'Error#' },
      ...(isCounted ? { 429: { $ref: 'RateLimited#' } } : {}),
    };
    const schema = { ...said, response };
    if (url.startsWith(OLDER_FAMILY))
      return {
        url,
        schema: { ...schema, operationId: schema.operationId + IN_OLDER_FAMILY, tags: [OLDER_CLIENTS] },
      };
    return url.startsWith(SCHEMAS_OF_CLIENTS)
      ? { url, schema: { ...schema, operationId: schema.operationId + OF_CLIENTS } }
      : { url, schema };
  },
  transformObject(made) {
    const document = 'openapiObject' in made ? made.openapiObject : made.swaggerObject;
    for (const operations of Object.values(document.paths ?? {}))
      for (const operation of Object.values(operations)) complete(operation as Operation);
    return document;
  },
});

interface Operation {
  operationId: string;
  tags?: string[];
  parameters?: { name: string; schema: object }[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { headers?: Record<string, object>; content?: Record<string, Media> }>;
}
type Media = { example?: unknown };

/** Adds examples, the header that every answer has, and numbers as numbers. */
function complete(operation: Operation): void {
  for (const parameter of operation.parameters ?? [])
    parameter.schema = NUMBERS[parameter.name] ?? parameter.schema;
  const { body, answers } = EXAMPLES[
    operation.operationId.replace(IN_OLDER_FAMILY, '').replace(OF_CLIENTS, '')
  ] ?? { answers: {} };
  for (const media of Object.values(operation.requestBody?.content ?? {})) media.example = body;
  for (const [status, response] of Object.entries(operation.responses)) {
    response.headers = { 'x-hubspot-correlation-id': { $ref: '#/components/headers/CorrelationId' } };
    if (status === '429') response.headers['retry-after'] = { $ref: '#/components/headers/RetryAfter' };
    const failed = operation.tags?.includes(OAUTH) ? OAUTH_ERROR : ERROR;
    const failures: Record<string, unknown> = { default: failed, 429: RATE_LIMITED };
    for (const media of Object.values(response.content ?? {}))
      media.example = failures[status] ?? answers[status];
  }
}

// The OpenAPI document: what @fastify/swagger needs to know beyond the routes' own schemas.
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { ALL_SCOPES } from '../access/scopes.js';

export const openapi: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Throughline',
      version: '0.1.0',
      description:
        "A self-hosted timeline events server that speaks HubSpot's Timeline Events API v3, under /integrators/timeline/v3 and, for older clients, /crm/v3/timeline. Our own paths begin with /timeline/v1.",
    },
    tags: [
      { name: 'Events', description: 'What happened, and to whom.' },
      { name: 'Templates', description: 'How events of one kind read, and the tokens that they carry.' },
      { name: 'Timelines', description: 'What stands on a record.' },
    ],
    components: {
      securitySchemes: {
        oauth2: {
          type: 'oauth2',
          flows: {
            authorizationCode: {
              authorizationUrl: '/oauth/authorize',
              tokenUrl: '/oauth/v1/token',
              scopes: Object.fromEntries(ALL_SCOPES.map((scope) => [scope, ''])),
            },
          },
        },
        developer_hapikey: { type: 'apiKey', in: 'query', name: 'hapikey' },
      },
    },
  },
  refResolver: {
    buildLocalReference: (json, _baseUri, _fragment, index) =>
      typeof json.$id === 'string' ? json.$id : `schema-${index}`,
  },
};

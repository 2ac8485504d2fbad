// What the API reference shows for each operation: the event that Throughline was made for, and what belongs to it.

/** HubSpot's own example, for the demo's template. */
export const EVENT = {
  eventTemplateId: '1001298',
  email: 'art3mis-pup@petspot.com',
  tokens: { petName: 'Art3mis', petAge: 3, petColor: 'black' },
  extraData: {
    questions: [
      { question: "Who's a good girl?", answer: 'Bark!' },
      { question: 'Do you wanna go on a walk?', answer: 'Woof!' },
    ],
  },
  timelineIFrame: {
    linkLabel: 'View Art3mis',
    headerLabel: 'Art3mis dog',
    url: 'https://my.petspot.com/pets/Art3mis',
    width: 600,
    height: 400,
  },
};
const EVENT_ANSWER = {
  objectId: '28001',
  objectType: 'contacts',
  id: '016ff787-e1c4-7c3e-8a51-5d2f0a6b9e14',
  timestamp: '2020-01-30T17:42:10.276Z',
  ...EVENT,
  tokens: { petName: 'Art3mis', petAge: '3', petColor: 'black' },
};
const OTHER_EVENT = {
  eventTemplateId: '1001298',
  email: 'pocket-tiger@petspot.com',
  tokens: { petName: 'Pocket', petAge: 1, petColor: 'purple' },
};

const FAULT = { in: 'tokens.petColor', message: "'purple' is not one of white, black, brown, yellow, other" };
const FAILURE = { status: 'error', message: `${FAULT.in}: ${FAULT.message}`, category: 'VALIDATION_ERROR' };
/** The answer of every operation that fails. */
export const ERROR = {
  ...FAILURE,
  correlationId: 'aeb5f871-7f07-4993-9211-075dc63e7cbf',
  errors: [FAULT],
};

/** The answer to a call too many. */
export const RATE_LIMITED = {
  status: 'error',
  message: 'You have reached your ten_secondly_rolling limit.',
  errorType: 'RATE_LIMIT',
  policyName: 'TEN_SECONDLY_ROLLING',
  correlationId: ERROR.correlationId,
};

const BATCH_TIMES = { startedAt: '2020-01-30T18:10:16.478Z', completedAt: '2020-01-30T18:10:16.502Z' };

const DATES = { createdAt: '2020-02-12T20:58:26.000Z', updatedAt: '2020-02-12T20:58:26.000Z' };
const OPTIONS = [
  { value: 'dog', label: 'Dog' },
  { value: 'cat', label: 'Cat' },
];
const TOKEN = { name: 'petType', label: 'Pet Type', type: 'enumeration', options: OPTIONS };
const TOKEN_UPDATE = { label: 'Kind of pet', options: OPTIONS };
const TEMPLATE = {
  name: 'PetSpot Registration',
  objectType: 'contacts',
  headerTemplate: 'Registered [{{petName}}](https://my.petspot.com/pets/{{petName}})',
  detailTemplate: '{{#each extraData.questions}}\n  **{{question}}**: {{answer}}\n{{/each}}',
  tokens: [{ name: 'petName', label: 'Pet Name', type: 'string', options: [] }, TOKEN],
};
const TEMPLATE_UPDATE = { name: 'PetSpot Registration', headerTemplate: 'Registered {{petName}}' };
const TEMPLATE_ANSWER = {
  id: '1001298',
  ...TEMPLATE,
  tokens: TEMPLATE.tokens.map((token) => ({ ...token, ...DATES })),
  ...DATES,
};

const DETAIL = '<p><strong>Who&#x27;s a good girl?</strong>: Bark!</p>';

const MERGED_ID = '28002';
const CONTACT_DATES = { createdAt: '2020-01-30T17:42:10.276Z', updatedAt: '2020-01-30T18:10:16.478Z' };
const CONTACT = {
  id: EVENT_ANSWER.objectId,
  properties: {
    createdate: CONTACT_DATES.createdAt,
    email: EVENT.email,
    firstname: 'Art3mis',
    hs_object_id: EVENT_ANSWER.objectId,
    lastmodifieddate: CONTACT_DATES.updatedAt,
    lastname: null,
  },
  ...CONTACT_DATES,
  archived: false,
};
const COMPANY_ID = '28003';
const associated = (from: string, to: string, associationTypeId: number) => ({
  from: { id: from },
  to: { id: to },
  associationSpec: { associationCategory: 'HUBSPOT_DEFINED', associationTypeId },
});
const UTK = 'db2a3e6f1c2d4b5a8e7f60918273a4b5';
const FORM = {
  body: {
    fields: [
      { objectTypeId: '0-1', name: 'email', value: EVENT.email },
      { objectTypeId: '0-1', name: 'firstname', value: 'Art3mis' },
    ],
    context: { hutk: UTK, pageUri: 'https://my.petspot.com/register', pageName: 'Register' },
  },
  answers: { 200: { inlineMessage: 'Thanks for submitting the form.' } },
};

const BATCH_OF_RECORDS = { status: 'COMPLETE', results: [CONTACT], ...BATCH_TIMES };
const SOME_OF_RECORDS = {
  ...BATCH_OF_RECORDS,
  numErrors: 1,
  errors: [
    {
      status: 'error',
      message: 'Contact already exists. Existing ID: 28001',
      category: 'CONFLICT',
      context: { index: ['1'], existingObjectId: ['28001'] },
      links: {},
      errors: [],
    },
  ],
};
const PROPERTY = {
  name: 'pet_kind',
  label: 'Kind of pet',
  type: 'enumeration',
  fieldType: 'select',
  groupName: 'contactinformation',
  description: 'What lives with them.',
  options: OPTIONS.map((option, displayOrder) => ({ ...option, displayOrder, hidden: false })),
  displayOrder: -1,
  hidden: false,
  formField: true,
};
const PROPERTY_ANSWER = {
  ...PROPERTY,
  hasUniqueValue: false,
  calculated: false,
  externalOptions: false,
  hubspotDefined: false,
  modificationMetadata: {
    archivable: true,
    readOnlyDefinition: false,
    readOnlyOptions: false,
    readOnlyValue: false,
  },
  ...DATES,
  archived: false,
};
const PROPERTY_BATCH = { status: 'COMPLETE', results: [PROPERTY_ANSWER], ...BATCH_TIMES };
const PROPERTY_UPDATE = { label: 'Companion' };
const PROPERTY_NAMES = { inputs: [{ name: PROPERTY.name }] };
const propertyFailure = (message: string, category: string) => ({
  ...PROPERTY_BATCH,
  numErrors: 1,
  errors: [{ status: 'error', message, category, context: { index: ['1'] }, links: {}, errors: [] }],
});
const GROUP = { name: 'pets', label: 'Pets', displayOrder: 3 };
const GROUP_ANSWER = { ...GROUP, archived: false };
const GROUP_UPDATE = { label: 'Companions' };

const SCHEMA = {
  name: 'pets',
  labels: { singular: 'Pet', plural: 'Pets' },
  primaryDisplayProperty: 'pet_name',
  requiredProperties: ['pet_name'],
  searchableProperties: ['pet_name'],
  properties: [
    { name: 'pet_name', label: 'Name', type: 'string', fieldType: 'text' },
    { name: 'chip', label: 'Chip', type: 'string', fieldType: 'text', hasUniqueValue: true },
  ],
  associatedObjects: ['CONTACT'],
};
const SCHEMA_UPDATE = { labels: { singular: 'Companion', plural: 'Companions' } };
const OBJECT_TYPE = {
  id: '2-100001',
  objectTypeId: '2-100001',
  name: SCHEMA.name,
  fullyQualifiedName: 'p8420_pets',
  portalId: 8420,
  labels: SCHEMA.labels,
  primaryDisplayProperty: 'pet_name',
  secondaryDisplayProperties: [],
  requiredProperties: SCHEMA.requiredProperties,
  searchableProperties: SCHEMA.searchableProperties,
  ...DATES,
  archived: false,
};
const ASSOCIATION_TYPE = {
  id: '10000100',
  fromObjectTypeId: '2-100001',
  toObjectTypeId: '0-1',
  name: 'pets_to_contact',
};
const SCHEMA_ANSWER = {
  ...OBJECT_TYPE,
  properties: [{ ...PROPERTY_ANSWER, name: 'pet_name', label: 'Name', groupName: 'pets_information' }],
  associations: [ASSOCIATION_TYPE],
};
const CLIENT = { client_id: '6df9ec4b-aa4d-44a0-9fd1-5ac17cd51cd4', client_secret: 'tl-secret-…' };
const OAUTH_TOKEN_V1 = {
  token_type: 'bearer',
  refresh_token: 'tl-refresh-…',
  access_token: 'tl-token-…',
  expires_in: 1800,
};
const OAUTH_TOKEN = {
  ...OAUTH_TOKEN_V1,
  hub_id: 100001,
  scopes: ['oauth', 'timeline'],
  user_id: 300001,
  token_use: 'access_token',
};
const WHOSE = {
  user: 'ada@example.com',
  user_id: 300001,
  hub_domain: 'timeline.example.com',
  hub_id: 100001,
  scopes: ['oauth', 'timeline'],
};
const TOKEN_FORM = {
  grant_type: 'authorization_code',
  ...CLIENT,
  code: 'tl-code-…',
  redirect_uri: 'https://my.petspot.com/oauth-callback',
};
const TOKEN_QUESTION = { ...CLIENT, token: 'tl-token-…' };
const TOKEN_STATE = {
  ...WHOSE,
  active: true,
  token: 'tl-token-…',
  token_use: 'access_token',
  token_type: 'Bearer',
  client_id: CLIENT.client_id,
  app_id: 200001,
  scope: 'oauth timeline',
  expires_in: 1754,
  signed_access_token: { hubId: 100001, appId: 200001, userId: 300001 },
  is_private_distribution: false,
};
/** The answer of OAuth's operations that fail. */
export const OAUTH_ERROR = {
  error: 'invalid_grant',
  error_description: 'refresh token is invalid, expired or revoked',
  status: 'BAD_REFRESH_TOKEN',
  message: 'refresh token is invalid, expired or revoked',
  correlationId: ERROR.correlationId,
};
const OAUTH_METHODS = ['client_secret_post', 'client_secret_basic'];
const OAUTH_AT = 'https://timeline.example.com/oauth';
const OAUTH_METADATA = {
  issuer: 'https://timeline.example.com',
  authorization_endpoint: `${OAUTH_AT}/authorize`,
  token_endpoint: `${OAUTH_AT}/v3/token`,
  introspection_endpoint: `${OAUTH_AT}/v3/token/introspect`,
  revocation_endpoint: `${OAUTH_AT}/v3/token/revoke`,
  response_types_supported: ['code'],
  response_modes_supported: ['query'],
  grant_types_supported: ['authorization_code', 'refresh_token'],
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: OAUTH_METHODS,
  introspection_endpoint_auth_methods_supported: OAUTH_METHODS,
  revocation_endpoint_auth_methods_supported: OAUTH_METHODS,
  scopes_supported: ['oauth', 'timeline'],
  service_documentation: 'https://timeline.example.com/docs',
};
const APP = {
  name: 'Petspot',
  redirectUris: ['https://my.petspot.com/oauth/callback'],
  scopes: ['timeline', 'crm.objects.contacts.read'],
};
const APP_ANSWER = { appId: '200001', clientId: '5b3a9c1e-7d52-4f4a-9a0e-2f6c8d1b4e70', ...APP };
const CLIENT_SECRET = { clientSecret: 'tl-secret-…' };
const DEVELOPER_KEY = { developerKey: 'tl-key-…' };
const PORTAL = { name: 'My company', lenient: false, timeZone: 'Europe/Berlin', associateByDomain: true };
const PORTAL_ANSWER = { portalId: '100001', ...PORTAL };
const PRIVATE_TOKEN = { appId: APP_ANSWER.appId, scopes: ['timeline'] };
const PRIVATE_TOKEN_ANSWER = {
  tokenId: '9f86d081884c7d65',
  portalId: PORTAL_ANSWER.portalId,
  ...PRIVATE_TOKEN,
  createdAt: DATES.createdAt,
};

export interface Examples {
  body?: unknown;
  /** By status. */
  answers: Readonly<Record<string, unknown>>;
}

/** By operation; one that is not here has neither a body nor an answer to show. */
export const EXAMPLES: Readonly<Record<string, Examples>> = {
  listApps: { answers: { 200: { results: [APP_ANSWER] } } },
  createApp: { body: APP, answers: { 201: { ...APP_ANSWER, ...CLIENT_SECRET, ...DEVELOPER_KEY } } },
  getApp: { answers: { 200: APP_ANSWER } },
  updateApp: {
    body: { redirectUris: APP.redirectUris, name: 'Petspot 2' },
    answers: { 200: { ...APP_ANSWER, name: 'Petspot 2' } },
  },
  rotateClientSecret: { answers: { 200: CLIENT_SECRET } },
  rotateDeveloperKey: { answers: { 200: DEVELOPER_KEY } },
  listPortals: { answers: { 200: { results: [PORTAL_ANSWER] } } },
  createPortal: { body: PORTAL, answers: { 201: PORTAL_ANSWER } },
  getPortal: { answers: { 200: PORTAL_ANSWER } },
  updatePortal: {
    body: { timeZone: 'Europe/Vienna' },
    answers: { 200: { ...PORTAL_ANSWER, timeZone: 'Europe/Vienna' } },
  },
  listInstalledApps: { answers: { 200: { results: [APP_ANSWER] } } },
  listPrivateTokens: { answers: { 200: { results: [PRIVATE_TOKEN_ANSWER] } } },
  createPrivateToken: {
    body: PRIVATE_TOKEN,
    answers: { 201: { ...PRIVATE_TOKEN_ANSWER, accessToken: 'tl-token-…' } },
  },
  createEvent: { body: EVENT, answers: { 201: EVENT_ANSWER } },
  createEvents: {
    body: { inputs: [EVENT, OTHER_EVENT] },
    answers: {
      201: { status: 'COMPLETE', results: [EVENT_ANSWER], ...BATCH_TIMES },
      207: {
        status: 'COMPLETE',
        results: [EVENT_ANSWER],
        numErrors: 1,
        errors: [{ ...FAILURE, context: { index: ['1'] }, links: {}, errors: [FAULT] }],
        ...BATCH_TIMES,
      },
    },
  },
  getEvent: { answers: { 200: EVENT_ANSWER } },
  getEventDetail: { answers: { 200: { details: DETAIL } } },
  renderEvent: { answers: { 200: DETAIL } },
  listTemplates: { answers: { 200: { results: [TEMPLATE_ANSWER] } } },
  createTemplate: { body: TEMPLATE, answers: { 201: TEMPLATE_ANSWER } },
  getTemplate: { answers: { 200: TEMPLATE_ANSWER } },
  updateTemplate: {
    body: TEMPLATE_UPDATE,
    answers: { 200: { ...TEMPLATE_ANSWER, ...TEMPLATE_UPDATE, detailTemplate: undefined } },
  },
  listTokens: { answers: { 200: { results: TEMPLATE_ANSWER.tokens } } },
  createToken: { body: TOKEN, answers: { 200: { ...TOKEN, ...DATES } } },
  updateToken: { body: TOKEN_UPDATE, answers: { 200: { ...TOKEN, ...TOKEN_UPDATE, ...DATES } } },
  getRecord: { answers: { 200: CONTACT } },
  listRecords: {
    answers: {
      200: {
        results: [CONTACT],
        paging: {
          next: {
            after: CONTACT.id,
            link: `https://timeline.example.com/crm/v3/objects/contacts?after=${CONTACT.id}`,
          },
        },
      },
    },
  },
  createRecord: {
    body: { properties: { email: EVENT.email, firstname: 'Art3mis' } },
    answers: { 201: CONTACT },
  },
  updateRecord: { body: { properties: { firstname: 'Art3mis' } }, answers: { 200: CONTACT } },
  createRecords: {
    body: { inputs: [{ properties: { email: EVENT.email, firstname: 'Art3mis' } }] },
    answers: { 201: BATCH_OF_RECORDS, 207: SOME_OF_RECORDS },
  },
  updateRecords: {
    body: { inputs: [{ id: CONTACT.id, properties: { firstname: 'Art3mis' } }] },
    answers: { 200: BATCH_OF_RECORDS, 207: SOME_OF_RECORDS },
  },
  upsertRecords: {
    body: { inputs: [{ id: EVENT.email, idProperty: 'email', properties: { firstname: 'Art3mis' } }] },
    answers: {
      200: { ...BATCH_OF_RECORDS, results: [{ ...CONTACT, new: false }] },
      207: SOME_OF_RECORDS,
    },
  },
  readRecords: {
    body: { inputs: [{ id: CONTACT.id }], properties: ['email', 'firstname'] },
    answers: { 200: BATCH_OF_RECORDS, 207: SOME_OF_RECORDS },
  },
  archiveRecords: { body: { inputs: [{ id: CONTACT.id }] }, answers: {} },
  searchRecords: {
    body: {
      filterGroups: [{ filters: [{ propertyName: 'email', operator: 'EQ', value: EVENT.email }] }],
      sorts: [{ propertyName: 'createdate', direction: 'DESCENDING' }],
      properties: ['email', 'firstname'],
      limit: 10,
    },
    answers: { 200: { total: 1, results: [CONTACT] } },
  },
  associateRecords: {
    answers: {
      200: {
        status: 'COMPLETE',
        results: [associated(CONTACT.id, COMPANY_ID, 279), associated(COMPANY_ID, CONTACT.id, 280)],
        ...BATCH_TIMES,
      },
    },
  },
  associateRecordsAs: {
    body: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 279 }],
    answers: {
      201: {
        fromObjectTypeId: '0-1',
        fromObjectId: CONTACT.id,
        toObjectTypeId: '0-2',
        toObjectId: COMPANY_ID,
        labels: [],
      },
    },
  },
  listAssociations: {
    answers: {
      200: {
        results: [
          {
            toObjectId: COMPANY_ID,
            associationTypes: [{ category: 'HUBSPOT_DEFINED', typeId: 279, label: null }],
          },
        ],
      },
    },
  },
  mergeContacts: {
    body: { primaryObjectId: CONTACT.id, objectIdToMerge: MERGED_ID },
    answers: {
      200: {
        ...CONTACT,
        properties: {
          ...CONTACT.properties,
          hs_additional_emails: 'pocket-tiger@petspot.com',
          hs_merged_object_ids: MERGED_ID,
        },
      },
    },
  },
  listSchemas: { answers: { 200: { results: [SCHEMA_ANSWER] } } },
  createSchema: { body: SCHEMA, answers: { 201: SCHEMA_ANSWER } },
  getSchema: { answers: { 200: SCHEMA_ANSWER } },
  updateSchema: { body: SCHEMA_UPDATE, answers: { 200: { ...OBJECT_TYPE, ...SCHEMA_UPDATE } } },
  createAssociationType: {
    body: { fromObjectTypeId: '2-100001', toObjectTypeId: '0-1', name: 'pets_to_contact' },
    answers: { 201: ASSOCIATION_TYPE },
  },
  listProperties: { answers: { 200: { results: [PROPERTY_ANSWER] } } },
  createProperty: { body: PROPERTY, answers: { 201: PROPERTY_ANSWER } },
  getProperty: { answers: { 200: PROPERTY_ANSWER } },
  updateProperty: { body: PROPERTY_UPDATE, answers: { 200: { ...PROPERTY_ANSWER, ...PROPERTY_UPDATE } } },
  createProperties: {
    body: { inputs: [PROPERTY] },
    answers: {
      201: PROPERTY_BATCH,
      207: propertyFailure("Property 'firstname' already exists on contacts", 'CONFLICT'),
    },
  },
  readProperties: {
    body: { ...PROPERTY_NAMES, archived: false },
    answers: {
      200: PROPERTY_BATCH,
      207: propertyFailure("resource not found: contacts have no property 'pet_age'", 'OBJECT_NOT_FOUND'),
    },
  },
  archiveProperties: { body: PROPERTY_NAMES, answers: {} },
  listPropertyGroups: { answers: { 200: { results: [GROUP_ANSWER] } } },
  createPropertyGroup: { body: GROUP, answers: { 201: GROUP_ANSWER } },
  getPropertyGroup: { answers: { 200: GROUP_ANSWER } },
  updatePropertyGroup: { body: GROUP_UPDATE, answers: { 200: { ...GROUP_ANSWER, ...GROUP_UPDATE } } },
  eraseContact: { body: { objectId: EVENT.email, idProperty: 'email' }, answers: {} },
  identify: { body: { utk: UTK, email: EVENT.email }, answers: { 200: { objectId: CONTACT.id } } },
  submitForm: FORM,
  submitFormSecurely: FORM,
  getTimeline: {
    answers: {
      200: {
        results: [{ header: '<p>Registered Art3mis</p>', detail: DETAIL, ...EVENT_ANSWER }],
        paging: { next: { after: 'MTU4MDQwNjEzMDI3Ni4x' } },
      },
    },
  },
  createOAuthToken: { body: TOKEN_FORM, answers: { 200: OAUTH_TOKEN } },
  createOAuthTokenIn202603: { body: TOKEN_FORM, answers: { 200: OAUTH_TOKEN } },
  createOAuthTokenInV1: { body: TOKEN_FORM, answers: { 200: OAUTH_TOKEN_V1 } },
  introspectOAuthToken: { body: TOKEN_QUESTION, answers: { 200: TOKEN_STATE } },
  introspectOAuthTokenIn202603: { body: TOKEN_QUESTION, answers: { 200: TOKEN_STATE } },
  revokeOAuthToken: { body: TOKEN_QUESTION, answers: { 200: {} } },
  revokeOAuthTokenIn202603: { body: TOKEN_QUESTION, answers: { 200: {} } },
  getAccessToken: {
    answers: {
      200: {
        ...WHOSE,
        token: 'tl-token-…',
        scope_to_scope_group_pks: [],
        trial_scopes: [],
        trial_scope_to_scope_group_pks: [],
        signed_access_token: { hubId: 100001, appId: 200001, userId: 300001 },
        app_id: 200001,
        expires_in: 1754,
        token_type: 'access',
        is_private_distribution: false,
      },
    },
  },
  getRefreshToken: {
    answers: {
      200: { ...WHOSE, token: 'tl-refresh-…', client_id: CLIENT.client_id, token_type: 'refresh' },
    },
  },
  getOAuthMetadata: { answers: { 200: OAUTH_METADATA } },
};

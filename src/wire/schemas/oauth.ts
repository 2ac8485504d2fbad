// The OAuth server's forms and answers.
import { type TSchema, Type } from 'typebox';
import { ignored } from './parts.js';

// OAuth's names are RFC 6749's and HubSpot's own: snake case.
const MaybeField = (description: string) => Type.Optional(Type.String({ description }));

const clientFields = {
  client_id: MaybeField("The app's client id."),
  client_secret: MaybeField("The app's secret: always needed. Both may come as HTTP Basic authentication."),
};

export const OAuthTokenForm = Type.Object(
  {
    grant_type: MaybeField('authorization_code, or refresh_token.'),
    ...clientFields,
    code: MaybeField('What the consent gave: works once.'),
    redirect_uri: MaybeField('The same as in the request for consent.'),
    code_verifier: MaybeField('Where the request for consent had a code_challenge.'),
    refresh_token: MaybeField('Buys another access token.'),
    scope: MaybeField('Less than was consented to, if so wanted.'),
  },
  { $id: 'OAuthTokenForm', description: ignored('Buys tokens.') },
);

export const OAuthTokenQuestion = Type.Object(
  {
    ...clientFields,
    token: MaybeField('An access token or a refresh token.'),
    token_type_hint: MaybeField('Not needed: either kind is found.'),
  },
  { $id: 'OAuthTokenQuestion', description: ignored('A token to be told about, or ended.') },
);

const oauthToken = {
  token_type: Type.String({ description: 'bearer' }),
  refresh_token: Type.String(),
  access_token: Type.String({ description: 'At most 512 characters.' }),
  expires_in: Type.Integer({ description: 'Seconds.' }),
};

const OAuthTokenV1 = Type.Object(oauthToken, { $id: 'OAuthTokenV1', description: 'The tokens.' });

const OAuthToken = Type.Object(
  {
    ...oauthToken,
    hub_id: Type.Integer({ description: 'The portal.' }),
    scopes: Type.Array(Type.String()),
    user_id: Type.Integer({ description: 'Who consented.' }),
    token_use: Type.String(),
  },
  { $id: 'OAuthToken', description: 'The tokens, and what they are for.' },
);

const Signed = Type.Object({
  hubId: Type.Integer(),
  appId: Type.Integer(),
  userId: Type.Optional(Type.Integer()),
});

const OAuthTokenState = Type.Object(
  {
    active: Type.Boolean(),
    token: Type.Optional(Type.String()),
    token_use: Type.Optional(Type.String({ description: 'access_token or refresh_token' })),
    token_type: Type.Optional(Type.String()),
    client_id: Type.Optional(Type.String()),
    app_id: Type.Optional(Type.Integer()),
    hub_id: Type.Optional(Type.Integer()),
    hub_domain: Type.Optional(Type.String()),
    user_id: Type.Optional(Type.Integer()),
    user: Type.Optional(Type.String()),
    scopes: Type.Optional(Type.Array(Type.String())),
    scope: Type.Optional(Type.String({ description: 'The same as scopes, as RFC 7662 has it.' })),
    expires_in: Type.Optional(Type.Integer({ description: 'Seconds; absent where it does not expire.' })),
    signed_access_token: Type.Optional(Signed),
    is_private_distribution: Type.Optional(Type.Boolean()),
  },
  {
    $id: 'OAuthTokenState',
    description: 'What is known of a token that works; of any other only that it does not.',
  },
);

const OAuthRevoked = Type.Object(
  {},
  { $id: 'OAuthRevoked', description: 'The token does not work any more.' },
);

const AccessTokenInfo = Type.Object(
  {
    token: Type.String(),
    user: Type.Optional(Type.String({ description: "The consenting person's e-mail." })),
    user_id: Type.Optional(Type.Integer()),
    hub_domain: Type.String(),
    scopes: Type.Array(Type.String()),
    scope_to_scope_group_pks: Type.Array(Type.Integer(), { description: 'Empty.' }),
    trial_scopes: Type.Array(Type.String(), { description: 'Empty.' }),
    trial_scope_to_scope_group_pks: Type.Array(Type.Integer(), { description: 'Empty.' }),
    signed_access_token: Signed,
    hub_id: Type.Integer(),
    app_id: Type.Integer(),
    expires_in: Type.Optional(Type.Integer({ description: 'Seconds; absent where it does not expire.' })),
    token_type: Type.String({ description: 'access' }),
    is_private_distribution: Type.Boolean(),
  },
  { $id: 'AccessTokenInfo', description: 'What an access token may do, and where.' },
);

const RefreshTokenInfo = Type.Object(
  {
    token: Type.String(),
    user: Type.String({ description: "The consenting person's e-mail." }),
    hub_domain: Type.String(),
    scopes: Type.Array(Type.String()),
    hub_id: Type.Integer(),
    client_id: Type.String(),
    user_id: Type.Integer(),
    token_type: Type.String({ description: 'refresh' }),
  },
  { $id: 'RefreshTokenInfo', description: 'What a refresh token is for.' },
);

const OAuthMetadata = Type.Object(
  {
    issuer: Type.String(),
    authorization_endpoint: Type.String(),
    token_endpoint: Type.String(),
    introspection_endpoint: Type.String(),
    revocation_endpoint: Type.String(),
    response_types_supported: Type.Array(Type.String()),
    response_modes_supported: Type.Array(Type.String()),
    grant_types_supported: Type.Array(Type.String()),
    code_challenge_methods_supported: Type.Array(Type.String()),
    token_endpoint_auth_methods_supported: Type.Array(Type.String()),
    introspection_endpoint_auth_methods_supported: Type.Array(Type.String()),
    revocation_endpoint_auth_methods_supported: Type.Array(Type.String()),
    scopes_supported: Type.Array(Type.String()),
    service_documentation: Type.String(),
  },
  { $id: 'OAuthMetadata', description: 'Authorization server metadata.' },
);

const OAuthError = Type.Object(
  {
    error: Type.String({ description: "RFC 6749's code." }),
    error_description: Type.String(),
    status: Type.String({ description: "HubSpot's, such as BAD_AUTH_CODE." }),
    message: Type.String({ description: 'What is wrong and what would do.' }),
    correlationId: Type.String({ format: 'uuid' }),
  },
  { $id: 'OAuthError', description: "Why the request failed, in OAuth's shape." },
);

/** Those that others refer to by name. */
export const oauthSchemas: readonly TSchema[] = [
  OAuthTokenForm,
  OAuthTokenQuestion,
  OAuthTokenV1,
  OAuthToken,
  OAuthTokenState,
  OAuthRevoked,
  AccessTokenInfo,
  RefreshTokenInfo,
  OAuthMetadata,
  OAuthError,
];

// Ours: portals, apps, and tokens, under /timeline/v1/.
import { type TSchema, Type } from 'typebox';
import { DateTime, IdText, ignored, MaybeFlag, MaybeText, MaybeTextList, nextPage } from './parts.js';

const appFields = {
  name: Type.String({ description: 'What people call it.' }),
  redirectUris: Type.Array(Type.String(), { description: 'Where OAuth may send people back to.' }),
  scopes: Type.Array(Type.String(), { description: 'What it may ask a portal for.' }),
};

const appAnswer = {
  appId: Type.String(),
  clientId: Type.String({ format: 'uuid' }),
  ...appFields,
};

const clientSecret = Type.String({ description: 'Shown this once.' });

const developerKey = Type.String({
  description: 'Shown this once; good for the templates of the app alone.',
});

export const AppAnswer = Type.Object(appAnswer, { $id: 'App', description: "An integrator's app." });

const AppWithSecrets = Type.Object(
  { ...appAnswer, clientSecret, developerKey },
  { $id: 'AppWithSecrets', description: 'A new app, with its secrets.' },
);

const AppList = Type.Object(
  { results: Type.Array(Type.Ref('App')), paging: nextPage },
  { $id: 'AppList', description: 'A page of apps.' },
);

const ClientSecret = Type.Object(
  { clientSecret },
  { $id: 'ClientSecret', description: "The app's secret for OAuth." },
);

const DeveloperKey = Type.Object(
  { developerKey },
  { $id: 'DeveloperKey', description: "The app's key for its templates, sent as hapikey." },
);

export const AppCreate = Type.Object(
  {
    name: appFields.name,
    scopes: appFields.scopes,
    redirectUris: MaybeTextList('Where OAuth may send people back to; nowhere if absent.'),
  },
  { $id: 'AppCreate', description: ignored('An app to be created.') },
);

export const AppUpdate = Type.Object(
  {
    name: MaybeText({ description: 'What people call it.' }),
    scopes: MaybeTextList('What it may ask a portal for.'),
    redirectUris: MaybeTextList('Where OAuth may send people back to.'),
  },
  { $id: 'AppUpdate', description: ignored('What is to change of an app.') },
);

const LENIENT = 'Creates records that events name and that do not exist.';
const BY_DOMAIN = "Associates a new contact with the company of its e-mail's domain.";
const ZONE = 'IANA time zone in which templates print dates.';

export const PortalAnswer = Type.Object(
  {
    portalId: Type.String(),
    name: Type.String({ description: 'What people call it.' }),
    lenient: Type.Boolean({ description: LENIENT }),
    timeZone: Type.Optional(Type.String({ description: ZONE })),
    associateByDomain: Type.Boolean({ description: BY_DOMAIN }),
  },
  { $id: 'Portal', description: "A tenant: HubSpot's account." },
);

const PortalList = Type.Object(
  { results: Type.Array(Type.Ref('Portal')), paging: nextPage },
  { $id: 'PortalList', description: 'A page of portals.' },
);

const portalSettings = {
  lenient: MaybeFlag(LENIENT),
  timeZone: MaybeText({ description: ZONE }),
  associateByDomain: MaybeFlag(BY_DOMAIN),
};

export const PortalCreate = Type.Object(
  { name: Type.String({ description: 'What people call it.' }), ...portalSettings },
  { $id: 'PortalCreate', description: ignored('A portal to be created.') },
);

export const PortalUpdate = Type.Object(
  { name: MaybeText({ description: 'What people call it.' }), ...portalSettings },
  { $id: 'PortalUpdate', description: ignored('What is to change of a portal.') },
);

const privateToken = {
  tokenId: Type.String({ description: 'Says which token it is; it is not the token.' }),
  portalId: Type.String(),
  appId: Type.String(),
  scopes: Type.Array(Type.String()),
  createdAt: DateTime('When it was made.'),
};

export const PrivateToken = Type.Object(privateToken, {
  $id: 'PrivateToken',
  description: "A private app's token in a portal.",
});

const PrivateTokenWithSecret = Type.Object(
  { ...privateToken, accessToken: Type.String({ description: 'The token itself, shown this once.' }) },
  { $id: 'PrivateTokenWithSecret', description: 'A new token.' },
);

const PrivateTokenList = Type.Object(
  { results: Type.Array(Type.Ref('PrivateToken')), paging: nextPage },
  { $id: 'PrivateTokenList', description: 'A page of tokens.' },
);

export const PrivateTokenCreate = Type.Object(
  {
    appId: IdText({ description: 'The app that the token is for.' }),
    scopes: Type.Array(Type.String(), { description: 'What it may do; of what the app may ask for.' }),
  },
  { $id: 'PrivateTokenCreate', description: ignored('A token to be created.') },
);

/** Those that others refer to by name. */
export const adminSchemas: readonly TSchema[] = [
  AppAnswer,
  AppWithSecrets,
  AppList,
  ClientSecret,
  DeveloperKey,
  AppCreate,
  AppUpdate,
  PortalAnswer,
  PortalList,
  PortalCreate,
  PortalUpdate,
  PrivateToken,
  PrivateTokenWithSecret,
  PrivateTokenList,
  PrivateTokenCreate,
];

// Our own API for whoever runs the server: apps, portals, which app is installed where, and private-app tokens. An admin
// key opens it and nothing else does. A secret is in one answer, the one that made it; what is replaced, revoked or
// uninstalled opens nothing from that answer on.
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { type Credentials, digest, newApp, newSecret } from '../access/credentials.js';
import { appFaults, portalFaults, tokenFaults } from '../access/rules.js';
import type { AccessStore, App, AppChange, IssuedToken, Portal } from '../access/store.js';
import { brief, type Fault, invalid, Refusal } from '../refusal.js';
import type { Attempts } from './attempts.js';
import type { Authenticator } from './authenticate.js';
import { DONE, operations } from './openapi.js';
import { limitOf, pageFields, shownOf } from './paging.js';
import { sentOnce } from './problem.js';
import type {
  AppAnswer,
  AppCreate,
  AppUpdate,
  PortalAnswer,
  PortalCreate,
  PortalUpdate,
  PrivateToken,
  PrivateTokenCreate,
} from './schemas/admin.js';

export interface AdminRoutes {
  store: AccessStore;
  credentials: Credentials;
  authenticator: Authenticator;
  attempts: Attempts;
  clock: () => number;
}

const MAX_LIST = 100;
const ID = /^\d{1,15}$/;
const TOKEN_ID = /^[0-9a-f]{16}$/;

const appId = Type.String({ description: "The app's id." });
const portalId = Type.String({ description: "The portal's id." });
const OfApp = Type.Object({ appId });
const OfPortal = Type.Object({ portalId });
const InPortal = Type.Object({ portalId, appId });
const OfToken = Type.Object({
  portalId,
  tokenId: Type.String({ description: "The token's id, which is not the token." }),
});
const Listing = Type.Object(pageFields(MAX_LIST, MAX_LIST));
type Listing = { Querystring: Static<typeof Listing> };

export function adminRoutes(app: FastifyInstance, options: AdminRoutes): void {
  const { attempts, authenticator } = options;
  app.register(async (scope) => {
    scope.addHook('onRequest', attempts.guard('admin'));
    scope.addHook('onRequest', authenticator.admin);
    routes(scope, options);
  });
}

function routes(app: FastifyInstance, { store, credentials, clock }: AdminRoutes): void {
  const doc = operations('Administration', [{ admin_key: [] }]);

  // ---- apps ----

  app.get<Listing>(
    '/timeline/v1/apps',
    {
      schema: {
        ...doc('listApps', 'List the apps'),
        querystring: Listing,
        response: { 200: Type.Ref('AppList') },
      },
    },
    async ({ query }) =>
      page(query, ID, (after, limit) => store.apps({ after: Number(after), limit }), toApp),
  );

  app.post<{ Body: Static<typeof AppCreate> }>(
    '/timeline/v1/apps',
    {
      ...sentOnce(),
      schema: {
        ...doc('createApp', 'Create an app'),
        description: 'Its secrets are in this answer and nowhere else.',
        body: Type.Ref('AppCreate'),
        response: { 201: Type.Ref('AppWithSecrets') },
      },
    },
    async ({ body }, reply) => {
      const { name, scopes, redirectUris } = body;
      const asked = { name, scopes: once(scopes), redirectUris: once(redirectUris ?? []) };
      refuse('app', appFaults(asked));
      const { id, clientId, clientSecret, developerKey } = await newApp(store, asked);
      return secretly(reply)
        .code(201)
        .send({ ...toApp({ ...asked, id, clientId }), clientSecret, developerKey });
    },
  );

  app.get<{ Params: Static<typeof OfApp> }>(
    '/timeline/v1/apps/:appId',
    {
      schema: {
        ...doc('getApp', 'Get an app'),
        params: OfApp,
        response: { 200: Type.Ref('App') },
      },
    },
    async ({ params }) => toApp(theApp(params.appId)),
  );

  app.patch<{ Params: Static<typeof OfApp>; Body: Static<typeof AppUpdate> }>(
    '/timeline/v1/apps/:appId',
    {
      ...sentOnce(),
      schema: {
        ...doc('updateApp', 'Change an app'),
        description: 'What is absent stays. Tokens that were issued already keep the scopes they have.',
        params: OfApp,
        body: Type.Ref('AppUpdate'),
        response: { 200: Type.Ref('App') },
      },
    },
    async ({ params, body }) => {
      const { id } = theApp(params.appId);
      const { name, scopes, redirectUris } = body;
      const change = {
        name,
        scopes: scopes && once(scopes),
        redirectUris: redirectUris && once(redirectUris),
      };
      refuse('app', appFaults(change));
      await store.changeApp(id, change);
      return toApp(theApp(params.appId));
    },
  );

  app.post<{ Params: Static<typeof OfApp> }>(
    '/timeline/v1/apps/:appId/client-secret/rotate',
    {
      schema: {
        ...doc('rotateClientSecret', 'Give an app a new client secret'),
        description:
          'The new one is in this answer and nowhere else; the old one is good for nothing from now on. Tokens that were issued already live on.',
        params: OfApp,
        response: { 200: Type.Ref('ClientSecret') },
      },
    },
    async ({ params }, reply) => {
      const clientSecret = newSecret('secret');
      await rotate(params.appId, { clientSecretHash: digest(clientSecret) });
      return secretly(reply).send({ clientSecret });
    },
  );

  app.post<{ Params: Static<typeof OfApp> }>(
    '/timeline/v1/apps/:appId/developer-key/rotate',
    {
      schema: {
        ...doc('rotateDeveloperKey', 'Give an app a new developer key'),
        description:
          'The new one is in this answer and nowhere else; the old one is good for nothing from now on.',
        params: OfApp,
        response: { 200: Type.Ref('DeveloperKey') },
      },
    },
    async ({ params }, reply) => {
      const developerKey = newSecret('key');
      await rotate(params.appId, { developerKeyHash: digest(developerKey) });
      return secretly(reply).send({ developerKey });
    },
  );

  // ---- portals ----

  app.get<Listing>(
    '/timeline/v1/portals',
    {
      schema: {
        ...doc('listPortals', 'List the portals'),
        querystring: Listing,
        response: { 200: Type.Ref('PortalList') },
      },
    },
    async ({ query }) =>
      page(query, ID, (after, limit) => store.portals({ after: Number(after), limit }), toPortal),
  );

  app.post<{ Body: Static<typeof PortalCreate> }>(
    '/timeline/v1/portals',
    {
      ...sentOnce(),
      schema: {
        ...doc('createPortal', 'Create a portal'),
        body: Type.Ref('PortalCreate'),
        response: { 201: Type.Ref('Portal') },
      },
    },
    async ({ body }, reply) => {
      const { name, timeZone, lenient, associateByDomain } = body;
      refuse('portal', portalFaults({ name, timeZone }));
      const made = {
        name,
        lenient: lenient ?? false,
        ...(timeZone == null ? {} : { timeZone }),
        ...(associateByDomain === false ? { associateByDomain: false as const } : {}),
      };
      const id = await store.createPortal(made);
      return reply.code(201).send(toPortal({ id, ...made }));
    },
  );

  app.get<{ Params: Static<typeof OfPortal> }>(
    '/timeline/v1/portals/:portalId',
    {
      schema: {
        ...doc('getPortal', 'Get a portal'),
        params: OfPortal,
        response: { 200: Type.Ref('Portal') },
      },
    },
    async ({ params }) => toPortal(thePortal(params.portalId)),
  );

  app.patch<{ Params: Static<typeof OfPortal>; Body: Static<typeof PortalUpdate> }>(
    '/timeline/v1/portals/:portalId',
    {
      ...sentOnce(),
      schema: {
        ...doc('updatePortal', 'Change a portal'),
        description: 'What is absent stays; timeZone null takes its own zone away.',
        params: OfPortal,
        body: Type.Ref('PortalUpdate'),
        response: { 200: Type.Ref('Portal') },
      },
    },
    async ({ params, body }) => {
      const { id } = thePortal(params.portalId);
      const { name, timeZone, lenient, associateByDomain } = body;
      const change = { name, timeZone, lenient, associateByDomain };
      refuse('portal', portalFaults(change));
      await store.changePortal(id, change);
      return toPortal(thePortal(params.portalId));
    },
  );

  // ---- apps in portals ----

  app.get<{ Params: Static<typeof OfPortal> } & Listing>(
    '/timeline/v1/portals/:portalId/apps',
    {
      schema: {
        ...doc('listInstalledApps', 'List the apps that are installed in a portal'),
        params: OfPortal,
        querystring: Listing,
        response: { 200: Type.Ref('AppList') },
      },
    },
    async ({ params, query }) => {
      const { id } = thePortal(params.portalId);
      return page(query, ID, (after, limit) => store.installed(id, { after: Number(after), limit }), toApp);
    },
  );

  app.put<{ Params: Static<typeof InPortal> }>(
    '/timeline/v1/portals/:portalId/apps/:appId',
    {
      schema: {
        ...doc('installApp', 'Install an app in a portal'),
        description: 'Installed already: nothing changes.',
        params: InPortal,
        response: DONE,
      },
    },
    async ({ params }, reply) => {
      await store.install(thePortal(params.portalId).id, theApp(params.appId).id);
      return reply.code(204).send();
    },
  );

  app.delete<{ Params: Static<typeof InPortal> }>(
    '/timeline/v1/portals/:portalId/apps/:appId',
    {
      schema: {
        ...doc('uninstallApp', 'Uninstall an app from a portal'),
        description:
          'All of its tokens in this portal are good for nothing from now on. Its events and templates stay.',
        params: InPortal,
        response: DONE,
      },
    },
    async ({ params }, reply) => {
      const [portal, app] = [thePortal(params.portalId), theApp(params.appId)];
      const wasThere = await store.uninstall(portal.id, app.id);
      if (!wasThere) throw notFound(`app ${app.id} is not installed in portal ${portal.id}`, params);
      return reply.code(204).send();
    },
  );

  // ---- private-app tokens ----

  app.get<{ Params: Static<typeof OfPortal> } & Listing>(
    '/timeline/v1/portals/:portalId/tokens',
    {
      schema: {
        ...doc('listPrivateTokens', "List a portal's private-app tokens"),
        description: 'The tokens themselves are not kept.',
        params: OfPortal,
        querystring: Listing,
        response: { 200: Type.Ref('PrivateTokenList') },
      },
    },
    async ({ params, query }) => {
      const { id } = thePortal(params.portalId);
      return page(query, TOKEN_ID, (after, limit) => store.tokensOf(id, { after, limit }), toToken);
    },
  );

  app.post<{ Params: Static<typeof OfPortal>; Body: Static<typeof PrivateTokenCreate> }>(
    '/timeline/v1/portals/:portalId/tokens',
    {
      ...sentOnce(),
      schema: {
        ...doc('createPrivateToken', 'Create a private-app token'),
        description:
          'Installs the app in the portal where it is not yet. The token does not expire; it is in this answer and nowhere else.',
        params: OfPortal,
        body: Type.Ref('PrivateTokenCreate'),
        response: { 201: Type.Ref('PrivateTokenWithSecret') },
      },
    },
    async ({ params, body }, reply) => {
      const portal = thePortal(params.portalId);
      const known = store.app(idOf(String(body.appId)));
      if (!known)
        throw invalid('token', [
          {
            in: 'appId',
            message: `there is no app ${brief(String(body.appId))}; GET /timeline/v1/apps lists them`,
          },
        ]);
      const scopes = once(body.scopes);
      refuse('token', tokenFaults(known, scopes));
      const accessToken = newSecret('token');
      const installation = { portalId: portal.id, appId: known.id };
      const createdAt = clock();
      const id = await store.createToken({ ...installation, scopes, hash: digest(accessToken) });
      return secretly(reply)
        .code(201)
        .send({ ...toToken({ id, ...installation, scopes, createdAt }), accessToken });
    },
  );

  app.delete<{ Params: Static<typeof OfToken> }>(
    '/timeline/v1/portals/:portalId/tokens/:tokenId',
    {
      schema: {
        ...doc('revokePrivateToken', 'Revoke a private-app token'),
        description: 'It is good for nothing from now on.',
        params: OfToken,
        response: DONE,
      },
    },
    async ({ params }, reply) => {
      const portal = thePortal(params.portalId);
      const wasThere = TOKEN_ID.test(params.tokenId) && (await store.revokeToken(portal.id, params.tokenId));
      if (!wasThere)
        throw notFound(`portal ${portal.id} has no token with the id ${brief(params.tokenId)}`, params);
      return reply.code(204).send();
    },
  );

  function theApp(id: string): App {
    const found = store.app(idOf(id));
    if (!found)
      throw notFound(`there is no app ${brief(id)}; GET /timeline/v1/apps lists them`, { appId: id });
    return found;
  }

  function thePortal(id: string): Portal {
    const found = store.portal(idOf(id));
    if (!found)
      throw notFound(`there is no portal ${brief(id)}; GET /timeline/v1/portals lists them`, {
        portalId: id,
      });
    return found;
  }

  async function rotate(id: string, change: AppChange): Promise<void> {
    const known = theApp(id);
    if (credentials.isBuiltIn(known.id))
      throw new Refusal(
        'conflict',
        `The secrets of app ${known.id} are this process's own: start dev again with a --demo-token of your choice, and it has new ones`,
      );
    await store.changeApp(known.id, change);
  }
}

function idOf(text: string): number {
  return ID.test(text) ? Number(text) : -1;
}

function once(list: readonly string[]): string[] {
  return [...new Set(list)];
}

function refuse(what: string, faults: readonly Fault[]): void {
  if (faults.length > 0) throw invalid(what, faults);
}

function notFound(what: string, names: Readonly<Record<string, string>>): Refusal {
  const context = Object.fromEntries(Object.entries(names).map(([name, value]) => [name, [brief(value)]]));
  return new Refusal('not-found', `resource not found: ${what}`, [], context);
}

/** No cache on the way may keep it. */
function secretly<Reply extends { header(name: string, value: string): Reply }>(reply: Reply): Reply {
  return reply.header('cache-control', 'no-store');
}

/** A page of a list, in the order of its ids; `ids` is what one looks like. */
function page<Item extends { id: number | string }, Answer>(
  sent: Static<typeof Listing>,
  ids: RegExp,
  read: (after: string, limit: number) => Item[],
  to: (item: Item) => Answer,
) {
  const { after } = sent;
  const faults: Fault[] = [];
  const limit = limitOf(sent, MAX_LIST, MAX_LIST, faults);
  if (after !== undefined && !ids.test(after))
    faults.push({ in: 'after', message: 'is not from an answer; send paging.next.after as it came' });
  refuse('query', faults);
  const { shown, paging } = shownOf(
    read(after ?? (ids === ID ? '-1' : ''), limit + 1),
    limit,
    ({ id }) => id,
  );
  return { results: shown.map(to), ...paging };
}

function toApp({ id, name, clientId, redirectUris, scopes }: App): Static<typeof AppAnswer> {
  return { appId: String(id), name, clientId, redirectUris: [...redirectUris], scopes: [...scopes] };
}

function toPortal({ id, name, lenient, timeZone, associateByDomain }: Portal): Static<typeof PortalAnswer> {
  return {
    portalId: String(id),
    name,
    lenient,
    ...(timeZone === undefined ? {} : { timeZone }),
    associateByDomain: associateByDomain !== false,
  };
}

function toToken({ id, portalId, appId, scopes, createdAt }: IssuedToken): Static<typeof PrivateToken> {
  return {
    tokenId: id,
    portalId: String(portalId),
    appId: String(appId),
    scopes: [...scopes],
    createdAt: new Date(createdAt).toISOString(),
  };
}

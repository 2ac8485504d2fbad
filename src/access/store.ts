// Who may call: portals, apps, their installation in portals, access tokens and admin keys; and the port that keeps
// them.
// Secrets pass this port only as SHA-256 digests; what is not a digest is never kept.

/** A tenant: HubSpot's account, or "hub". */
export interface Portal {
  id: number;
  name: string;
  /** A lenient portal creates records that an event names and that do not exist; a strict one refuses. */
  lenient: boolean;
  /** IANA zone in which templates print dates; absent: the server's default. */
  timeZone?: string;
  /** false: a new contact is not associated with the company that has its e-mail's domain. */
  associateByDomain?: false;
}

/** An integrator's app: it owns templates and is installed in portals. */
export interface App {
  id: number;
  name: string;
  clientId: string;
  redirectUris: readonly string[];
  /** What the app may ask a portal for. */
  scopes: readonly string[];
}

/** Who is calling with an access token. */
export interface Principal {
  portal: Portal;
  appId: number;
  scopes: readonly string[];
}

interface NewApp extends Omit<App, 'id'> {
  /** Absent only for the demo app, whose credentials live in the process. */
  clientSecretHash?: Uint8Array;
  developerKeyHash?: Uint8Array;
}

/** What of an app may change; its secrets are rotated by giving a new digest. */
export type AppChange = Partial<
  Pick<NewApp, 'name' | 'redirectUris' | 'scopes' | 'clientSecretHash' | 'developerKeyHash'>
>;
/** What of a portal may change; `timeZone: null` takes its own zone away. */
export type PortalChange = Partial<Pick<Portal, 'name' | 'lenient'>> & {
  timeZone?: string | null;
  associateByDomain?: boolean;
};

export interface IssuedToken {
  /** Says which token it is, and is no secret. */
  id: string;
  portalId: number;
  appId: number;
  scopes: readonly string[];
  createdAt: number;
}

/** Opens our own API for portals and apps, and nothing else. */
export interface AdminKey {
  id: number;
  name: string;
  createdAt: number;
}

/** A part of a list in the order of its ids; absent: all of it. */
export interface PageOf<Id> {
  after: Id;
  limit: number;
}

export interface AccessStore {
  /** Keeps a portal; a given id that exists already is left as it is. Answers the id. */
  createPortal(portal: Omit<Portal, 'id'> & { id?: number }): Promise<number>;
  /** Keeps an app; a given id that exists already is left as it is. Answers the id. */
  createApp(app: NewApp & { id?: number }): Promise<number>;
  /** Keeps a token by its digest and installs its app in its portal. Answers the token's id. */
  createToken(token: Omit<IssuedToken, 'id' | 'createdAt'> & { hash: Uint8Array }): Promise<string>;
  /** Changes what is given and leaves the rest. false: there is no such portal. */
  changePortal(id: number, change: PortalChange): Promise<boolean>;
  /** Changes what is given and leaves the rest; a replaced secret is gone. false: there is no such app. */
  changeApp(id: number, change: AppChange): Promise<boolean>;
  /** Installs the app, where it is not yet installed. The portal and the app must be there. */
  install(portalId: number, appId: number): Promise<void>;
  /** Takes the app out of the portal: all of its tokens there are gone. false: it is not installed. */
  uninstall(portalId: number, appId: number): Promise<boolean>;
  /** Takes a token away. false: the portal has no such token. */
  revokeToken(portalId: number, id: string): Promise<boolean>;
  createAdminKey(key: { name: string; hash: Uint8Array }): Promise<number>;
  /** false: there is no such key. */
  revokeAdminKey(id: number): Promise<boolean>;
  portals(page?: PageOf<number>): Portal[];
  portal(id: number): Portal | undefined;
  apps(page?: PageOf<number>): App[];
  app(id: number): App | undefined;
  /** The apps that are installed in a portal. */
  installed(portalId: number, page?: PageOf<number>): App[];
  tokens(): IssuedToken[];
  tokensOf(portalId: number, page: PageOf<string>): IssuedToken[];
  adminKeys(): AdminKey[];
  isAdminKey(hash: Uint8Array): boolean;
  principalByToken(hash: Uint8Array): Principal | undefined;
  appIdByDeveloperKey(hash: Uint8Array): number | undefined;
}

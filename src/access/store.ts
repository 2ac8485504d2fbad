// Who may call: portals, apps, their installation in portals, and access tokens; and the port that keeps them.
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

export interface IssuedToken {
  portalId: number;
  appId: number;
  scopes: readonly string[];
  createdAt: number;
}

export interface AccessStore {
  /** Keeps a portal; a given id that exists already is left as it is. Answers the id. */
  createPortal(portal: Omit<Portal, 'id'> & { id?: number }): Promise<number>;
  /** Keeps an app; a given id that exists already is left as it is. Answers the id. */
  createApp(app: NewApp & { id?: number }): Promise<number>;
  /** Keeps a token by its digest and installs its app in its portal. */
  createToken(token: Omit<IssuedToken, 'createdAt'> & { hash: Uint8Array }): Promise<void>;
  portals(): Portal[];
  portal(id: number): Portal | undefined;
  apps(): App[];
  app(id: number): App | undefined;
  tokens(): IssuedToken[];
  principalByToken(hash: Uint8Array): Principal | undefined;
  appIdByDeveloperKey(hash: Uint8Array): number | undefined;
}

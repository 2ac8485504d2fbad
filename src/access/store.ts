// Who may call: portals, apps, their installation in portals, consents and tokens, admin keys; who signs in; and the
// port that keeps them all.
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
  /** Of a token that OAuth gave: when it ends, and who consented. */
  expiresAt?: number;
  user?: User;
}

/** An app as OAuth knows it, by its client id. */
export interface Client {
  app: App;
  secretHash?: Uint8Array;
  /** The demo's: any address of this machine's loopback will do to send people back to. */
  anyLoopback?: true;
}

/** Somebody who signs in. */
export interface User {
  id: number;
  email: string;
}

/** A person's consent that an app may act in a portal. Its code buys its refresh token, once. */
export interface Consent {
  id: number;
  portalId: number;
  appId: number;
  user: User;
  scopes: readonly string[];
  redirectUri: string;
  /** S256; absent: the app asked without PKCE. */
  codeChallenge?: string;
  codeExpiresAt: number;
  codeUsed: boolean;
}

export interface NewApp extends Omit<App, 'id'> {
  /** Absent only for the demo app, whose credentials live in the process. */
  clientSecretHash?: Uint8Array;
  developerKeyHash?: Uint8Array;
}

/** What is null or undefined stays as it is. */
type Change<Of> = { [Field in keyof Of]?: Of[Field] | null | undefined };
/** What of an app may change; its secrets are rotated by giving a new digest. */
export type AppChange = Change<Omit<NewApp, 'clientId'>>;
/** What of a portal may change; but `timeZone: null` takes its own zone away. */
export type PortalChange = Change<Omit<Portal, 'id' | 'associateByDomain'> & { associateByDomain: boolean }>;

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
  /** Takes the app out of the portal: all of its tokens there are gone, and its consents. false: it is not installed. */
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
  /** Those that were made by hand; what OAuth gave is known by its consents. */
  tokens(): IssuedToken[];
  tokensOf(portalId: number, page: PageOf<string>): IssuedToken[];
  adminKeys(): AdminKey[];
  isAdminKey(hash: Uint8Array): boolean;
  principalByToken(hash: Uint8Array): Principal | undefined;
  appIdByDeveloperKey(hash: Uint8Array): number | undefined;
  client(clientId: string): Client | undefined;

  createConsent(consent: Omit<Consent, 'id' | 'codeUsed'> & { codeHash: Uint8Array }): Promise<void>;
  /** A code that was used is known for a week at least, and for as long as what it bought lives. */
  consentByCode(hash: Uint8Array): Consent | undefined;
  consentByRefreshToken(hash: Uint8Array): Consent | undefined;
  /** Marks the code as used. false: it had been used before, and now the consent is revoked. */
  redeemCode(consentId: number, at: number): Promise<boolean>;
  /**
   * Keeps an access token, with its first one the refresh token, and installs the app. A consent has 1,000 access tokens
   * at most, and an app 100 refresh tokens of one person in a portal: the oldest goes. false: the consent is revoked, or
   * its refresh token has ended.
   */
  issue(token: {
    consentId: number;
    refreshHash?: Uint8Array;
    accessHash: Uint8Array;
    scopes: readonly string[];
    at: number;
    expiresAt: number;
  }): Promise<boolean>;
  /** Its tokens die at once, and nothing more is issued for it. */
  revokeConsent(consentId: number, at: number): Promise<void>;
  /** Ends the refresh token alone. */
  endRefreshToken(consentId: number): Promise<void>;
  endToken(hash: Uint8Array): Promise<void>;

  /** `password` is what `hashPassword` made. undefined: the e-mail is taken. */
  createUser(email: string, password: string, at: number): Promise<number | undefined>;
  users(): (User & { createdAt: number })[];
  userByEmail(email: string): (User & { password: string }) | undefined;
  /** Ends the person's sessions too. */
  setPassword(userId: number, password: string): Promise<void>;
  removeUser(userId: number): Promise<void>;
  /** `password` is theirs as it was checked. false: by now they have another one, or are gone; nobody is signed in. */
  createSession(
    hash: Uint8Array,
    userId: number,
    password: string,
    at: number,
    expiresAt: number,
  ): Promise<boolean>;
  session(hash: Uint8Array): { user: User; expiresAt: number } | undefined;
  endSession(hash: Uint8Array): Promise<void>;
}

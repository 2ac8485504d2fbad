// Whom a page is for.
import type { Portal } from '../access/store.js';
import type { ObjectSchema } from '../records/schema.js';
import type { Language } from './words.js';

/** Who is looking, and at what. */
export interface View {
  language: Language;
  /** IANA zone that dates are printed in. */
  timeZone: string;
  portal?: Portal;
  /** The portal's custom objects. */
  customs: readonly ObjectSchema[];
  /** Those that can be looked at instead. */
  portals?: readonly Portal[];
  account?: Account;
}

/** Who has signed in, and what the form to sign out must carry. */
export interface Account {
  email: string;
  key: string;
}

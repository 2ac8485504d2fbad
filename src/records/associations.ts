// Which records belong to each other: between which standard types (custom objects say so in their schema), under which
// ids HubSpot knows that, and which company a new contact belongs to by its e-mail. Source of the ids: the official
// client's AssociationTypes.
import { FREE_MAIL_DOMAINS } from './free_mail.js';
import type { StandardType } from './record.js';

/** HubSpot's ids of unlabelled associations, by direction. */
const TYPE_IDS: Readonly<Record<StandardType, Readonly<Partial<Record<StandardType, number>>>>> = {
  contacts: { companies: 279, deals: 4, tickets: 15 },
  companies: { contacts: 280, deals: 342, tickets: 340 },
  deals: { contacts: 3, companies: 341, tickets: 27 },
  tickets: { contacts: 16, companies: 339, deals: 28 },
};

/** HubSpot's ids of a record's primary company: taken as the association itself, none is more primary here. */
const PRIMARY_TYPE_IDS: typeof TYPE_IDS = {
  contacts: { companies: 1 },
  companies: { contacts: 2, deals: 6, tickets: 25 },
  deals: { companies: 5 },
  tickets: { companies: 26 },
};

/** HubSpot's id of an association in one direction; undefined where there is none between the types. */
export function standardAssociationId(from: StandardType, to: StandardType): number | undefined {
  return TYPE_IDS[from][to];
}

/** The type that an association of this id leads to. */
export function associatedStandardType(from: StandardType, typeId: number): StandardType | undefined {
  for (const ids of [TYPE_IDS[from], PRIMARY_TYPE_IDS[from]])
    for (const [to, id] of Object.entries(ids)) if (id === typeId) return to as StandardType;
  return undefined;
}

/** The standard types that records of one are associated with. */
export function associatedStandardTypes(from: StandardType): StandardType[] {
  return Object.keys(TYPE_IDS[from]) as StandardType[];
}

/** The domain by which a contact's e-mail tells its company, in lower case; undefined where it tells nothing. */
export function companyDomainOf(email: string): string | undefined {
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase();
  return FREE_MAIL_DOMAINS.has(domain) ? undefined : domain;
}

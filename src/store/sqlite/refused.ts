// Why a write to records is refused, in words: made on the writer thread, a Refusal again on the other side.
import { type Decision, MAX_IDENTITIES, MAX_MERGED, type Subject } from '../../records/identity.js';
import { MAX_PROPERTIES_PER_TYPE } from '../../records/properties.js';
import { type ObjectType, singular, typeIdOf } from '../../records/record.js';
import { brief, type Refusal } from '../../refusal.js';

/** A refusal as it crosses threads. */
export type Refused = Pick<Refusal, 'reason' | 'message' | 'faults' | 'context'>;

export const EMAIL_ERASED: Refused = {
  reason: 'invalid',
  message:
    'email: belongs to a person who was erased and is blocked; leave it out, or create the contact by hand, which lifts the block',
  faults: [
    {
      in: 'email',
      message:
        'belongs to a person who was erased and is blocked; create the contact by hand to lift the block',
      code: 'BLOCKED_EMAIL',
    },
  ],
  context: {},
};

export function refused(subject: Subject, decision: Extract<Decision, { refused: string }>): Refused {
  const { type, objectId, email } = subject;
  switch (decision.refused) {
    case 'record-not-found':
      return {
        reason: 'not-found',
        message: `resource not found: there is no ${singular(type).toLowerCase()} ${objectId}; create it first, or name another`,
        faults: [],
        context: { objectId: [String(objectId)] },
      };
    case 'email-taken':
      return {
        reason: 'conflict',
        message: `Contact already exists. Existing ID: ${decision.owner}. The e-mail '${email}' cannot become contact ${decision.objectId}'s; send another, or name contact ${decision.owner}`,
        faults: [],
        context: { existingObjectId: [String(decision.owner)], objectId: [String(decision.objectId)] },
      };
    case 'too-many-identities':
      return tooMany(decision.objectId);
  }
}

export function noSuchRecord(type: ObjectType, id: number): Refused {
  return {
    reason: 'not-found',
    message: `resource not found: there is no ${singular(type).toLowerCase()} ${id}`,
    faults: [],
    context: { id: [String(id)] },
  };
}

/** Between the check on the wire and this transaction it was archived. */
export function noSuchType(type: ObjectType): Refused {
  return {
    reason: 'not-found',
    message: `resource not found: there is no type ${type} in this portal; create its schema first`,
    faults: [],
    context: { objectType: [type] },
  };
}

/** Between the check on the wire and this transaction somebody else defined the property, and not as text. */
export function definedOtherwise(type: ObjectType, name: string): Refused {
  return {
    reason: 'overloaded',
    message: `the property '${brief(name)}' of ${type} has just been defined; send it again, it is checked anew`,
    faults: [],
    context: { propertyName: [brief(name)] },
  };
}

/** The check on the wire knew nothing of those that this transaction, or another since, has defined in passing. */
export function tooManyProperties(type: ObjectType): Refused {
  return {
    reason: 'invalid',
    message: `${type} would have more than ${MAX_PROPERTIES_PER_TYPE} properties that the portal has made, archived ones too: send fewer that nobody has defined`,
    faults: [],
    context: {},
  };
}

/** As HubSpot puts it. */
export function valueTaken(
  portal: number,
  type: ObjectType,
  id: number | undefined,
  { name, value }: { name: string; value: string },
  owner: number,
): Refused {
  const shown = brief(value);
  const message = `Cannot set PropertyValueCoordinates{portalId=${portal}, objectTypeId=${typeIdOf(type)}, propertyName=${name}, value=${shown}} on ${id ?? 'a new record'}. ${owner} already has that value.`;
  const told = [{ isValid: false, message, error: 'CONFLICTING_UNIQUE_VALUE', name }];
  return {
    reason: 'invalid',
    message: `Property values were not valid: ${JSON.stringify(told)}`,
    faults: [
      {
        in: `properties.${name}`,
        message: `${message} Send another value, or change record ${owner}.`,
        code: 'CONFLICTING_UNIQUE_VALUE',
        context: { propertyName: [name], existingObjectId: [String(owner)] },
      },
    ],
    context: {},
  };
}

export function noneToAssociate(index: number, type: ObjectType, id: number): Refused {
  const fault = {
    in: `associations[${index}].to.id`,
    message: `there is no ${singular(type).toLowerCase()} ${id} to associate the new record with`,
  };
  return { reason: 'invalid', message: `${fault.in}: ${fault.message}`, faults: [fault], context: {} };
}

export function contactExists(id: number): Refused {
  return {
    reason: 'conflict',
    message: `Contact already exists. Existing ID: ${id}`,
    faults: [],
    context: { existingObjectId: [String(id)] },
  };
}

export function tooManyMerged(objectId: number): Refused {
  return {
    ...tooMany(objectId),
    message: `At most ${MAX_MERGED} contacts are merged into one: contact ${objectId} would have more; leave this one by itself`,
  };
}

export function tooMany(objectId: number): Refused {
  return {
    reason: 'too-many',
    message: `Cannot have more than ${MAX_IDENTITIES} identities on a profile: contact ${objectId} would have more e-mails and visitors`,
    faults: [],
    context: { objectId: [String(objectId)] },
  };
}

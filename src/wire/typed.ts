// The preamble of every path that names a type of records: which type that is in the caller's portal, and whether the
// caller may.
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { recordScopes, scopesOfTypes } from '../access/scopes.js';
import type { Portal } from '../access/store.js';
import { OBJECT_TYPES, type ObjectType, objectIdOf, type RecordKey } from '../records/record.js';
import type { Schemas } from '../records/schemas.js';
import { brief, Refusal } from '../refusal.js';
import { needScope, principalOf } from './authenticate.js';
import { anyOneOf, operations } from './openapi.js';

export const objectType = Type.String({
  description: `${OBJECT_TYPES.join(', ')}, a type id such as 0-1, or a custom object's id (2-…), name or full name.`,
});

export const OfType = Type.Object({ objectType });

/** How the API's document tells of operations on records. */
export const reading = operations('Records', anyOneOf(scopesOfTypes(recordScopes, 'read')));
export const writing = operations('Records', anyOneOf(scopesOfTypes(recordScopes, 'write')));

/** Whom a call is about; refused where the path names no type, or the caller lacks the scope. */
export interface About {
  type: ObjectType;
  portal: Portal;
  portalId: number;
}

export function typed(schemas: Pick<Schemas, 'typeOf'>, scopesOf: typeof recordScopes) {
  return (
    request: FastifyRequest<{ Params: { objectType: string } }>,
    verb: 'read' | 'write',
    name = request.params.objectType,
  ): About => {
    const principal = principalOf(request);
    const { portal } = principal;
    const type = schemas.typeOf(portal.id, name);
    if (!type) throw noType(name);
    needScope(principal, scopesOf(type, verb));
    return { type, portal, portalId: portal.id };
  };
}

/** The record that a path names; undefined where it can be none. */
export function recordKey(
  schemas: Pick<Schemas, 'typeOf'>,
  portalId: number,
  objectType: string,
  objectId: string,
): RecordKey | undefined {
  const type = schemas.typeOf(portalId, objectType);
  const id = objectIdOf(objectId);
  return type && id !== undefined ? { portalId, type, id } : undefined;
}

function noType(name: string): Refusal {
  const type = brief(name);
  return new Refusal(
    'not-found',
    `resource not found: this portal has no type of records '${type}'; name ${OBJECT_TYPES.join(', ')} or a custom object`,
    [],
    { objectType: [type] },
  );
}

export function noRecord(objectType: string, objectId: string): Refusal {
  const type = brief(objectType);
  const id = brief(objectId);
  return new Refusal('not-found', `resource not found: there is no record ${id} of type '${type}'`, [], {
    objectType: [type],
    objectId: [id],
  });
}

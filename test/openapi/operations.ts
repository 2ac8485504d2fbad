// What the tests of the OpenAPI document share: its operations, one by one.
import type { Json } from '../harness.js';

export interface Operation {
  id: string;
  method: string;
  path: string;
  operation: Json;
}

export function operationsOf(document: Json): Operation[] {
  return Object.entries<Json>(document.paths).flatMap(([path, item]) =>
    Object.entries<Json>(item).map(([method, operation]) => ({
      id: operation.operationId,
      method,
      path,
      operation,
    })),
  );
}

// The schemas by which bodies are checked and that the OpenAPI document shows.
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { named } from '../../dist/wire/schemas.js';

test.each((named as { $id: string }[]).map((schema) => [schema.$id, schema] as const))(
  '%s is a JSON Schema',
  (_, schema) => {
    const ajv = new Ajv({ strict: false });
    expect(ajv.validateSchema(schema) || ajv.errors).toBe(true);
  },
);

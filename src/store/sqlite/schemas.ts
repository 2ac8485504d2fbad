// Custom objects on the writer's connection, inside the transaction that the caller opened: kept, changed, archived
// while no record is in the way, dropped.
import type { Definition } from '../../records/properties.js';
import { type CustomType, isCustom, numberOf, type ObjectType } from '../../records/record.js';
import type { ObjectSchema, SchemaOutcome } from '../../records/schema.js';
import type { Connection } from './database.js';
import { definer } from './definitions.js';

export function schemaWriter(db: Connection) {
  const counted = db.prepare('SELECT count(*) FROM object_schema WHERE portal = ?').pluck();
  const add = db.prepare(`
    INSERT INTO object_schema (portal, name, version, body) VALUES (?, ?, ?, ?)
    ON CONFLICT (portal, name) DO NOTHING`);
  const save = db.prepare(`
    UPDATE object_schema SET version = @version, archived_at = @archivedAt, body = @body
    WHERE n = @n AND portal = @portal AND version = @version - 1`);
  const drop = db.prepare('DELETE FROM object_schema WHERE n = ? AND portal = ? AND archived_at IS NOT NULL');
  const dropDefinitions = db.prepare('DELETE FROM definition WHERE portal = ? AND object_type = ?');
  const hasRecords = db
    .prepare(
      "SELECT 1 FROM record INDEXED BY record_custom WHERE portal = ? AND object_type = ? AND archived_at IS NULL AND object_type < '3' LIMIT 1",
    )
    .pluck();
  const define = definer(db);

  return {
    createSchema(
      portal: number,
      schema: Omit<ObjectSchema, 'type'>,
      definitions: readonly Definition[],
      max: number,
    ): ObjectSchema | 'taken' | 'full' {
      if ((counted.get(portal) as number) >= max) return 'full';
      const { changes, lastInsertRowid } = add.run(
        portal,
        schema.name,
        schema.version,
        JSON.stringify(schema),
      );
      if (changes === 0) return 'taken';
      const type: CustomType = `2-${Number(lastInsertRowid)}`;
      define(portal, type, definitions);
      return { ...schema, type };
    },

    saveSchema(portal: number, schema: ObjectSchema): SchemaOutcome {
      const { type, version, archivedAt = null, ...body } = schema;
      if (archivedAt !== null && hasRecords.get(portal, type) !== undefined) return 'in-use';
      const { changes } = save.run({
        n: numberOf(type),
        portal,
        version,
        archivedAt,
        body: JSON.stringify({ ...body, version, ...(archivedAt === null ? {} : { archivedAt }) }),
      });
      return changes === 1 ? 'kept' : 'stale';
    },

    dropSchema(portal: number, type: CustomType): void {
      if (drop.run(numberOf(type), portal).changes === 1) dropDefinitions.run(portal, type);
    },
  };
}

/** Whether records of a type can be made: standard ones always, a portal's own while it has it. */
export function typeChecker(db: Connection): (portal: number, type: ObjectType) => boolean {
  const live = db
    .prepare('SELECT 1 FROM object_schema WHERE n = ? AND portal = ? AND archived_at IS NULL')
    .pluck();
  return (portal, type) => !isCustom(type) || live.get(numberOf(type), portal) !== undefined;
}

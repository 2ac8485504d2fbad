// Property definitions on the writer's connection, inside the transaction that the caller opened.
import type { Definition } from '../../records/properties.js';
import type { ObjectType } from '../../records/record.js';
import type { Connection } from './database.js';

export function definer(db: Connection) {
  const keep = db.prepare(`
    INSERT INTO definition (portal, object_type, kind, name, version, body) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (portal, object_type, kind, name) DO UPDATE SET version = excluded.version, body = excluded.body
    WHERE excluded.version = version + 1`);
  return (portal: number, type: ObjectType, definitions: readonly Definition[]): boolean[] =>
    definitions.map((each) => {
      const { kind, name, version } = each;
      return keep.run(portal, type, kind, name, version, JSON.stringify(each)).changes === 1;
    });
}

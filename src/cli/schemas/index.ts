import { configSchema } from '../../config/index.js';
import { ledgerPlanSchema } from '../../domain/record/plan/schema.js';
import { ledgerStateSchema } from '../../domain/record/schema.js';
import { releaseSchema } from '../../domain/release/schema.js';
import { SCHEDULER_KINDS } from '../../schedulers/registry.js';
import { forEditors, inlined, reachable } from './for-editors.js';
import type { Schema } from './forms.js';
import { manifestSchema, patchSchema } from './manifest-schemas.js';

/** Schemas for editors and other tools, by name. Their source is the code that validates with them. */
export function publishedSchemas(): Map<string, Schema> {
  const documents = [...SCHEDULER_KINDS.values()].flatMap(({ model }) => model.schemas);
  // The particular shapes first; the one that anything else is taken for comes last.
  const ordered = [...documents.filter(({ rest }) => rest !== true), ...documents.filter(({ rest }) => rest === true)];
  const jobs = new Map(
    documents.map(({ name, schema, anyCase = false }) => [name, forEditors(schema, { anyCase })]),
  );
  return new Map([
    ['towline', forEditors(configSchema)],
    ['manifest', manifestSchema(ordered, jobs)],
    ['manifest-patch', patchSchema(ordered, jobs)],
    ...[...jobs].map(([name, schema]) => [name, whole(name, schema, jobs)] as const),
    ['release', forEditors(releaseSchema)],
    ['ledger-state', forEditors(ledgerStateSchema)],
    ['ledger-plan', forEditors(ledgerPlanSchema)],
  ]);
}

/** What stands in a file of a schema. */
export function schemaText(schema: Schema): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** With the schemas that it refers to as definitions of its own: a file for itself, wherever it is put. */
function whole(name: string, schema: Schema, all: ReadonlyMap<string, Schema>): Schema {
  const others = reachable(name, all);
  if (others.length === 1 && !JSON.stringify(schema).includes(`"${name}.json"`)) return schema;
  return {
    ...inlined(schema),
    definitions: Object.fromEntries(
      others.map((other) => {
        const { $schema: _schema, $id: _id, ...rest } = all.get(other) ?? {};
        return [other, inlined(rest)];
      }),
    ),
  };
}

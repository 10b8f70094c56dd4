import type { DocumentSchema } from '../../domain/job/scheduler-model.js';
import { DIRECTIVE } from '../../domain/job/layers/directive.js';
import { inlined } from './for-editors.js';
import { isSchema, type Schema } from './forms.js';

const DRAFT = 'http://json-schema.org/draft-07/schema#';

/** Every manifest, of whatever kind: the kind is told by the shape of the document, as Towline does. */
export function manifestSchema(documents: readonly DocumentSchema[], schemas: ReadonlyMap<string, Schema>): Schema {
  return {
    $schema: DRAFT,
    $id: 'https://towline.dev/schemas/manifest.json',
    title: 'Manifest: a job, or a list of jobs',
    type: ['object', 'array'],
    if: { type: 'array' },
    then: { items: { $ref: '#/definitions/job' } },
    else: { $ref: '#/definitions/job' },
    definitions: definitions(documents, schemas),
  };
}

/**
 * A file of a later layer: what differs, so nothing is required, null removes, and only lists are whole; or a manifest of
 * its own. Which kind of job it is about can't be told from it, so a member is what any kind has under its name.
 */
export function patchSchema(documents: readonly DocumentSchema[], schemas: ReadonlyMap<string, Schema>): Schema {
  const members = new Map<string, Schema[]>();
  for (const { name } of documents) {
    const properties = schemas.get(name)?.['properties'];
    for (const [member, schema] of Object.entries(isSchema(properties) ? properties : {}))
      if (isSchema(schema)) members.set(member, [...(members.get(member) ?? []), inlined(schema)]);
  }
  const properties = [...members].map(([member, forms]) => {
    const different = [...new Map(forms.map((form) => [JSON.stringify(form), form])).values()];
    const [first] = different;
    const description = first?.['description'];
    const changes = different.map(asPatch);
    return [
      member,
      {
        ...(description === undefined ? {} : { description }),
        anyOf: [...changes.filter((form) => form['type'] !== 'null'), { type: 'null' }],
      },
    ] as const;
  });
  return {
    $schema: DRAFT,
    $id: 'https://towline.dev/schemas/manifest-patch.json',
    title: 'Manifest of a later layer: what differs from the file with the same path',
    type: ['object', 'array'],
    additionalProperties: false,
    properties: {
      [DIRECTIVE]: {
        const: 'delete',
        description: 'Leaves the job, or all jobs of the file, out of this environment.',
      },
      ...Object.fromEntries(properties),
    },
    items: { $ref: '#/definitions/job' },
    definitions: definitions(documents, schemas),
  };
}

/** Each kind of document, and `job`: whichever of them the shape tells. */
function definitions(documents: readonly DocumentSchema[], schemas: ReadonlyMap<string, Schema>): Schema {
  const last = documents.at(-1);
  const job = documents.slice(0, -1).reduceRight<Schema>(
    (otherwise, { name, when }) => ({ if: when, then: ref(name), else: otherwise }),
    last === undefined ? {} : ref(last.name),
  );
  const kinds = documents.map(({ name }) => {
    const { $schema: _schema, $id: _id, ...schema } = schemas.get(name) ?? {};
    return [name, inlined(schema)] as const;
  });
  return { job, ...Object.fromEntries(kinds) };
}

/** Objects lose what they require, and each of their members may be null; lists stay as they are. */
function asPatch(schema: Schema): Schema {
  const { required: _required, minProperties: _least, ...rest } = schema;
  const { properties, additionalProperties, anyOf, default: _default, ...others } = rest;
  return {
    ...others,
    ...(isSchema(properties)
      ? { properties: Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, orNull(each)])) }
      : {}),
    ...(additionalProperties === undefined
      ? {}
      : { additionalProperties: isSchema(additionalProperties) ? orNull(additionalProperties) : additionalProperties }),
    ...(Array.isArray(anyOf) ? { anyOf: (anyOf as unknown[]).map((each) => (isSchema(each) ? asPatch(each) : each)) } : {}),
  };
}

function orNull(schema: unknown): unknown {
  if (!isSchema(schema)) return schema;
  const { description } = schema;
  return {
    ...(description === undefined ? {} : { description }),
    anyOf: [asPatch(schema), { type: 'null' }],
  };
}

function ref(name: string): Schema {
  return { $ref: `#/definitions/${name}` };
}

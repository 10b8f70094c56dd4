import { isSchema, mapped, type Schema } from './forms.js';

/**
 * A schema as other tools read it. `explain` is a keyword of ours; for editors it is the description where there is none,
 * and the message where VS Code shows one. Words that the scheduler reads in any case are offered in the usual one.
 */
export function forEditors(schema: object, { anyCase = false }: { anyCase?: boolean } = {}): Schema {
  return mapped(schema, (each) => {
    const plain = withoutExplain(each);
    return anyCase ? inAnyCase(plain) : plain;
  }) as Schema;
}

function withoutExplain({ explain, ...rest }: Schema): Schema {
  if (typeof explain !== 'string') return { ...(explain === undefined ? {} : { explain }), ...rest };
  return {
    ...rest,
    ...(rest['description'] === undefined ? { description: explain } : {}),
    errorMessage: explain,
  };
}

/** The server reads `docker` for `DOCKER`: an editor that calls it wrong would be wrong itself. */
function inAnyCase(schema: Schema): Schema {
  const { enum: words, ...rest } = schema;
  if (!Array.isArray(words) || !words.every((word): word is string => typeof word === 'string')) return schema;
  return { ...rest, anyOf: [{ enum: words }, { pattern: `^(${words.map(anyCaseOf).join('|')})$` }] };
}

function anyCaseOf(word: string): string {
  return [...word]
    .map((letter) => {
      const [upper, lower] = [letter.toUpperCase(), letter.toLowerCase()];
      return upper === lower ? letter.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&') : `[${upper}${lower}]`;
    })
    .join('');
}

/** Names of the other schemas that one refers to, itself included, however far. */
export function reachable(name: string, schemas: ReadonlyMap<string, Schema>): string[] {
  const found = new Set([name]);
  for (const each of found) {
    mapped(schemas.get(each), (schema) => {
      const target = targetOf(schema);
      if (target !== undefined) found.add(target);
      return schema;
    });
  }
  return [...found];
}

/** References to other files as references to definitions of the same file. */
export function inlined(schema: Schema): Schema {
  return mapped(schema, (each) => {
    const target = targetOf(each);
    return target === undefined ? each : { ...each, $ref: `#/definitions/${target}` };
  }) as Schema;
}

function targetOf(schema: Schema): string | undefined {
  const ref = isSchema(schema) ? schema['$ref'] : undefined;
  return typeof ref === 'string' ? /^([a-z-]+)\.json$/.exec(ref)?.[1] : undefined;
}

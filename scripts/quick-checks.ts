import type { KeywordCxt } from 'ajv';
import standaloneCode from 'ajv/dist/standalone/index.js';
import { configSchema } from '../src/config/schema.js';
import { ajvFor } from '../src/domain/job/validate/ajv-for.js';
import { ledgerPlanSchema } from '../src/domain/record/plan/schema.js';
import { jobSchema } from '../src/schedulers/chronos/model/schema.js';
import { appSchema } from '../src/schedulers/marathon/model/schema/app.js';
import { groupSchema } from '../src/schedulers/marathon/model/schema/group.js';
import { podSchema } from '../src/schedulers/marathon/model/schema/pod.js';

interface OwnSchema {
  readonly $id: string;
  readonly $schema?: string;
}

/** Our own schemas that `schemaCheck` is given. */
export const OWN_SCHEMAS: readonly OwnSchema[] = [
  configSchema,
  ledgerPlanSchema,
  appSchema,
  groupSchema,
  podSchema,
  jobSchema,
];

/** A keyword around a whole schema: what is below it makes no error objects, which would be two thirds of the code. */
const WITHOUT_WORDS = {
  keyword: 'withoutWords',
  schemaType: 'object',
  code(context: KeywordCxt) {
    const valid = context.gen.name('valid');
    context.subschema({ keyword: 'withoutWords', createErrors: false }, valid);
    context.ok(valid);
  },
} as const;

/**
 * For each schema, by its `$id`, the text of a CommonJS module: a function that says whether a value fits. It has the
 * same rules as `schemaCheck`, of the same ajv, but no words for what it finds. It looks for all errors too: stopping at
 * the first takes a level of brackets for every field, which is half as much code again.
 */
export function quickChecks(schemas: readonly OwnSchema[] = OWN_SCHEMAS): Map<string, string> {
  const texts = new Map<string, string>();
  for (const schema of schemas) {
    if (texts.has(schema.$id)) throw new Error(`two schemas have the $id ${schema.$id}`);
    const ajv = ajvFor(schema, {
      verbose: false,
      messages: false,
      code: { source: true, optimize: true },
    });
    ajv.addKeyword(WITHOUT_WORDS);
    const { $id, $schema: _draft, ...rules } = schema;
    texts.set($id, standaloneCode.default(ajv, ajv.compile({ [WITHOUT_WORDS.keyword]: rules })));
  }
  return texts;
}

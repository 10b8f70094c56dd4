import { Ajv, type Options } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';

/**
 * An ajv for one schema, of Towline or of somebody else: that one may use formats, and words that are only for people or
 * other tools. The build keeps ajv itself from being loaded before the first call.
 */
export function ajvFor(
  schema: object,
  { foreign = false, ...more }: Pick<Options, 'verbose' | 'messages' | 'code'> & { foreign?: boolean } = {},
): Ajv {
  const { $schema } = schema as { $schema?: string };
  const options: Options = {
    allErrors: true,
    verbose: true,
    ownProperties: true,
    strict: !foreign,
    ...(foreign ? { logger: false as const } : {}),
    strictRequired: false,
    strictTypes: false,
    strictTuples: false,
    allowUnionTypes: true,
    // Our own schemas are checked against their meta schema by a test; at the start of every command it costs 120 ms, and
    // a smaller generated function, which is called a few times, twice that.
    validateSchema: foreign,
    code: { optimize: false },
    ...more,
  };
  const ajv = $schema?.includes('2020-12') === true ? new Ajv2020(options) : new Ajv(options);
  if (foreign) ajvFormats.default(ajv);
  ajv.addKeyword({ keyword: 'explain', schemaType: 'string' });
  return ajv;
}

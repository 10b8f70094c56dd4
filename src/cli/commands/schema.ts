import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { publishedSchemas, schemaText } from '../schemas/index.js';

/** Prints a JSON Schema for editors and other tools; without a name, the names. */
export async function run([name]: string[], _flags: GlobalFlags, { stdout }: Io): Promise<number> {
  const schemas = publishedSchemas();
  if (name === undefined) {
    for (const [each, { title }] of schemas)
      writeLine(stdout, `${each.padEnd(16)} ${typeof title === 'string' ? title : ''}`);
    return EXIT.done;
  }
  const schema = schemas.get(name);
  if (schema === undefined)
    throw new TowlineError('schema-unknown', 'invalid', `there is no schema "${name}"`, {
      help: `There are: ${[...schemas.keys()].join(', ')}.`,
    });
  stdout.write(schemaText(schema));
  return EXIT.done;
}

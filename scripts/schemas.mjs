// Writes schemas/ from the modules that Towline validates with.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { exportsOf } from './bundled.mjs';

const { publishedSchemas, schemaText } = await exportsOf('schemas', 'src/cli/schemas/index.ts');
await rm('schemas', { recursive: true, force: true });
await mkdir('schemas');
for (const [name, schema] of publishedSchemas())
  await writeFile(path.join('schemas', `${name}.json`), schemaText(schema));

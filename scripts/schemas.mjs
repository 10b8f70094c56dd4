// Writes schemas/ from the modules that Towline validates with.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const outfile = path.resolve('build/schemas.mjs');
await build({
  entryPoints: ['src/cli/schemas/index.ts'],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
});
const { publishedSchemas, schemaText } = await import(pathToFileURL(outfile).href);
await rm('schemas', { recursive: true, force: true });
await mkdir('schemas');
for (const [name, schema] of publishedSchemas())
  await writeFile(path.join('schemas', `${name}.json`), schemaText(schema));

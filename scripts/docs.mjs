// Writes the pages of docs/ that are made from code.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const outfile = path.resolve('build/rules-page.mjs');
await build({
  entryPoints: ['test/docs/rules-page.ts'],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
});
const { rulesPages } = await import(pathToFileURL(outfile).href);
await rm('docs/rules', { recursive: true, force: true });
await mkdir('docs/rules');
for (const [name, text] of rulesPages()) await writeFile(path.join('docs', name), text);

// Writes the pages of docs/ that are made from code.
import { writeFile } from 'node:fs/promises';
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
const { rulesPage } = await import(pathToFileURL(outfile).href);
await writeFile('docs/rules.md', rulesPage());

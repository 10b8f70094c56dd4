// TypeScript of this project as one file that Node can run; packages stay outside of it.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const project = path.resolve(import.meta.dirname, '..');

/** Bundles a file (or `{ contents }`, whose imports are relative to the project) into `build/NAME.mjs`; gives its path. */
export async function bundled(name, entry) {
  const outfile = path.join(project, 'build', `${name}.mjs`);
  await build({
    absWorkingDir: project,
    ...(typeof entry === 'string'
      ? { entryPoints: [entry] }
      : { stdin: { ...entry, resolveDir: project, loader: 'ts' } }),
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    logLevel: 'warning',
  });
  return outfile;
}

/** What such a bundle exports. */
export async function exportsOf(name, entry) {
  return import(pathToFileURL(await bundled(name, entry)).href);
}

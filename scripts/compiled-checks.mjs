// What the build does so that a command doesn't begin with compiling schemas: see src/domain/job/validate/quick-checks.ts.
import path from 'node:path';
import { transform } from 'esbuild';
import { exportsOf } from './bundled.mjs';

const FOLDER = path.resolve('src/domain/job/validate');

/** The checks of our own schemas as esbuild plugin; made anew from `src/` each time, before anything is bundled. */
export async function compiledChecks() {
  const { quickChecks } = await exportsOf('quick-checks', 'scripts/quick-checks.ts');
  const checks = [...quickChecks()];
  const small = await Promise.all(
    checks.map(([, code]) => transform(code, { minify: true, target: 'node20' })),
  );
  return {
    name: 'compiled-checks',
    setup({ onResolve, onLoad }) {
      const inFolder = (importer) => path.dirname(importer) === FOLDER;
      onResolve({ filter: /^\.\/quick-checks\.js$/ }, ({ importer }) =>
        inFolder(importer) ? { namespace: 'checks', path: 'all' } : undefined,
      );
      onResolve({ filter: /^check:/ }, ({ path: name }) => ({ namespace: 'checks', path: name.slice(6) }));
      onLoad({ filter: /./, namespace: 'checks' }, ({ path: name }) => ({
        contents: name === 'all' ? allOf(checks.map(([id]) => id)) : small[Number(name)].code,
        resolveDir: FOLDER,
      }));
      // ajv is there for what does not fit: loading it takes as long as all the rest of a short command.
      onResolve({ filter: /^\.\/ajv-for\.js$/ }, ({ importer, namespace }) =>
        namespace === 'file' && inFolder(importer) ? { namespace: 'late', path: 'ajv-for' } : undefined,
      );
      onLoad({ filter: /./, namespace: 'late' }, () => ({
        contents: `export const ajvFor = (...given) => require('./ajv-for.ts').ajvFor(...given);`,
        resolveDir: FOLDER,
      }));
    },
  };
}

/** `require`, so that what a check needs at its beginning is done when it is first asked. */
function allOf(ids) {
  const entries = ids.map((id, at) => `[${JSON.stringify(id)}, (value) => require('check:${at}')(value)]`);
  return `export const QUICK_CHECKS = new Map([${entries.join(', ')}]);`;
}

// Builds the shipped command: one entry with lazily loaded parts, so that `towline --help` loads next to nothing.
import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { build } from 'esbuild';
import { compiledChecks } from './compiled-checks.mjs';

const { version, dependencies } = JSON.parse(await readFile('package.json', 'utf8'));
/** Loads files from its own folder at run time (protobuf definitions), or is a native module. */
const EXTERNAL = ['dockerode', 'pino-pretty', 'isomorphic-git', 'fastify', 'cpu-features', '*.node'];

/** Of what decides how a manifest is read: parsed values of another version must not be used. */
async function parserDigest() {
  const hash = createHash('sha256');
  for (const name of ['yaml', 'jsonc-parser']) hash.update(`${name}@${dependencies[name]}\n`);
  const folder = 'src/domain/job';
  const files = (await readdir(folder, { recursive: true })).filter(
    (file) => /^text\/|^(manifest|parse-manifest)\.ts$/.test(file) && !file.endsWith('.spec.ts'),
  );
  for (const file of files.sort()) hash.update(`${file}\n`).update(await readFile(`${folder}/${file}`));
  return hash.digest('hex').slice(0, 16);
}

await rm('dist', { recursive: true, force: true });
await build({
  entryPoints: { towline: 'src/cli/main.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  chunkNames: 'parts/[name]-[hash]',
  external: EXTERNAL.filter((name) => name.includes('*') || name in dependencies || name === 'cpu-features'),
  define: { TOWLINE_BUILD: JSON.stringify({ version, parser: await parserDigest() }) },
  // CommonJS packages inside an ES module bundle still ask for these three.
  banner: {
    js: "import{createRequire as _r}from'node:module';import{fileURLToPath as _f}from'node:url';import{dirname as _d}from'node:path';const require=_r(import.meta.url),__filename=_f(import.meta.url),__dirname=_d(__filename);",
  },
  // Its CommonJS form is UMD, whose requires no bundler sees.
  alias: { 'jsonc-parser': './node_modules/jsonc-parser/lib/esm/main.js' },
  plugins: [await compiledChecks()],
  legalComments: 'none',
  logLevel: 'warning',
});
await chmod('dist/towline.js', 0o755);
await mkdir('dist', { recursive: true });
await cp('schemas', 'dist/schemas', { recursive: true });

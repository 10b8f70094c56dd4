// Builds the shipped command: one entry with lazily loaded parts, so that `towline --help` loads next to nothing.
import { chmod, cp, mkdir, readFile, rm } from 'node:fs/promises';
import { build } from 'esbuild';

const { version, dependencies } = JSON.parse(await readFile('package.json', 'utf8'));
/** Loads files from its own folder at run time (protobuf definitions), or is a native module. */
const EXTERNAL = ['dockerode', 'pino-pretty', 'isomorphic-git', 'fastify', 'cpu-features', '*.node'];

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
  define: { TOWLINE_VERSION: JSON.stringify(version) },
  // CommonJS packages inside an ES module bundle still ask for these three.
  banner: {
    js: "import{createRequire as _r}from'node:module';import{fileURLToPath as _f}from'node:url';import{dirname as _d}from'node:path';const require=_r(import.meta.url),__filename=_f(import.meta.url),__dirname=_d(__filename);",
  },
  // Its CommonJS form is UMD, whose requires no bundler sees.
  alias: { 'jsonc-parser': './node_modules/jsonc-parser/lib/esm/main.js' },
  legalComments: 'none',
  logLevel: 'warning',
});
await chmod('dist/towline.js', 0o755);
await mkdir('dist', { recursive: true });
await cp('schemas', 'dist/schemas', { recursive: true });

// The main job end to end on the embedded servers, told step by step. `--keep` leaves it up.
import { spawn } from 'node:child_process';
import { build } from 'esbuild';

await import('./build.mjs');
const outfile = 'build/demo.mjs';
await build({
  entryPoints: ['test/scenario/demo.ts'],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
});
const child = spawn(process.execPath, [outfile, ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => process.exit(code ?? 1));

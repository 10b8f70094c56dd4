// The main job end to end on the embedded servers, told step by step. `--keep` leaves it up.
import { spawn } from 'node:child_process';
import { bundled } from './bundled.mjs';

await import('./build.mjs');
const outfile = await bundled('demo', 'test/scenario/demo.ts');
const child = spawn(process.execPath, [outfile, ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => process.exit(code ?? 1));

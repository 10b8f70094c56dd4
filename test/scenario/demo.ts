import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { runChain, removeFolder, type Narrator } from './chain.js';

const keep = process.argv.includes('--keep');
const color = process.stdout.isTTY
  ? (code: string, text: string): string => `\u001b[${code}m${text}\u001b[0m`
  : (_code: string, text: string): string => text;
const print = (text: string): void => void process.stdout.write(`${text}\n`);
let count = 0;
const narrator: Narrator = {
  step: (title) => print(`\n${color('1;36', `${++count}. ${title}`)}`),
  say: (text) => print(`   ${text}`),
  show: (text) =>
    print(
      color(
        '2',
        text
          .trimEnd()
          .split('\n')
          .map((line) => `   | ${line}`)
          .join('\n'),
      ),
    ),
};

const folder = await mkdtemp(path.join(os.tmpdir(), 'towline-demo-'));
const begun = Date.now();
try {
  const project = process.cwd();
  const chain = await runChain({ folder, project, program: path.join(project, 'dist/towline.js'), narrator });
  print(`\n${color('1;32', 'The whole chain ran.')} ${((Date.now() - begun) / 1000).toFixed(0)} s`);
  if (keep) {
    print(
      `\nIt stays up. Consul ${chain.urls.consul}, Marathon ${chain.urls.marathon}, Chronos ${chain.urls.chronos}`,
    );
    print(
      `Work tree ${chain.work} (edit, commit, git push origin main); processes ${chain.pids.join(', ')}. Press Ctrl-C to end it.`,
    );
    await new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    });
  }
  await chain.close();
} catch (error) {
  print(`\n${color('1;31', 'The chain broke.')} ${error instanceof Error ? error.message : String(error)}`);
  print(`The logs are in ${folder}`);
  process.exit(1);
}
await removeFolder(folder);

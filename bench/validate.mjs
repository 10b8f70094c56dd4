// How long `towline validate` takes, and how much memory, for 1,000 and 10,000 manifests: without the cache of parsed files
// (cold), when it fills it (first), and with it (warm). `npm run bench:validate`
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

const RUNS = 3;
const program = path.resolve(import.meta.dirname, '../dist/towline.js');

console.log('files  run   seconds (median of 3)  manifests/s  peak MiB  (node alone: seconds, MiB)');
for (const count of [1000, 10_000]) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'towline-bench-'));
  try {
    await write(folder, count);
    const env = { ...process.env, XDG_CACHE_HOME: path.join(folder, '.cache') };
    const idle = await measured(['-e', '0'], env);
    for (const [name, args] of [
      ['cold', ['--no-cache']],
      ['first', []],
      ['warm', []],
    ]) {
      const runs = [];
      for (let run = 0; run < (name === 'first' ? 1 : RUNS); run++)
        runs.push(await measured([program, 'validate', ...args, folder], env));
      const { seconds, mib } = runs.sort((a, b) => a.seconds - b.seconds)[Math.floor(runs.length / 2)];
      console.log(
        `${count}  ${name.padEnd(5)} ${seconds.toFixed(2)}  ${Math.round(count / seconds)}  ${Math.round(mib)}  (${idle.seconds.toFixed(2)}, ${Math.round(idle.mib)})`,
      );
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Half YAML with comments, half JSON, of the size that production apps have. */
async function write(folder, count) {
  for (let at = 0; at < count; at++) {
    const group = path.join(folder, `team-${at % 50}`);
    await mkdir(group, { recursive: true });
    const app = appOf(at);
    if (at % 2 === 0)
      await writeFile(path.join(group, `app-${at}.json`), `${JSON.stringify(app, null, 2)}\n`);
    else
      await writeFile(
        path.join(group, `app-${at}.yaml`),
        `# Service ${at}\n${Object.entries(app)
          .map(([name, value]) => `${name}: ${JSON.stringify(value)}   # ${name}`)
          .join('\n')}\n`,
      );
  }
}

function appOf(at) {
  return {
    id: `/team-${at % 50}/app-${at}`,
    cmd: 'exec ./server --port $PORT0',
    container: { type: 'DOCKER', docker: { image: `shop/app-${at}:1.${at}.0` } },
    instances: 3,
    cpus: 0.5,
    mem: 512,
    env: Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`SETTING_${n}`, `value ${n} of ${at}`])),
    labels: { owner: `team-${at % 50}`, tier: 'backend' },
    portDefinitions: [{ port: 0, name: 'http' }],
    healthChecks: [{ protocol: 'MESOS_HTTP', path: '/health', portIndex: 0, intervalSeconds: 10 }],
    upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 0.5 },
    dependencies: at > 50 ? [`/team-${at % 50}/app-${at - 50}`] : [],
  };
}

/** Runs node to its end; the child tells its own peak of memory. */
function measured(args, env) {
  const report =
    'data:text/javascript,process.on("exit",()=>process._rawDebug("RSS "+process.resourceUsage().maxRSS))';
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const child = spawn(process.execPath, ['--import', report, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env,
    });
    let text = '';
    child.stderr.on('data', (chunk) => (text += chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      const peak = /RSS (\d+)/.exec(text);
      if (code !== 0 || peak === null)
        reject(new Error(`node ${args.join(' ')} ended with ${code}: ${text}`));
      else resolve({ seconds: (performance.now() - begun) / 1000, mib: Number(peak[1]) / 1024 });
    });
  });
}

// Large repositories in no time, by git fast-import, and the floor that any mirror has to pay to git.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';

export function run(command, args, { cwd, input } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    const chunks = [];
    let errors = '';
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => (errors += chunk));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0
        ? resolve(Buffer.concat(chunks))
        : reject(new Error(`${command} ${args.join(' ')}: ${errors}`)),
    );
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
  });
}

/** A manifest of a usual size, the same for the same numbers. */
export function manifest(at, version = 0) {
  return `${JSON.stringify(
    {
      id: `/team-${at % 50}/app-${at}`,
      cmd: 'exec ./server --port $PORT0',
      container: { type: 'DOCKER', docker: { image: `shop/app-${at}:1.${at}.${version}` } },
      instances: 3,
      cpus: 0.5,
      mem: 512,
      env: Object.fromEntries(
        Array.from({ length: 12 }, (_, n) => [
          `SETTING_${n}`,
          createHash('sha256').update(`${at} ${n}`).digest('hex').slice(0, 24),
        ]),
      ),
      labels: { owner: `team-${at % 50}`, tier: 'backend' },
      portDefinitions: [{ port: 0, name: 'http' }],
      healthChecks: [{ protocol: 'MESOS_HTTP', path: '/health', portIndex: 0 }],
    },
    null,
    2,
  )}\n`;
}

export const nameOf = (at) => `jobs/team-${at % 50}/group-${Math.floor(at / 50) % 40}/app-${at}.json`;

/**
 * Commits of a bare repository: the first one has `count` files, every further one the changes of its function
 * (path → text, null deletes). Returns their ids; no branch points at them.
 */
export async function commits(bare, count, changes) {
  await run('git', ['init', '-q', '--bare', '-b', 'main', bare]);
  const parts = [];
  const data = (text) => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const commit = (mark, from, message, files) => {
    parts.push(
      `commit refs/bench/tip\nmark :${mark}\ncommitter B <b@example.org> ${1_700_000_000 + mark} +0000\n`,
    );
    parts.push(data(message), from === undefined ? '' : `from :${from}\n`);
    for (const [path, text] of files)
      parts.push(text === null ? `D ${path}\n` : `M 100644 inline ${path}\n${data(text)}`);
    parts.push('\n');
  };
  commit(
    1,
    undefined,
    'All',
    Array.from({ length: count }, (_, at) => [nameOf(at), manifest(at)]),
  );
  changes.forEach((files, at) => commit(at + 2, at + 1, `Change ${at}`, files));
  await run('git', ['fast-import', '--quiet', '--export-marks=marks'], { cwd: bare, input: parts.join('') });
  const marks = (await run('cat', ['marks'], { cwd: bare })).toString();
  const ids = new Map(
    [...marks.matchAll(/^:(\d+) ([0-9a-f]+)$/gm)].map(([, mark, id]) => [Number(mark), id]),
  );
  return Array.from({ length: changes.length + 1 }, (_, at) => ids.get(at + 1));
}

/** All files of a folder at a commit, by one `cat-file --batch`. */
export async function readAll(gitDir, commit, folder = 'jobs') {
  const listed = (
    await run('git', ['ls-tree', '-r', '-z', `${commit}:${folder}`], { cwd: gitDir })
  ).toString();
  const entries = listed
    .split('\0')
    .filter(Boolean)
    .map((line) => {
      const [head, path] = line.split('\t');
      return { path, id: head.split(' ')[2] };
    });
  return readBlobs(gitDir, entries);
}

export async function readBlobs(gitDir, entries) {
  const out = await run('git', ['cat-file', '--batch'], {
    cwd: gitDir,
    input: `${entries.map(({ id }) => id).join('\n')}\n`,
  });
  let at = 0;
  return entries.map(({ path }) => {
    const end = out.indexOf(10, at);
    const size = Number(out.subarray(at, end).toString().split(' ')[2]);
    at = end + 1 + size + 1;
    return { path, bytes: out.subarray(end + 1, end + 1 + size) };
  });
}

import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openFrontDoor, get, healthyTasks, type FrontDoor } from './front-door.js';
import { Processes, until, type Finished, type Running } from './processes.js';

/** Who tells the story: the demo prints it, the test checks only what is thrown. */
export interface Narrator {
  step(title: string): void;
  say(text: string): void;
  /** Output of a command, as it was. */
  show(text: string): void;
}

export interface ChainOptions {
  /** Folder that is used for everything and was made for this. */
  folder: string;
  /** The project's own folder. */
  project: string;
  /** The built command. */
  program: string;
  narrator: Narrator;
  /** A Consul to use instead of the sandbox's. */
  consulUrl?: string;
}

/** Everything that runs while the story goes on. */
export interface Chain {
  urls: { consul: string; marathon: string; chronos: string };
  folder: string;
  bare: string;
  work: string;
  daemon: Running;
  close(): Promise<void>;
  pids: number[];
}

/**
 * The whole chain on real input: push, mirror, deploy, release, promotion, rolling update, a refused push, a prune, a
 * rollback, and what Git has to say about all of it. Every step ends with a check from outside; what is not so is thrown.
 */
export async function runChain(options: ChainOptions): Promise<Chain> {
  const { narrator } = options;
  const scene = await setScene(options);
  const { tell, git, towline, urls, work } = scene;
  const door: { open?: FrontDoor } = {};
  try {
    narrator.step('A push is mirrored and deployed');
    narrator.show(await tell(() => git('push', '-q', 'origin', 'main')));
    await until('every job of production is deployed', async () => (await openJobs(scene)) === 0, {
      limitMs: 90_000,
    });
    const tasks = await healthyTasks(urls.marathon, '/shop/web');
    for (const { host, port } of tasks)
      narrator.say(`http://${host}:${port}/ answers ${(await get(`http://${host}:${port}/`)).body}`);
    expectThat(tasks.length === 3, `3 tasks of /shop/web answer, ${tasks.length} do`);
    narrator.show((await towline('status', 'production')).stdout);

    narrator.step('A release of a new tag becomes a commit, then a rolling update');
    door.open = await openFrontDoor(urls.marathon, '/shop/web');
    await until(
      'the front door has seen the old version',
      async () => (door.open?.seen().versions.get('1.0.0') ?? 0) > 20,
    );
    narrator.say('A client asks the front door all the time; it has only seen version 1.0.0.');
    narrator.show(
      (
        await must(
          towline(
            'release',
            'harbour/web:1.1.0',
            '--source-commit',
            '4f2a9c1',
            '--build-url',
            'https://ci.harbour.example/job/web/118/',
            '--by',
            'ci',
          ),
        )
      ).stdout,
    );
    await until('only the new version answers', () => onlyVersion(door.open, '1.1.0'), { limitMs: 90_000 });
    report(door.open, narrator);
    await git('pull', '-q', '--ff-only', 'origin', 'main');
    narrator.show(await git('log', '-1', '--format=%h %an: %B'));
    narrator.show(await git('show', '--format=', '--unified=0', 'HEAD'));
    await until('the pass is on record', async () => (await openJobs(scene)) === 0);
    const [updated] = await tasksOf(urls.marathon, '/shop/web');
    narrator.say(
      'Why does one of the new tasks run? From the task to the build and the commit in the source:',
    );
    const chainOf = (await must(towline('why', updated ?? '', '-e', 'production'))).stdout;
    narrator.show(chainOf);
    expectThat(!chainOf.includes('(missing)'), `no link of the chain is missing: ${chainOf}`);

    narrator.step('A bad push is refused, with the place of the mistake');
    await replaceIn(path.join(work, 'production/shop/api.yaml'), 'instances: 2', 'instnaces: 2');
    await git('commit', '-q', '-am', 'Two instances of the api');
    const refused = await scene.processes.run('git', ['push', '-q', 'origin', 'main'], { cwd: work });
    expectThat(
      refused.code !== 0 && /production\/shop\/api\.yaml:\d+:\d+: error/.test(refused.stderr),
      `the push is refused with a place: ${refused.stderr}`,
    );
    narrator.show(refused.stderr);
    await git('reset', '-q', '--hard', 'HEAD~1');

    narrator.step('A file is removed, and its job is pruned once somebody else has looked');
    await git('rm', '-q', 'base/shop/search.json', 'development/shop/search.json');
    await git('commit', '-q', '-m', 'Search moves to a hosted service');
    narrator.show(await tell(() => git('push', '-q', 'origin', 'main')));
    const asked = await until('the deletion waits for an approval', () => askedApproval(scene), {
      limitMs: 60_000,
    });
    narrator.show((await towline('gates', 'production')).stdout);
    narrator.show(
      (
        await must(
          towline(
            'approve',
            asked,
            '-e',
            'production',
            '--by',
            'bob@harbour.example',
            '-m',
            'nobody calls it',
          ),
        )
      ).stdout,
    );
    await until(
      '/shop/search is gone',
      async () => (await get(`${urls.marathon}/v2/apps/shop/search`)).status === 404,
    );
    narrator.say('Marathon has no /shop/search any more; every other job runs on.');
    await until('the pass is on record', async () => (await openJobs(scene)) === 0);

    narrator.step('A rollback is a git revert');
    door.open.reset();
    const promotion = (
      await git('log', '--format=%H', '--grep=Towline-Release: harbour/web:1.1.0', '-1')
    ).trim();
    await git('revert', '--no-edit', promotion);
    narrator.show(await tell(() => git('push', '-q', 'origin', 'main')));
    await until('only the old version answers', () => onlyVersion(door.open, '1.0.0'), { limitMs: 90_000 });
    report(door.open, narrator);
    narrator.say('The release 1.1.0 still stands in KV. It is not promoted again: the revert stands.');
    await until('the pass is on record', async () => (await openJobs(scene)) === 0);

    narrator.step('Git tells the whole story');
    await git('fetch', '-q', 'origin');
    narrator.show(
      await git('log', '--graph', '--format=%h %an  %s', '--max-count=24', 'origin/ledger/production'),
    );
    narrator.show((await must(towline('history', '-e', 'production', '-n', '5'))).stdout);
    const [task] = await tasksOf(urls.marathon, '/shop/web');
    narrator.say(`Why does the task ${task ?? ''} run?`);
    const why = await must(towline('why', task ?? '', '-e', 'production'));
    narrator.show(why.stdout);
    for (const link of ['runs as task', 'by deployment', 'on record as', 'of revision', 'stated by'])
      expectThat(why.stdout.includes(link), `why names the link "${link}"`);
    expectThat(
      !/\(missing\) (no deployment|the ledger|no revision)/.test(why.stdout),
      `no link to the ledger is missing: ${why.stdout}`,
    );
    await auditTampering(scene, narrator);
  } catch (error) {
    narrator.say(`the daemon's last words:\n${scene.daemon.output().slice(-3000)}`);
    await door.open?.close();
    await scene.close();
    throw error;
  }
  await door.open.close();
  return scene;
}

/** The plan that waits for an approval of a deletion; undefined while none does. */
async function askedApproval({ towline }: Scene): Promise<string | undefined> {
  const { stdout } = await towline('gates', 'production');
  return /needs 1 approval of plan ([0-9a-f]{12})/.exec(stdout)?.[1];
}

/** An audit before and after somebody changes a value past Git, and after the mirror has put it right. */
async function auditTampering(scene: Scene, narrator: Narrator): Promise<void> {
  const { towline, urls, daemon } = scene;
  narrator.step('Somebody edits a value in Consul past Git, and an audit names it');
  const whole = await must(towline('audit', 'verify', 'production'));
  narrator.show(whole.stdout);
  expectThat(/whole/.test(whole.stdout), `everything on record holds together: ${whole.stdout}`);
  // A running mirror would put it right before anybody could look.
  await daemon.stop();
  const key = 'towline/production/config/production/shop/web.yaml';
  const value = (await get(`${urls.consul}/v1/kv/${key}?raw`)).body;
  narrator.say(`$ consul kv put ${key} …`);
  await fetch(`${urls.consul}/v1/kv/${key}`, { method: 'PUT', body: `${value}# nobody will notice\n` });
  const broken = await towline('audit', 'verify', 'production');
  narrator.show(broken.stdout);
  expectThat(
    broken.code === 4 && broken.stdout.includes('kv value') && broken.stdout.includes(key),
    `the audit names the value: exit ${broken.code}, ${broken.stdout}${broken.stderr}`,
  );
  narrator.say('A pass of the mirror puts it right, and that is on record too:');
  await must(towline('mirror', 'production', '--once'));
  const again = await must(towline('audit', 'verify', 'production'));
  expectThat(/whole/.test(again.stdout), `it holds together again: ${again.stdout}`);
  narrator.show((await must(towline('history', '-e', 'production', '--kind', 'mirror', '-n', '1'))).stdout);
}

type Scene = Chain & {
  processes: Processes;
  git: (...args: string[]) => Promise<string>;
  /** What git's remote said, besides its own output. */
  tell: (push: () => Promise<string>) => Promise<string>;
  towline: (...args: string[]) => Promise<Finished>;
};

/** A bare repository with hooks, a clone of a colleague, the schedulers, and Towline as a daemon. */
async function setScene({ folder, project, program, narrator, consulUrl }: ChainOptions): Promise<Scene> {
  const [bare, work] = [path.join(folder, 'jobs.git'), path.join(folder, 'work')];
  const processes = new Processes(environment(folder, project));
  let lastError = '';
  const git = async (...args: string[]): Promise<string> => {
    const result = await processes.run('git', args, { cwd: work });
    lastError = result.stderr;
    if (result.code !== 0) throw new Error(`git ${args.join(' ')}: ${result.stderr}`);
    return result.stdout;
  };
  const tell = async (push: () => Promise<string>): Promise<string> => (await push()) + lastError;

  narrator.step('Marathon, Chronos and Consul begin to answer');
  const sandbox = await processes.start(
    process.execPath,
    [
      program,
      'sandbox',
      '--docker',
      'off',
      '--dir',
      path.join(folder, 'sandbox'),
      '--consul-port',
      '0',
      '--marathon-port',
      '0',
      '--chronos-port',
      '0',
    ],
    { cwd: folder, logFile: path.join(folder, 'sandbox.log') },
  );
  const address = (name: string): Promise<string> =>
    until(
      `the sandbox serves ${name}`,
      async () => new RegExp(`^${name}\\s+(\\S+)`, 'm').exec(sandbox.output())?.[1],
    );
  const urls = {
    consul: consulUrl ?? (await address('consul')),
    marathon: await address('marathon'),
    chronos: await address('chronos'),
  };
  narrator.say(
    consulUrl === undefined
      ? 'They are the embedded ones (towline sandbox), reached over HTTP like the real ones.'
      : `Consul is a real one, at ${consulUrl}.`,
  );

  narrator.step('A bare job repository with the hooks installed');
  await mkdir(work, { recursive: true });
  await processes.run('git', ['init', '-q', '--bare', '-b', 'main', bare]);
  await cp(path.join(project, 'fixtures/harbour'), work, { recursive: true });
  await configure(path.join(work, 'towline.yaml'), urls);
  await git('init', '-q', '-b', 'main');
  await git('remote', 'add', 'origin', bare);
  await git('add', '-A');
  await git('commit', '-q', '-m', "Harbour's jobs");
  const towline = (...args: string[]): Promise<Finished> =>
    processes.run(process.execPath, [program, '--config', path.join(work, 'towline.yaml'), ...args], {
      cwd: work,
      env: { TOWLINE_REPOSITORY_URL: bare, TOWLINE_LOG_LEVEL: 'warn' },
    });
  narrator.say(`$ git init --bare ${path.basename(bare)}; towline hook install ${path.basename(bare)}`);

  const daemon = await processes.start(
    process.execPath,
    [
      program,
      '--config',
      path.join(work, 'towline.yaml'),
      'run',
      '-e',
      'production',
      '--listen',
      '127.0.0.1:0',
    ],
    { cwd: folder, logFile: path.join(folder, 'towline.log'), env: { TOWLINE_REPOSITORY_URL: bare } },
  );
  const hookUrl = await until(
    'towline listens',
    async () => /"url":"(http:[^"]+)","msg":"listening"/.exec(daemon.output())?.[1],
  );
  narrator.show((await must(towline('hook', 'install', bare, '--notify', `${hookUrl}/webhook`))).stdout);
  const close = async (): Promise<void> => {
    await processes.stopAll();
  };
  return { urls, folder, bare, work, daemon, processes, git, tell, towline, close, pids: processes.pids };
}

function environment(folder: string, project: string): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(CONSUL_|TOWLINE_|GIT_|npm_|NODE_OPTIONS|JEST)/.test(entry[0]),
  );
  return {
    ...Object.fromEntries(kept),
    HARBOUR_APP: path.join(project, 'fixtures/app/server.mjs'),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: path.join(folder, 'no-such-gitconfig'),
    GIT_AUTHOR_NAME: 'Ann',
    GIT_AUTHOR_EMAIL: 'ann@harbour.example',
    GIT_COMMITTER_NAME: 'Ann',
    GIT_COMMITTER_EMAIL: 'ann@harbour.example',
    NO_COLOR: '1',
  };
}

async function configure(file: string, urls: Chain['urls']): Promise<void> {
  const text = await readFile(file, 'utf8');
  await writeFile(
    file,
    text
      .replaceAll('http://127.0.0.1:8500', urls.consul)
      .replaceAll('http://127.0.0.1:8080', urls.marathon)
      .replaceAll('http://127.0.0.1:4400', urls.chronos),
  );
}

/** Jobs that are not deployed yet, intents that are still open included; -1 before the first pass. */
async function openJobs({ towline, git }: Scene): Promise<number> {
  const { stdout } = await towline('status', 'production', '--output', 'json');
  const [status] = JSON.parse(stdout) as {
    mirror: { state: string; revision?: string };
    ledger: { commit?: string; revision?: string; openIntents: string[] };
    jobs: { state: string; live: boolean }[];
  }[];
  await git('fetch', '-q', 'origin');
  const tip = (await git('rev-parse', 'origin/main')).trim();
  if (status?.ledger.commit === undefined || status.mirror.revision !== tip || status.ledger.revision !== tip)
    return -1;
  return (
    status.ledger.openIntents.length +
    status.jobs.filter((job) => job.state !== 'applied' || !job.live).length
  );
}

async function onlyVersion(door: FrontDoor | undefined, version: string): Promise<boolean> {
  if (door === undefined) return false;
  const before = new Map(door.seen().versions);
  await new Promise((resolve) => setTimeout(resolve, 700));
  const now = door.seen().versions;
  const fresh = [...now].filter(([v, count]) => count > (before.get(v) ?? 0)).map(([v]) => v);
  return fresh.length === 1 && fresh[0] === version;
}

function report(door: FrontDoor, narrator: Narrator): void {
  const { failed, versions } = door.seen();
  const answered = [...versions.values()].reduce((sum, n) => sum + n, 0);
  narrator.say(
    `The client had ${answered + failed.length} answers: ${[...versions].map(([v, n]) => `${n} answered by ${v}`).join(', ')}, ${failed.length} failed.`,
  );
  expectThat(failed.length === 0, `no request failed: ${failed.slice(0, 3).join('; ')}`);
}

async function tasksOf(marathonUrl: string, appId: string): Promise<string[]> {
  const { body } = await get(`${marathonUrl}/v2/apps${appId}/tasks`);
  return (JSON.parse(body) as { tasks: { id: string }[] }).tasks.map((t) => t.id);
}

async function must(running: Promise<Finished>): Promise<Finished> {
  const result = await running;
  if (result.code !== 0) throw new Error(`exit ${result.code}: ${result.stderr}${result.stdout}`);
  return result;
}

async function replaceIn(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  expectThat(text.includes(from), `${file} holds "${from}"`);
  await writeFile(file, text.replace(from, to));
}

export function expectThat(holds: boolean, what: string): void {
  if (!holds) throw new Error(`it does not hold: ${what}`);
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

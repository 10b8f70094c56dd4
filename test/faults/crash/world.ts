import { execFileSync, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { JobRef } from '../../../src/domain/job/job-ref.js';
import type { Json, JsonObject } from '../../../src/domain/source/json.js';
import { consulKvStore, consulLock } from '../../../src/consul/index.js';
import { gitStore } from '../../../src/git/index.js';
import { silentLog } from '../../../src/runtime/log.js';
import { systemClock } from '../../../src/runtime/system-clock.js';
import { startConsulPart } from '../../../src/sandbox/consul/index.js';
import { giveOrder } from '../../../src/workers/deploy/order.js';
import { mirrorWorker } from '../../../src/workers/mirror/index.js';
import { GitSandbox } from '../../fakes/git-sandbox.js';
import { RecordedChronos } from './chronos.js';
import { author, layout, LEDGER, openDeployer, type Places } from './deployer.js';
import { RecordedMarathon } from './marathon.js';
import { recorder, type Accepted, type Call } from './recorder.js';

const signal = new AbortController().signal;
const log = silentLog();

/** What stands in Git before, and what the pass is about that dies. */
const app = (id: string, more: JsonObject = {}): JsonObject => ({
  id,
  cmd: 'exec sleep 1000',
  cpus: 0.1,
  mem: 32,
  instances: 1,
  ...more,
});
const daily = (name: string, more: JsonObject = {}): JsonObject => ({
  name,
  command: 'true',
  schedule: 'R/2099-01-01T03:00:00Z/P1D',
  ...more,
});
const BEFORE = [app('/web'), app('/old'), app('/scaled'), app('/bad'), app('/spun'), daily('nightly')];
const ALSO_BEFORE = [daily('weekly'), daily('gone')];
const AFTER = [
  app('/web', { env: { VERSION: '2' } }),
  app('/scaled', { instances: 2 }),
  // Finds no machine, and is rolled back.
  app('/bad', { cmd: 'never' }),
  app('/spun'),
  app('/store'),
  app('/shop', { dependencies: ['/store'] }),
  app('/refused'),
  daily('nightly', { owner: 'ann@example.org' }),
  { name: 'after-nightly', command: 'true', parents: ['nightly'] },
  // From its next moment on.
  daily('new', { schedule: 'R/2020-01-01T03:00:00Z/P1D' }),
  daily('weekly'),
];

/** A pass that is about to be made: all that is known of it, to be copied for each time that it dies. */
export interface Eve {
  folder: string;
  bare: string;
  consulData: string;
  marathon: RecordedMarathon;
  chronos: RecordedChronos;
  documents: Map<string, JsonObject>;
  remove(): Promise<void>;
}

/** Deploys what stands before, and mirrors what comes after, with a restart and a run that a person wants. */
export async function eve(): Promise<Eve> {
  const sandbox = new GitSandbox();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'towline-eve-'));
  const consulData = path.join(folder, 'consul');
  const world = await openWorld(
    {
      folder,
      bare: sandbox.bare,
      consulData,
      marathon: new RecordedMarathon(),
      chronos: new RecordedChronos(),
      documents: new Map(),
      remove: async () => undefined,
    },
    '',
  );
  const consul = { address: world.places.consulUrl, log };
  const [kv, lock] = [consulKvStore(consul), consulLock(consul)];
  const store = gitStore({ location: sandbox.bare, storeDir: folder, author, log });
  const mirror = mirrorWorker({
    layout,
    kv,
    lock,
    repository: store,
    branch: 'main',
    layers: ['jobs'],
    clock: systemClock,
    log,
    pollMs: 60_000,
    reconcileMs: 60_000,
    deletes: { maxCount: 1000, maxShare: 1, allowed: false },
  });
  const state = async (jobs: readonly JsonObject[]): Promise<void> => {
    sandbox.write({ 'jobs/all.json': JSON.stringify(jobs) });
    sandbox.commit();
    sandbox.push();
    await mirror.once({ signal, trigger: 'once' });
  };
  await state([...BEFORE, ...ALSO_BEFORE]);
  const deployer = openDeployer(world.places, { reached: () => undefined });
  await deployer.worker.once({ signal, trigger: 'deploy --once' });
  await state(AFTER);
  for (const [verb, ref] of [
    ['restart', 'marathon:/spun'],
    ['trigger', 'chronos:weekly'],
  ] as const)
    await giveOrder(
      { ledger: deployer.ledger, kv, layout, log },
      { verb, refs: [ref as JobRef], by: 'ann', at: '2026-01-01T00:00:00.000Z' },
      signal,
    );
  for (const each of [deployer, kv, lock, store, world]) await each.close();
  return {
    folder,
    bare: sandbox.bare,
    consulData,
    marathon: world.marathon,
    chronos: world.chronos,
    documents: world.documents,
    remove: async () => {
      sandbox.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Schedulers that record, a KV store and a repository, as they stand on the eve of the pass. */
export interface World {
  places: Places;
  marathon: RecordedMarathon;
  chronos: RecordedChronos;
  /** Everything that was accepted, in order. */
  accepted: Accepted[];
  /** What was accepted last, by its path in the ledger's tree. */
  documents: Map<string, JsonObject>;
  /** Requests so far. */
  calls: string[];
  /** Kills whoever calls at the nth request, before it is looked at or before it is answered. */
  killAt(call: number, when: 'on its way' | 'not answered', pid: () => number | undefined): void;
  git(...args: string[]): string;
  /** Ends the sessions of the dead, which Consul does by itself after their time to live. */
  endSessions(): Promise<void>;
  close(): Promise<void>;
}

export async function worldOf(night: Eve, scheme: string): Promise<World> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'towline-crash-'));
  const [bare, consulData] = [path.join(folder, 'jobs.git'), path.join(folder, 'consul')];
  await Promise.all([
    cp(night.bare, bare, { recursive: true }),
    cp(night.consulData, consulData, { recursive: true }),
  ]);
  const [marathon, chronos] = [night.marathon.copy(), night.chronos.copy()];
  const documents = structuredClone(night.documents);
  const world = await openWorld({ ...night, folder, bare, consulData, marathon, chronos, documents }, scheme);
  return {
    ...world,
    close: async () => {
      await world.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function openWorld(
  { folder, bare, consulData, marathon, chronos, documents }: Eve,
  scheme: string,
): Promise<World> {
  await mkdir(consulData, { recursive: true });
  const consul = await startConsulPart({ dataDir: consulData, host: '127.0.0.1', port: 0, log });
  const git = (...args: string[]): string =>
    execFileSync('git', ['--git-dir', bare, ...args], { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
  const accepted: Accepted[] = [];
  const calls: string[] = [];
  let strike: (when: 'on its way' | 'not answered', at: number) => boolean = () => false;
  const recording =
    (scheduler: Accepted['scheduler']) => (what: Omit<Accepted, 'scheduler' | 'announced'>) => {
      accepted.push({ ...what, scheduler, announced: isAnnounced(git, `${scheduler}:${what.id}`) });
      const file = `${scheduler}/${what.id.replace(/^\//, '')}.json`;
      if (what.verb === 'delete') documents.delete(file);
      else if (what.document !== undefined) documents.set(file, what.document);
    };
  const parts = await Promise.all([
    recorder(marathon.answer, recording('marathon')),
    recorder(chronos.answer, recording('chronos')),
  ]);
  for (const part of parts)
    part.strike = (when: 'on its way' | 'not answered', { method, path: at }: Call) => {
      if (when === 'on its way') calls.push(`${method} ${at}`);
      return strike(when, calls.length);
    };
  return {
    places: {
      location: `${scheme}${bare}`,
      storeDir: path.join(folder, 'copies'),
      consulUrl: consul.url,
      marathonUrl: parts[0].url,
      chronosUrl: parts[1].url,
    },
    marathon,
    chronos,
    accepted,
    documents,
    calls,
    killAt: (call, moment, pid) => {
      strike = (when, at) => {
        if (at !== call || when !== moment) return false;
        const target = pid();
        if (target === undefined) throw new Error('nobody is there to be killed');
        process.kill(target, 'SIGKILL');
        strike = () => false;
        return true;
      };
    },
    git,
    endSessions: async () => {
      const sessions = (await (await fetch(`${consul.url}/v1/session/list`)).json()) as { ID: string }[];
      for (const { ID } of sessions) await fetch(`${consul.url}/v1/session/destroy/${ID}`, { method: 'PUT' });
      await new Promise((resolve) => setTimeout(resolve, 5));
    },
    close: async () => {
      for (const part of [...parts, consul]) await part.close();
    },
  };
}

function isAnnounced(git: World['git'], ref: string): boolean {
  try {
    const { intents } = JSON.parse(git('show', `${LEDGER}:intents.json`)) as { intents: { ref: string }[] };
    return intents.some((intent) => intent.ref === ref);
  } catch {
    return false;
  }
}

/** A child that makes the pass; `names`: the points that it has passed, where it lived. */
export async function deployInChild(
  program: string,
  places: Places,
  { killAt, started }: { killAt?: number; started?: (pid: number | undefined) => void } = {},
): Promise<{ killed: boolean; names: string[] }> {
  const child = spawn(process.execPath, [program, JSON.stringify({ ...places, killAt })], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started?.(child.pid);
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const { code, signal: ending } = await new Promise<{ code: number | null; signal: string | null }>(
    (resolve) => child.on('close', (exit, by) => resolve({ code: exit, signal: by })),
  );
  if (ending === 'SIGKILL') return { killed: true, names: [] };
  if (code !== 0) throw new Error(`the deployer failed (${code}): ${Buffer.concat(err).toString()}`);
  return { killed: false, names: JSON.parse(Buffer.concat(out).toString()) as string[] };
}

/** The tree of the ledger without its own files: documents by their paths. */
export function treeOf({ git }: World): Map<string, Json> {
  const names = git('ls-tree', '-r', '--name-only', LEDGER)
    .split('\n')
    .filter((name) => name.includes('/'));
  // One call, because a process for each would take most of the time of the test.
  const texts = git('show', ...names.map((name) => `${LEDGER}:${name}`)).split(/(?<=^\})\n/m);
  return new Map(names.map((name, at) => [name, JSON.parse(texts[at] ?? '') as Json]));
}

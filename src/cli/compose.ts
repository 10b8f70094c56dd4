import os from 'node:os';
import path from 'node:path';
import type { ConsulAccess } from '../consul/index.js';
import type { Config, EnvironmentConfig, MirrorConfig, RemoteConfig } from '../config/config.js';
import { DEFAULTS } from '../config/defaults.js';
import { kvLayout, releasesPrefix, type KvLayout } from '../domain/source/kv-layout.js';
import { parseImageRef } from '../domain/job/image-ref.js';
import type { JobRef } from '../domain/job/job-ref.js';
import type { RemoteAccess } from '../git/remote-access.js';
import type { GitStore } from '../ports/git-store.js';
import type { KvStore } from '../ports/kv-store.js';
import type { Ledger } from '../ports/ledger.js';
import type { Lock } from '../ports/lock.js';
import type { Scheduler } from '../ports/scheduler.js';
import type { Models } from '../queries/declared.js';
import { TowlineError } from '../runtime/errors.js';
import { createLog, type Log } from '../runtime/log.js';
import { systemClock } from '../runtime/system-clock.js';
import { SCHEDULER_KINDS } from '../schedulers/registry.js';
import { whoAmI } from './ci-environment.js';
import { consulAccess } from './consul-access.js';
import type { GlobalFlags, Io } from './io.js';
import { schedulerAccess } from './scheduler-access.js';
import { loadSettings, type Settings, type SettingsOptions } from './settings.js';

/** Everything that a command may need, opened when it is asked for and closed together. */
export interface Session {
  config: Config;
  home: string;
  /** Who this process runs as, for the record: `ann@host`. */
  actor: string;
  log: Log;
  environments(names?: readonly string[]): EnvironmentConfig[];
  layout(environment: EnvironmentConfig): KvLayout;
  releasesPrefix: string;
  kv(): Promise<KvStore>;
  lock(): Promise<Lock>;
  repository(): Promise<GitStore>;
  /** The repository of a mirror, which may be another one than that of the jobs. */
  repositoryOf(
    mirror: Pick<MirrorConfig, 'url' | 'remote' | 'rewritten'>,
    storeDir?: string,
  ): Promise<GitStore>;
  ledger(environment: EnvironmentConfig): Promise<Ledger>;
  models(environment: EnvironmentConfig): Models;
  schedulers(environment: EnvironmentConfig): Promise<Scheduler[]>;
  close(): Promise<void>;
}

export interface SessionOptions extends SettingsOptions {
  /** Where the job repository is, when the caller stands inside it (hooks). */
  repository?: { location: string; quarantine: boolean };
}

/** Reads the configuration and makes a session. The only place that builds adapters. */
export async function openSession(
  flags: GlobalFlags,
  io: Io,
  options: SessionOptions = {},
): Promise<Session> {
  const settings = await loadSettings(flags, io, options);
  const { config, home } = settings;
  const log = await createLog({
    level: config.log.level,
    pretty: config.log.format === 'pretty' || (config.log.format === 'auto' && io.stderr.isTTY === true),
    stream: io.stderr,
  });
  const closers: (() => Promise<void>)[] = [];
  const repository = lazy(() => openRepository(settings, options, log, closers));
  /** One copy of each remote, however many mirrors read it. */
  const others = new Map<string, Promise<GitStore>>();
  const access = lazy(() => consulAccess(settings, io));
  const kv = lazy(async () => openKv(await access(), log, closers));
  const lock = lazy(async () => openLock(await access(), log, closers));
  return {
    config,
    home,
    actor: `${whoAmI(io.env)}@${os.hostname()}`,
    log,
    environments: (names) => chosen(config, names),
    layout: (environment) => kvLayout(config.consul.prefix, environment.name, environment.prefix),
    releasesPrefix: releasesPrefix(config.consul.prefix),
    kv,
    lock,
    repository,
    repositoryOf: ({ url, remote, rewritten }, storeDir) => {
      if (url === undefined) return repository();
      // Whether a branch was rewritten is told by its history; nothing else of a mirror needs one.
      const shallow = (remote?.history ?? (rewritten === 'hold' ? 'full' : 'tip')) === 'tip';
      const name = `${remote?.name ?? ''} ${shallow} ${url}`;
      const opened =
        others.get(name) ??
        openRepository(settings, { ...options, url, remote, shallow, storeDir }, log, closers);
      others.set(name, opened);
      return opened;
    },
    ledger: async ({ name, ledgerBranch }) => {
      const { gitLedger, journaledLedger } = await import('../ledger/index.js');
      const ledger = gitLedger({
        store: await repository(),
        branch: ledgerBranch,
        environment: name,
        author: config.repository.author,
      });
      const folder = path.resolve(home, config.repository.store, 'journal', name);
      return config.ledger.whenAway === 'stop'
        ? ledger
        : journaledLedger(ledger, { folder, environment: name, log: log.child({ environment: name }) });
    },
    models: modelsOf,
    schedulers: (environment) => openSchedulers(environment, access, log, closers),
    close: async () => {
      for (const close of closers.reverse()) await close();
    },
  };
}

/** Runs a command's work with a session and closes it, whatever happens. */
export async function withSession(
  flags: GlobalFlags,
  io: Io,
  work: (session: Session) => Promise<number>,
  options: SessionOptions = {},
): Promise<number> {
  const session = await openSession(flags, io, options);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** `--adopt` and `--retry`: alone for all, or with one job reference. */
export function whichJobs(flag: string | boolean | undefined): 'none' | 'all' | ReadonlySet<JobRef> {
  if (flag === undefined || flag === false) return 'none';
  return flag === true ? 'all' : new Set([flag as JobRef]);
}

/** `IMAGE:TAG[@DIGEST]` of a command line. */
export function imageArgument(text: string): { image: string; tag: string; digest?: string } {
  const parsed = parseImageRef(text);
  if (parsed?.tag === undefined) {
    throw new TowlineError('image-invalid', 'invalid', `"${text}" is no image reference with a tag`, {
      help: 'Write it as NAME:TAG, for example shop/web:1.4.2; NAME may begin with a registry.',
    });
  }
  return {
    image: parsed.name,
    tag: parsed.tag,
    ...(parsed.digest === undefined ? {} : { digest: parsed.digest }),
  };
}

/** Environments and mirrors by their names; without names all of them. */
export function chosenMirrors(
  config: Config,
  names: readonly string[],
): { environments: EnvironmentConfig[]; mirrors: MirrorConfig[] } {
  const mirrors = config.mirrors.filter(({ name }) => names.length === 0 || names.includes(name));
  const others = names.filter((name) => !mirrors.some((mirror) => mirror.name === name));
  const environments = names.length > 0 && others.length === 0 ? [] : chosen(config, others);
  return { environments, mirrors };
}

function chosen(config: Config, names: readonly string[] = []): EnvironmentConfig[] {
  if (names.length === 0) return config.environments;
  return names.map((name) => {
    const found = config.environments.find((e) => e.name === name);
    if (found !== undefined) return found;
    const known = config.environments.map((e) => e.name).join(', ');
    throw new TowlineError('environment-unknown', 'invalid', `there is no environment "${name}"`, {
      help: known === '' ? 'towline.yaml names none.' : `towline.yaml has: ${known}.`,
    });
  });
}

function modelsOf({ schedulers, deploy }: EnvironmentConfig): Models {
  return new Map(
    schedulers.map(({ name, kind, settings }) => [
      name,
      { model: kindOf(kind, name).model, context: { settings, together: deploy.together } },
    ]),
  );
}

async function openSchedulers(
  { schedulers }: EnvironmentConfig,
  consul: () => Promise<ConsulAccess>,
  log: Log,
  closers: (() => Promise<void>)[],
): Promise<Scheduler[]> {
  return Promise.all(
    schedulers.map(async (config) => {
      const { name, kind, settings } = config;
      const scheduler = await kindOf(kind, name).open({
        name,
        ...(await schedulerAccess(config, consul, closers)),
        settings,
        clock: systemClock,
        log: log.child({ scheduler: name }),
      });
      closers.push(() => scheduler.close());
      return scheduler;
    }),
  );
}

function kindOf(kind: string, name: string): NonNullable<ReturnType<typeof SCHEDULER_KINDS.get>> {
  const found = SCHEDULER_KINDS.get(kind);
  if (found !== undefined) return found;
  throw new TowlineError(
    'scheduler-unknown',
    'invalid',
    `scheduler "${name}" is of the unknown kind "${kind}"`,
    {
      help: `Known kinds: ${[...SCHEDULER_KINDS.keys()].join(', ')}.`,
    },
  );
}

async function openKv(access: ConsulAccess, log: Log, closers: (() => Promise<void>)[]): Promise<KvStore> {
  const { consulKvStore } = await import('../consul/index.js');
  const kv = consulKvStore({ ...access, log });
  closers.push(() => kv.close());
  return kv;
}

async function openLock(access: ConsulAccess, log: Log, closers: (() => Promise<void>)[]): Promise<Lock> {
  const { consulLock } = await import('../consul/index.js');
  const lock = consulLock({ ...access, log });
  closers.push(() => lock.close());
  return lock;
}

async function openRepository(
  { config, home }: Settings,
  { repository, url: other, ...reached }: SessionOptions & Partial<Remote>,
  log: Log,
  closers: (() => Promise<void>)[],
): Promise<GitStore> {
  const { gitStore } = await import('../git/index.js');
  const { store, author } = config.repository;
  const url = other ?? config.repository.url;
  const { remote, shallow = false } = other === undefined ? { remote: config.repository.remote } : reached;
  const opened = gitStore({
    location:
      (other === undefined ? repository?.location : undefined) ??
      (url === undefined ? home : /^[a-z+]+:\/\/|^[^/]+@[^/]+:/.test(url) ? url : path.resolve(home, url)),
    storeDir: path.resolve(home, reached.storeDir ?? store),
    author,
    access: accessOf(remote, shallow, home),
    log,
    quarantine: repository?.quarantine ?? false,
  });
  closers.push(() => opened.close());
  return opened;
}

interface Remote {
  url: string;
  remote: RemoteConfig | undefined;
  shallow: boolean;
  storeDir: string | undefined;
}

/** Files are named from where the configuration stands. */
function accessOf(remote: RemoteConfig | undefined, shallow: boolean, home: string): RemoteAccess {
  const { user, token, sshKeyFile, knownHostsFile } = remote ?? {};
  return {
    timeoutMs: (remote?.timeoutSeconds ?? DEFAULTS.remote.timeoutSeconds) * 1000,
    shallow,
    ...(user === undefined ? {} : { user }),
    ...(token === undefined ? {} : { token }),
    ...(sshKeyFile === undefined ? {} : { sshKeyFile: path.resolve(home, sshKeyFile) }),
    ...(knownHostsFile === undefined ? {} : { knownHostsFile: path.resolve(home, knownHostsFile) }),
  };
}

function lazy<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined;
  return () => (opened ??= open());
}

import os from 'node:os';
import path from 'node:path';
import type { ConsulAccess } from '../consul/index.js';
import type { Config, EnvironmentConfig, MirrorConfig } from '../config/config.js';
import { kvLayout, releasesPrefix, type KvLayout } from '../domain/source/kv-layout.js';
import type { JobRef } from '../domain/job/job-ref.js';
import type { SecretMask } from '../domain/plan/secrets/index.js';
import type { Containers } from '../ports/containers.js';
import type { BundleWriter } from '../ports/bundle-writer.js';
import type { CommitWalk } from '../ports/commit-walk.js';
import type { GitStore } from '../ports/git-store.js';
import type { KvStore } from '../ports/kv-store.js';
import type { Ledger } from '../ports/ledger.js';
import type { Lock } from '../ports/lock.js';
import type { Signatures } from '../ports/signatures.js';
import type { StatusBoard } from '../ports/revision-status.js';
import type { Scheduler } from '../ports/scheduler.js';
import type { Models } from '../queries/declared.js';
import { TowlineError } from '../runtime/errors.js';
import { createLog, type Log } from '../runtime/log.js';
import { systemClock } from '../runtime/system-clock.js';
import { SCHEDULER_KINDS } from '../schedulers/registry.js';
import { whoAmI } from './ci-environment.js';
import { consulAccess } from './consul-access.js';
import { gitPerson } from './git-person.js';
import type { GlobalFlags, Io } from './io.js';
import { openRepository, placeOf } from './open-repository.js';
import { schedulerAccess } from './scheduler-access.js';
import { secretMask } from './secrets.js';
import { statusBoards } from './status-boards.js';
import { loadSettings, type SettingsOptions } from './settings.js';

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
  /**
   * `asPerson`: what is appended has the person at the keyboard as its author, and is signed where the git configuration
   * of the folder that they stand in says with which key.
   */
  ledger(environment: EnvironmentConfig, how?: { asPerson?: boolean }): Promise<Ledger>;
  /** What signatures are worth, by the signers that the job repository names. */
  signatures(): Promise<Signatures>;
  /** The job repository for an audit: its objects, read and hashed in bulk, and its bundles. */
  auditGit(): Promise<{ walk: CommitWalk; bundles: BundleWriter }>;
  /** Where people are told how revisions stand. */
  boards(): Promise<StatusBoard[]>;
  models(environment: EnvironmentConfig): Models;
  /** What hides the secrets of its jobs; the same object for the whole session. */
  secrets(environment: EnvironmentConfig): SecretMask;
  schedulers(environment: EnvironmentConfig): Promise<Scheduler[]>;
  /** The container engine of this machine, or the one that DOCKER_HOST names. */
  containers(): Promise<Containers>;
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
  const person = lazy(() => gitPerson(io));
  /** One copy of each remote, however many mirrors read it. */
  const others = new Map<string, Promise<GitStore>>();
  const masks = new Map<string, SecretMask>();
  const access = lazy(() => consulAccess(settings, io));
  const ledgers = new Map<string, Promise<Ledger>>();
  const openLedger = async (
    { name, ledgerBranch }: EnvironmentConfig,
    asPerson: boolean,
  ): Promise<Ledger> => {
    const { gitLedger, journaledLedger } = await import('../ledger/index.js');
    const ledger = gitLedger({
      store: await repository(),
      branch: ledgerBranch,
      environment: name,
      author: config.repository.author,
      ...(config.ledger.signed ? { sign: true } : {}),
      ...(asPerson ? await person() : {}),
    });
    if (config.ledger.whenAway === 'stop') return ledger;
    const folder = path.resolve(home, config.repository.store, 'journal', name);
    return journaledLedger(ledger, { folder, environment: name, log: log.child({ environment: name }) });
  };
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
    ledger: (environment, { asPerson = false } = {}) => {
      // One for all workers of an environment: what one of them appends is known to the others.
      const key = `${environment.name} ${String(asPerson)}`;
      const known = ledgers.get(key) ?? openLedger(environment, asPerson);
      ledgers.set(key, known);
      return known;
    },
    signatures: lazy(async () => {
      const { gitSignatures } = await import('../git/index.js');
      const opened = gitSignatures({ repository: await repository(), signers: config.signers, log });
      closers.push(() => opened.close());
      return opened;
    }),
    auditGit: async () => {
      const { bundleWriter, commitWalk } = await import('../git/index.js');
      const place = placeOf(settings, options);
      const walk = commitWalk(place);
      closers.push(() => walk.close());
      return { walk, bundles: bundleWriter(place) };
    },
    boards: () => statusBoards(config, placeOf(settings, options), log),
    models: modelsOf,
    secrets: (environment) => {
      const known = masks.get(environment.name) ?? secretMask(config, home, modelsOf(environment));
      masks.set(environment.name, known);
      return known;
    },
    schedulers: (environment) => openSchedulers(environment, access, log, closers),
    containers: async () => {
      const { dockerContainers } = await import('../docker/index.js');
      return dockerContainers();
    },
    close: async () => {
      for (const close of closers.reverse()) await close();
    },
  };
}

/** The same on what a bundle holds, instead of the job repository. */
export async function withBundle(
  file: string,
  flags: GlobalFlags,
  io: Io,
  work: (session: Session) => Promise<number>,
): Promise<number> {
  const { unpackBundle } = await import('../git/index.js');
  const { gitDir, remove } = await unpackBundle(path.resolve(io.cwd, file), { signal: io.signal });
  try {
    return await withSession(flags, io, work, { repository: { location: gitDir, quarantine: false } });
  } finally {
    await remove();
  }
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
  if (names.length === 0) {
    if (config.environments.length === 0 && config.mirrors.length === 0 && config.file !== undefined)
      throw new TowlineError('environment-unknown', 'invalid', `${config.file} names no environments`, {
        help: 'It is one for hooks only. Name that of the job repository: --config FILE.',
      });
    return config.environments;
  }
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

function lazy<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined;
  return () => (opened ??= open());
}

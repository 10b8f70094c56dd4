import type { EnvironmentConfig, MirrorConfig, MirrorPolicy } from '../config/config.js';
import type { PlanInput } from '../domain/plan/plan-input.js';
import type { GatePolicy } from '../domain/plan/policy.js';
import { kvKey, mirrorLayout } from '../domain/source/kv-layout.js';
import type { Ledger } from '../ports/ledger.js';
import { gateFactsReader } from '../queries/gate-facts.js';
import { systemClock } from '../runtime/system-clock.js';
import type { DeployPolicy, DeployWorkerOptions } from '../workers/deploy/index.js';
import {
  mirrorWorker,
  readClaims,
  type MirrorWorker,
  type MirrorWorkerOptions,
} from '../workers/mirror/index.js';
import { manyMirrors, type ManyMirrors } from '../workers/mirror/many.js';
import type { Session } from './compose.js';

export interface MirrorFlags {
  allowDeletes?: boolean;
  allowRewrite?: boolean;
  /** Instead of the configured one. */
  pollMs?: number;
  storeDir?: string;
}

export async function mirrorOptions(
  session: Session,
  environment: EnvironmentConfig,
  flags: MirrorFlags = {},
): Promise<MirrorWorkerOptions> {
  return {
    ...(await commonOptions(session, environment.mirror, flags)),
    branch: environment.branch,
    layers: environment.layers,
    layout: session.layout(environment),
    repository: await session.repository(),
    record: { ledger: await session.ledger(environment), actor: session.actor },
  };
}

/** A mirror of plain configuration: of one branch, or of all that fit its patterns. */
export async function plainMirror(
  session: Session,
  mirror: MirrorConfig,
  flags: MirrorFlags = {},
): Promise<MirrorWorker | ManyMirrors> {
  const { prefix: root } = session.config.consul;
  const { select, secrets, expand } = {
    select: { include: mirror.include, exclude: mirror.exclude },
    ...mirror,
  };
  const options = {
    ...(await commonOptions(session, mirror, flags)),
    layers: [mirror.folder],
    repository: await session.repositoryOf(mirror, flags.storeDir),
    gone: mirror.gone,
    view: {
      select,
      trim: mirror.trim,
      followLinks: mirror.links === 'follow',
      ...(secrets === undefined ? {} : { secrets }),
      ...(expand === undefined ? {} : { expand }),
    },
  };
  const { name, prefix, many, revisionKey } = mirror;
  const homes = session.config.environments.map((environment) => session.layout(environment).home);
  if (many !== undefined)
    return manyMirrors({
      ...options,
      ...many,
      name,
      root,
      homes,
      prefix,
      ...(revisionKey === undefined
        ? {}
        : { revisionKeyOf: (ref: string) => kvKey(revisionKey.replaceAll('{ref}', ref)) }),
    });
  const { kv } = options;
  return mirrorWorker({
    ...options,
    branch: mirror.branch,
    layout: mirrorLayout(root, name, prefix),
    claims: { root, read: (signal) => readClaims(kv, root, { signal, also: homes }) },
    ...(revisionKey === undefined ? {} : { revisionKey: kvKey(revisionKey) }),
  });
}

async function commonOptions(
  session: Session,
  { deletes, foreign, drift, rewritten }: MirrorPolicy,
  { allowDeletes = false, allowRewrite = false, pollMs }: MirrorFlags,
): Promise<
  Pick<
    MirrorWorkerOptions,
    'kv' | 'lock' | 'clock' | 'log' | 'pollMs' | 'reconcileMs' | 'deletes' | 'policy' | 'rewritten'
  >
> {
  const { poll } = session.config;
  return {
    kv: await session.kv(),
    lock: await session.lock(),
    clock: systemClock,
    log: session.log,
    pollMs: pollMs ?? poll.intervalSeconds * 1000,
    reconcileMs: poll.reconcileSeconds * 1000,
    deletes: { ...deletes, allowed: allowDeletes },
    policy: { foreign, drift },
    rewritten: allowRewrite ? 'follow' : rewritten,
  };
}

export async function deployOptions(
  session: Session,
  environment: EnvironmentConfig,
  {
    adopt = 'none',
    retry = 'none',
    allowPrune = false,
  }: { adopt?: PlanInput['adopt']; retry?: PlanInput['retry']; allowPrune?: boolean } = {},
): Promise<DeployWorkerOptions> {
  const { deploy } = environment;
  const ledger = await session.ledger(environment);
  const policy = gatePolicy(environment, { allowPrune });
  return {
    layout: session.layout(environment),
    kv: await session.kv(),
    lock: await session.lock(),
    ledger,
    keepInputBytes: session.config.ledger.keepInputBytes,
    schedulers: await session.schedulers(environment),
    boards: await session.boards(),
    models: session.models(environment),
    rules: environment.rules,
    layers: environment.layers,
    policy,
    gateFacts: await gateFacts(session, environment, { policy, ledger }),
    actor: session.actor,
    ignoreFields: deploy.ignoreFields,
    secrets: session.secrets(environment),
    together: deploy.together,
    deploy: deployPolicy(deploy),
    adopt,
    retry,
    clock: systemClock,
    log: session.log,
    pollMs: session.config.poll.intervalSeconds * 1000,
  };
}

/** Reads what gates have to know, from the ledger and the job repository. */
export async function gateFacts(
  session: Session,
  environment: EnvironmentConfig,
  { policy, ledger }: { policy: GatePolicy; ledger: Ledger },
): Promise<ReturnType<typeof gateFactsReader>> {
  return gateFactsReader({
    ledger,
    repository: await session.repository(),
    signatures: await session.signatures(),
    policy,
    layers: environment.layers,
    clock: systemClock,
    log: session.log,
  });
}

/** What must hold before something is sent. */
export function gatePolicy(
  { deploy, gates }: EnvironmentConfig,
  { allowPrune }: { allowPrune: boolean },
): GatePolicy {
  return { ...gates, prune: { ...deploy.prune, allowed: allowPrune } };
}

/** How changes are carried out and judged, in the units of the workers. */
export function deployPolicy(deploy: EnvironmentConfig['deploy']): DeployPolicy {
  return {
    concurrency: deploy.concurrency,
    deadlineMs: deploy.timeoutSeconds * 1000,
    soakMs: deploy.soakSeconds * 1000,
    noOffersMs: deploy.noOffersSeconds * 1000,
    maxTaskFailures: deploy.maxTaskFailures,
    onFailure: deploy.onFailure,
    force: deploy.force,
  };
}

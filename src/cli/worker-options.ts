import type { EnvironmentConfig, MirrorConfig } from '../config/config.js';
import type { PlanInput } from '../domain/plan/plan-input.js';
import type { Release } from '../domain/release/release.js';
import { kvKey, mirrorLayout } from '../domain/source/kv-layout.js';
import { systemClock } from '../runtime/system-clock.js';
import type { DeployWorkerOptions } from '../workers/deploy/index.js';
import type { MirrorWorkerOptions } from '../workers/mirror/index.js';
import type { PromoteWorkerOptions } from '../workers/promote/index.js';
import type { Session } from './compose.js';

export async function mirrorOptions(
  session: Session,
  environment: EnvironmentConfig,
  { allowDeletes = false }: { allowDeletes?: boolean } = {},
): Promise<MirrorWorkerOptions> {
  return {
    branch: environment.branch,
    layers: environment.layers,
    layout: session.layout(environment),
    repository: await session.repository(),
    kv: await session.kv(),
    lock: await session.lock(),
    clock: systemClock,
    log: session.log,
    pollMs: session.config.poll.intervalSeconds * 1000,
    deletes: { ...environment.mirror.deletes, allowed: allowDeletes },
    reconcileMs: session.config.poll.reconcileSeconds * 1000,
  };
}

export async function plainMirrorOptions(
  session: Session,
  mirror: MirrorConfig,
  { allowDeletes = false, pollMs }: { allowDeletes?: boolean; pollMs?: number } = {},
): Promise<MirrorWorkerOptions> {
  const { prefix } = session.config.consul;
  return {
    branch: mirror.branch,
    layers: [mirror.folder],
    layout: mirrorLayout(prefix, mirror.name, mirror.prefix),
    repository:
      mirror.url === undefined ? await session.repository() : await session.repositoryAt(mirror.url),
    kv: await session.kv(),
    lock: await session.lock(),
    clock: systemClock,
    log: session.log,
    pollMs: pollMs ?? session.config.poll.intervalSeconds * 1000,
    reconcileMs: session.config.poll.reconcileSeconds * 1000,
    deletes: { ...mirror.deletes, allowed: allowDeletes },
    ...(mirror.expand === undefined ? {} : { expand: mirror.expand }),
    ...(mirror.revisionKey === undefined ? {} : { revisionKey: kvKey(mirror.revisionKey) }),
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
  return {
    layout: session.layout(environment),
    kv: await session.kv(),
    lock: await session.lock(),
    ledger: await session.ledger(environment),
    ledgerRequired: session.config.ledger.required,
    schedulers: await session.schedulers(environment),
    models: session.models(environment),
    rules: environment.rules,
    layers: environment.layers,
    policy: { ...deploy.prune, allowed: allowPrune },
    deploy: {
      concurrency: deploy.concurrency,
      deadlineMs: deploy.timeoutSeconds * 1000,
      onFailure: deploy.onFailure,
      force: deploy.force,
    },
    adopt,
    retry,
    clock: systemClock,
    log: session.log,
    pollMs: session.config.poll.intervalSeconds * 1000,
  };
}

export async function promoteOptions(
  session: Session,
  environment: EnvironmentConfig,
  asked?: Release,
): Promise<PromoteWorkerOptions> {
  return {
    environment: environment.name,
    branch: environment.branch,
    layers: environment.layers,
    automatic: environment.promote.automatic,
    releasesPrefix: session.releasesPrefix,
    repository: await session.repository(),
    kv: await session.kv(),
    lock: await session.lock(),
    lockKey: kvKey(session.layout(environment).lock('promote')),
    models: session.models(environment),
    author: session.config.repository.author,
    clock: systemClock,
    log: session.log,
    pollMs: session.config.poll.intervalSeconds * 1000,
    ...(asked === undefined ? {} : { asked }),
  };
}

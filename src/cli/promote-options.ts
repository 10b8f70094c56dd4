import type { EnvironmentConfig, ForgeConfig } from '../config/config.js';
import { kvKey } from '../domain/source/kv-layout.js';
import type { MergeRequests } from '../ports/merge-requests.js';
import type { UpstreamSources } from '../queries/upstream.js';
import { TowlineError } from '../runtime/errors.js';
import { systemClock } from '../runtime/system-clock.js';
import type { AskedReleases, PromoteVia, PromoteWorkerOptions } from '../workers/promote/index.js';
import type { Session } from './compose.js';

/** Whether anything is promoted into an environment without a person. */
export function promotesByItself({ promote }: EnvironmentConfig): boolean {
  return promote.from !== undefined || promote.automatic.some(({ manual }) => manual !== true);
}

export async function promoteOptions(
  session: Session,
  environment: EnvironmentConfig,
  asked?: AskedReleases,
): Promise<PromoteWorkerOptions> {
  const { automatic, from, pin } = environment.promote;
  return {
    environment: environment.name,
    branch: environment.branch,
    layers: environment.layers,
    policy: { rules: automatic, pin, ...(from === undefined ? {} : { from }) },
    ...(from === undefined ? {} : { upstream: await upstreamSources(session, from.environment) }),
    via: await viaOf(environment),
    releasesPrefix: session.releasesPrefix,
    repository: await session.repository(),
    kv: await session.kv(),
    ledger: await session.ledger(environment),
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

/** What tells which releases run in an environment. */
export async function upstreamSources(session: Session, name: string): Promise<UpstreamSources> {
  const [environment] = session.environments([name]);
  if (environment === undefined) throw new Error(`there is no environment ${name}`);
  return {
    environment: environment.name,
    branch: environment.branch,
    repository: await session.repository(),
    ledger: await session.ledger(environment),
    models: session.models(environment),
  };
}

async function viaOf({ name, promote: { via, forge } }: EnvironmentConfig): Promise<PromoteVia> {
  if (via !== 'merge-request') return { by: via };
  if (forge?.token === undefined)
    throw new TowlineError(
      'forge-token-missing',
      'refused',
      `there is no token for merge requests of ${name}`,
      {
        help: `Set promote.forge.tokenFile, or TOWLINE_PROMOTE_${(forge?.kind ?? 'KIND').toUpperCase()}_TOKEN.`,
      },
    );
  return { by: 'merge-request', requests: await mergeRequests({ ...forge, token: forge.token }) };
}

async function mergeRequests({ kind, ...access }: ForgeConfig & { token: string }): Promise<MergeRequests> {
  const { giteaMergeRequests, githubMergeRequests, gitlabMergeRequests } =
    await import('../forges/merge-requests/index.js');
  const made = { github: githubMergeRequests, gitlab: gitlabMergeRequests, gitea: giteaMergeRequests };
  return made[kind](access);
}

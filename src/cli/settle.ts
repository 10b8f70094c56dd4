import type { EnvironmentConfig } from '../config/config.js';
import { changesSomething } from '../domain/plan/plan.js';
import { parseMirrorRef } from '../domain/source/mirror-ref.js';
import { short, type Revision } from '../domain/source/revision.js';
import { branchTip } from '../queries/branch-tip.js';
import { sleep, withTimeout } from '../runtime/abort.js';
import { TowlineError } from '../runtime/errors.js';
import { deployWorker, type DeployProgress, type DeployResult } from '../workers/deploy/index.js';
import { mirrorWorker } from '../workers/mirror/index.js';
import type { Session } from './compose.js';
import { deployOptions, mirrorOptions } from './worker-options.js';

export interface SettleOptions {
  /** It must be this revision, or one that has come after it. Default: the newest of the branch. */
  revision?: Revision;
  timeoutMs: number;
  signal: AbortSignal;
  progress?: DeployProgress;
}

/** Pause between two looks at what others do. */
const LOOK_MS = 1000;
/** Looks after which a plan is made in any case: what is live may change without an entry in the ledger. */
const LOOKS = 10;

/**
 * Waits until an environment runs what Git states, or it is clear what of it can't be: the passes are done here where no
 * daemon holds the lock, else those of the daemon are waited for. The last pass, or the last look.
 */
export async function settle(
  environment: EnvironmentConfig,
  session: Session,
  { revision, timeoutMs, signal, progress }: SettleOptions,
): Promise<DeployResult> {
  const limited = withTimeout(signal, timeoutMs);
  let what = 'the mirror';
  try {
    const wanted = revision ?? (await branchTip(await session.repository(), environment.branch, limited));
    what = `the mirror of ${short(wanted)}`;
    await mirrored(environment, session, wanted, limited);
    what = `the deploy of ${short(wanted)}`;
    return await deployed(environment, session, limited, progress);
  } catch (error) {
    if (signal.aborted || !limited.aborted) throw error;
    throw new TowlineError(
      'wait-timeout',
      'unavailable',
      `${environment.name}: waited ${Math.round(timeoutMs / 1000)} s for ${what}, which is not done yet`,
      { help: 'It goes on without being waited for; see towline status.', cause: error },
    );
  }
}

/** Until `.ref` names the revision or one that has come after it. */
async function mirrored(
  environment: EnvironmentConfig,
  session: Session,
  wanted: Revision,
  signal: AbortSignal,
): Promise<void> {
  const [kv, repository] = [await session.kv(), await session.repository()];
  const { ref } = session.layout(environment);
  const mirror = mirrorWorker({ ...(await mirrorOptions(session, environment)), patienceMs: 0 });
  const there = async (): Promise<boolean> => {
    const entry = await kv.get(ref, { signal });
    const parsed = entry === undefined ? undefined : parseMirrorRef(entry.value);
    if (parsed === undefined || !('mirrorRef' in parsed)) return false;
    const { revision } = parsed.mirrorRef;
    if (revision === wanted) return true;
    await repository.fetch({ signal });
    return repository.isAncestor(wanted, revision, { signal });
  };
  while (!(await there())) {
    const done = await unlessBusy(() => mirror.once({ signal, trigger: 'wait' }));
    if (done === undefined) await sleep(LOOK_MS, signal);
  }
}

async function deployed(
  environment: EnvironmentConfig,
  session: Session,
  signal: AbortSignal,
  progress: DeployProgress | undefined,
): Promise<DeployResult> {
  const options = await deployOptions(session, environment);
  const worker = deployWorker({
    ...options,
    patienceMs: 0,
    ...(progress === undefined ? {} : { progress }),
  });
  const { ledger } = options;
  let seen: string | undefined;
  for (let looks = 0; ; looks++) {
    const own = await unlessBusy(() => worker.once({ signal, trigger: 'wait' }));
    if (own !== undefined && isSettled(own)) return own;
    if (own === undefined) {
      const { commit } = await ledger.head({ signal });
      if (commit !== seen || looks % LOOKS === 0) {
        const look = await worker.once({ signal, dryRun: true, trigger: 'wait' });
        if (isSettled(look)) return look;
        seen = commit;
      }
    }
    await sleep(LOOK_MS, signal);
  }
}

/** Nothing is left that a pass would do, or the last one has done all that it could. */
function isSettled(result: DeployResult): boolean {
  if (result.kind === 'nothing-observed') return false;
  if (result.kind === 'applied')
    return !result.applied.outcomes.some(({ state, replan }) => state === 'unknown' || replan === true);
  const { changes } = result.plan.plan;
  return !changesSomething(result.plan.plan) && !changes.some(({ unresolved }) => unresolved);
}

/** Undefined where another worker holds the lock. */
async function unlessBusy<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TowlineError && error.code === 'worker-busy') return undefined;
    throw error;
  }
}

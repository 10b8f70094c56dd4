import type { KvKey } from '../../domain/source/kv-layout.js';
import type { Clock } from '../../ports/clock.js';
import type { GitStore } from '../../ports/git-store.js';
import type { Lock } from '../../ports/lock.js';
import { sleep } from '../../runtime/abort.js';
import { kindOf } from '../../runtime/errors.js';
import type { Log } from '../../runtime/log.js';
import { loop } from '../../runtime/loop.js';
import { backoff } from '../../runtime/retry.js';
import { Bell } from '../../runtime/wake.js';
import { lead, withLock } from '../lead.js';
import { runPass, type PassResult } from '../pass.js';
import { ringOnPrefix } from '../ring-on-prefix.js';
import type { Worker } from '../worker.js';
import { applyPromote, type PromoteApplied } from './apply.js';
import { observePromote, type AskedReleases, type PromoteSources, type PromoteVia } from './observe.js';
import { nothingToPromote, planPromote, type PromoteObserved, type PromotePlan } from './plan.js';

export type { AskedReleases, PromoteApplied, PromotePlan, PromoteVia };

export interface PromoteWorkerOptions extends PromoteSources {
  repository: GitStore;
  lockKey: KvKey;
  lock: Lock;
  clock: Clock;
  log: Log;
  pollMs: number;
  /** Releases that a person asked for, instead of those in KV. */
  asked?: AskedReleases;
}

export type PromoteResult = PassResult<PromotePlan, PromoteApplied>;

/** Races with other pushes that one pass may lose before it gives up. */
const LOST_RACES = 5;
/** So that two who lost to each other do not meet again at once. */
const RACE_PAUSE = { minMs: 20, maxMs: 500 };

/** Worker 3 of the chain: turns a release in KV into a commit in the job repository that changes the image and nothing else. */
export function promoteWorker(options: PromoteWorkerOptions): Worker<PromoteResult> {
  const { environment, lock, lockKey, clock, pollMs } = options;
  const log = options.log.child({ worker: 'promote', environment });
  const bell = new Bell();

  const pass = (how: { signal: AbortSignal; dryRun?: boolean; trigger: string }): Promise<PromoteResult> =>
    runPass<PromoteObserved, PromotePlan, PromoteApplied>(
      {
        worker: 'promote',
        environment,
        observe: (context) =>
          observePromote(options, {
            signal: context.signal,
            log: context.log,
            now: clock.now(),
            ...(options.asked === undefined ? {} : { asked: options.asked }),
          }),
        plan: planPromote,
        nothingToDo: nothingToPromote,
        apply: (plan, _observed, context) =>
          applyPromote(plan, { ...options, pass: context.id }, context.signal),
        // The commit is the record: who, when and why stand in its trailers.
        record: async (applied, _plan, _observed, context) => {
          for (const { branch, ...facts } of applied.commits)
            if (branch === undefined) context.log.info(facts, 'promoted');
            else context.log.info({ ...facts, branch }, 'proposed');
          for (const { release, error } of applied.refused)
            context.log.warn({ err: error, release }, 'not promoted');
        },
      },
      { ...how, log, clock },
    );

  const once = async (how: {
    signal: AbortSignal;
    dryRun?: boolean;
    trigger: string;
  }): Promise<PromoteResult> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await pass(how);
      } catch (error) {
        if (kindOf(error) !== 'conflict' || attempt >= LOST_RACES) throw error;
        log.info({ attempt }, 'somebody else pushed first; looking again');
        await sleep(backoff(attempt, RACE_PAUSE), how.signal);
      }
    }
  };

  return {
    name: 'promote',
    environment,
    wake: () => bell.ring(),
    once: async (how) =>
      how.dryRun === true
        ? once(how)
        : withLock({ lock, key: lockKey, signal: how.signal, log }, (_held, signal) =>
            once({ ...how, signal }),
          ),
    run: ({ signal }) =>
      lead({ lock, key: lockKey, signal, log }, async (_held, leading) => {
        const passes = loop({
          log,
          signal: leading,
          round: async (roundSignal) => void (await once({ signal: roundSignal, trigger: 'run' })),
          wait: (waitSignal) => bell.wait(pollMs, waitSignal),
        });
        const rings = ringOnPrefix({
          kv: options.kv,
          prefix: options.releasesPrefix,
          bell,
          signal: leading,
          log,
          pauseMs: 100,
        });
        await Promise.all([passes, rings]);
      }),
  };
}

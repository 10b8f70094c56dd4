import type { KvLayout } from '../../domain/source/kv-layout.js';
import type { Clock } from '../../ports/clock.js';
import type { JobRepository } from '../../ports/job-repository.js';
import type { KvStore } from '../../ports/kv-store.js';
import type { HeldLock, Lock } from '../../ports/lock.js';
import type { Log } from '../../runtime/log.js';
import { loop } from '../../runtime/loop.js';
import { Bell } from '../../runtime/wake.js';
import { lead, withLock } from '../lead.js';
import { runPass, type PassResult } from '../pass.js';
import { ringOnPrefix } from '../ring-on-prefix.js';
import type { Worker } from '../worker.js';
import { applyMirror, type MirrorApplied } from './apply.js';
import { observeMirror } from './observe.js';
import { nothingToMirror, planMirror, type MirrorObserved, type MirrorPlan } from './plan.js';

export type { MirrorApplied, MirrorPlan };

export interface MirrorWorkerOptions {
  branch: string;
  layers: readonly string[];
  layout: KvLayout;
  repository: JobRepository;
  kv: KvStore;
  lock: Lock;
  clock: Clock;
  log: Log;
  /** Pause between two looks at the repository and the prefix, when nothing wakes the worker before. */
  pollMs: number;
}

export type MirrorResult = PassResult<MirrorPlan, MirrorApplied>;

/** Worker 4 of the chain: brings the environment's folders of the job repository into KV, and repairs what somebody changed there by hand. */
export function mirrorWorker(options: MirrorWorkerOptions): Worker<MirrorResult> {
  const { layout, lock, clock, pollMs } = options;
  const log = options.log.child({ worker: 'mirror', environment: layout.environment });
  const key = layout.lock('mirror');
  const bell = new Bell();

  const pass = (
    held: HeldLock | undefined,
    { signal, dryRun = false, trigger }: { signal: AbortSignal; dryRun?: boolean; trigger: string },
  ): Promise<MirrorResult> =>
    runPass<MirrorObserved, MirrorPlan, MirrorApplied>(
      {
        worker: 'mirror',
        environment: layout.environment,
        observe: (context) => observeMirror(options, context),
        plan: planMirror,
        nothingToDo: nothingToMirror,
        apply: async (plan, observed, context) => {
          if (held === undefined) throw new Error('a pass that writes needs the lock');
          return applyMirror(plan, observed, { ...options, lock: held }, context.signal);
        },
        // `.ref` is the mirror's record: revision, tree id, and every file that KV does not hold.
        record: async (applied, plan, _observed, context) => report(applied, plan, context.log),
      },
      { signal, log, clock, dryRun, trigger },
    );

  return {
    name: 'mirror',
    environment: layout.environment,
    wake: () => bell.ring(),
    once: async (how) =>
      how.dryRun === true
        ? pass(undefined, how)
        : withLock({ lock, key, signal: how.signal, log }, (held, signal) => pass(held, { ...how, signal })),
    run: ({ signal }) =>
      lead({ lock, key, signal, log }, async (held, leading) => {
        const passes = loop({
          log,
          signal: leading,
          round: async (roundSignal) => void (await pass(held, { signal: roundSignal, trigger: 'run' })),
          wait: (waitSignal) => bell.wait(pollMs, waitSignal),
        });
        // An edit by hand is put right at once and not at the next look.
        const rings = ringOnPrefix({
          kv: options.kv,
          prefix: layout.config,
          bell,
          signal: leading,
          log,
          pauseMs: 500,
        });
        await Promise.all([passes, rings]);
      }),
  };
}

function report(applied: MirrorApplied, plan: MirrorPlan, log: Log): void {
  const skipped = plan.ref.folders.flatMap((f) => f.exceptions.filter((e) => !e.held));
  for (const { path, reason } of skipped) log.warn({ path, reason }, 'not mirrored');
  if (plan.foreign.length > 0)
    log.warn(
      { keys: plan.foreign.slice(0, 20), count: plan.foreign.length },
      'foreign keys below the prefix are left alone',
    );
  if (plan.healed.length > 0)
    log.warn(
      { keys: plan.healed.slice(0, 20), count: plan.healed.length },
      'keys were edited by hand and were put right',
    );
  log.info(applied, 'mirrored');
}

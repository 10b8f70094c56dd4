import type { ExpandOptions } from '../../domain/source/expand/index.js';
import { MIRROR_FLAG, type KvKey, type KvLayout } from '../../domain/source/kv-layout.js';
import type { Clock } from '../../ports/clock.js';
import type { JobRepository } from '../../ports/job-repository.js';
import type { KvStore } from '../../ports/kv-store.js';
import type { HeldLock, Lock } from '../../ports/lock.js';
import { kindOf } from '../../runtime/errors.js';
import type { Log } from '../../runtime/log.js';
import { loop } from '../../runtime/loop.js';
import { Bell } from '../../runtime/wake.js';
import { lead, withLock } from '../lead.js';
import { runPass, type PassResult } from '../pass.js';
import { ringOnPrefix } from '../ring-on-prefix.js';
import type { Worker } from '../worker.js';
import { applyMirror, type MirrorApplied } from './apply.js';
import { observeChanges } from './observe-changes.js';
import { guardDeletes, type DeletePolicy } from './guard.js';
import { branchTip, observeMirror } from './observe.js';
import { planChanges, type MirrorChangesObserved } from './plan-changes.js';
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
  expand?: ExpandOptions;
  revisionKey?: KvKey;
  /** Pause between two looks at the repository, when nothing wakes the worker before. */
  pollMs: number;
  /** What may vanish in one pass. */
  deletes: DeletePolicy;
  /** Pause between two looks at every key below the prefix. */
  reconcileMs: number;
}

export type MirrorResult = PassResult<MirrorPlan, MirrorApplied>;

type Observed =
  { kind: 'whole'; observed: MirrorObserved } | { kind: 'changes'; observed: MirrorChangesObserved };

interface MirrorPass {
  signal: AbortSignal;
  dryRun?: boolean;
  trigger: string;
  /** False: only what Git changed, where that can be known for sure. */
  full?: boolean;
  /** The KV index that `.ref` must still have for that; undefined: whatever it has. */
  refIndex?: number;
}

export type MirrorWorker = Omit<Worker<MirrorResult>, 'once'> & {
  once(how: Omit<MirrorPass, 'refIndex'>): Promise<MirrorResult>;
};

/** Worker 4 of the chain: brings the environment's folders of the job repository into KV, and repairs what somebody changed there by hand. */
export function mirrorWorker(options: MirrorWorkerOptions): MirrorWorker {
  const { layout, lock, clock, pollMs, reconcileMs } = options;
  const log = options.log.child({ worker: 'mirror', environment: layout.environment });
  const key = layout.lock('mirror');
  const bell = new Bell();

  const pass = (
    held: HeldLock | undefined,
    { signal, dryRun = false, trigger, full = true, refIndex }: MirrorPass,
  ): Promise<MirrorResult> =>
    runPass<Observed, MirrorPlan, MirrorApplied>(
      {
        worker: 'mirror',
        environment: layout.environment,
        observe: async (context): Promise<Observed> => {
          const revision = await branchTip(options, context.signal);
          const changes = full
            ? undefined
            : await observeChanges(options, { revision, refIndex, signal: context.signal });
          return changes === undefined
            ? { kind: 'whole', observed: await observeMirror(options, { ...context, revision }) }
            : { kind: 'changes', observed: changes };
        },
        plan: (seen) => {
          const plan = seen.kind === 'whole' ? planMirror(seen.observed) : planChanges(seen.observed);
          return guardDeletes(plan, mirroredKeys(seen), options.deletes);
        },
        nothingToDo: nothingToMirror,
        apply: async (plan, seen, context) => {
          if (held === undefined) throw new Error('a pass that writes needs the lock');
          const from = seen.kind === 'whole' ? seen.observed.mirrorRef : seen.observed.before;
          const targets = { ...options, lock: held, contents: seen.observed.contents };
          return applyMirror(plan, from?.revision ?? null, targets, context.signal);
        },
        // `.ref` is the mirror's record: revision, tree id, and every file that KV does not hold.
        record: async (applied, plan, _seen, context) => report(applied, plan, context.log),
      },
      { signal, log, clock, dryRun, trigger },
    );

  return {
    name: 'mirror',
    environment: layout.environment,
    wake: () => bell.ring(),
    once: async (how: Omit<MirrorPass, 'refIndex'>) =>
      how.dryRun === true
        ? pass(undefined, how)
        : withLock({ lock, key, signal: how.signal, log }, async (held, signal) => {
            try {
              return await pass(held, { ...how, signal });
            } catch (error) {
              // A key was not as Git and .ref let expect: then everything is looked at.
              if (how.full !== false || kindOf(error) !== 'conflict') throw error;
              return pass(held, { ...how, signal, full: true });
            }
          }),
    run: ({ signal }) =>
      lead({ lock, key, signal, log }, async (held, leading) => {
        // What is known of KV: the index of our last write, and the last one that anybody made below the prefix.
        const known: { fullAt: number; own: number; seen: number; refIndex?: number } = {
          fullAt: -Infinity,
          own: 0,
          seen: 0,
        };
        const round = async (roundSignal: AbortSignal): Promise<void> => {
          const full = known.seen > known.own || clock.now() - known.fullAt >= reconcileMs;
          const { seen, fullAt } = known;
          // Whatever goes wrong: the next look is at everything.
          known.fullAt = -Infinity;
          const result = await pass(held, {
            signal: roundSignal,
            trigger: 'run',
            full,
            ...(known.refIndex === undefined ? {} : { refIndex: known.refIndex }),
          });
          known.fullAt = full ? clock.now() : fullAt;
          if (full) {
            known.own = Math.max(known.own, seen);
          }
          if (result.kind === 'applied') {
            known.own = Math.max(known.own, result.applied.index);
            known.refIndex = result.applied.index;
          }
        };
        const passes = loop({
          log,
          signal: leading,
          round,
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
          seen: (index) => {
            // An index that went backwards is from another store: nothing is known of it.
            if (index < known.seen) Object.assign(known, { fullAt: -Infinity, own: 0 });
            known.seen = index;
          },
        });
        await Promise.all([passes, rings]);
      }),
  };
}

/** How many keys are the mirror's own now. */
function mirroredKeys(seen: Observed): number {
  return seen.kind === 'whole'
    ? seen.observed.live.filter(({ flags }) => flags === MIRROR_FLAG).length
    : seen.observed.before.folders.reduce((sum, { files }) => sum + files, 0);
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

import { MIRROR_FLAG } from '../../domain/source/kv-layout.js';
import type { HeldLock } from '../../ports/lock.js';
import { kindOf } from '../../runtime/errors.js';
import type { Log } from '../../runtime/log.js';
import { Bell } from '../../runtime/wake.js';
import { lead, withLock } from '../lead.js';
import { runPass, type PassContext } from '../pass.js';
import type { Worker } from '../worker.js';
import { applyMirror, type MirrorApplied } from './apply.js';
import { claimedBelow } from './claims.js';
import { guardDeletes } from './guard.js';
import { branchMissing, branchTip, observeMirror, refuseRewritten } from './observe.js';
import { observeChanges } from './observe-changes.js';
import type { MirrorPass, MirrorResult, MirrorWorkerOptions, Pass } from './options.js';
import { planChanges, type MirrorChangesObserved } from './plan-changes.js';
import { nothingToMirror, planMirror, type MirrorObserved, type MirrorPlan } from './plan.js';
import { MirrorRecorder } from './record.js';
import { removeMirrored } from './remove.js';
import { runRounds, type Hints } from './rounds.js';

export { readClaims } from './claims.js';
export type { MirrorResult, MirrorWorkerOptions } from './options.js';

type Observed =
  { kind: 'whole'; observed: MirrorObserved } | { kind: 'changes'; observed: MirrorChangesObserved };

export type MirrorWorker = Omit<Worker<MirrorResult>, 'once'> & {
  once(how: Omit<MirrorPass, 'refIndex'>): Promise<MirrorResult>;
};

/** Worker 4 of the chain: brings the environment's folders of the job repository into KV, and repairs what somebody changed there by hand. */
export function mirrorWorker(options: MirrorWorkerOptions): MirrorWorker {
  const { layout, lock } = options;
  const log = options.log.child({ worker: 'mirror', environment: layout.environment });
  const key = layout.lock('mirror');
  const hints: Hints = { bell: new Bell(), full: false };
  const pass = mirrorPass(options, log);
  return {
    name: 'mirror',
    environment: layout.environment,
    wake: (how) => {
      if (how?.full === true) hints.full = true;
      hints.bell.ring();
    },
    once: async (how: Omit<MirrorPass, 'refIndex'>) =>
      how.dryRun === true
        ? pass(undefined, how)
        : withLock(
            { lock, key, signal: how.signal, log, patienceMs: options.patienceMs },
            async (held, signal) => {
              try {
                return await pass(held, { ...how, signal });
              } catch (error) {
                // A key was not as Git and .ref let expect: then everything is looked at.
                if (how.full !== false || kindOf(error) !== 'conflict') throw error;
                return pass(held, { ...how, signal, full: true });
              }
            },
          ),
    run: ({ signal }) =>
      lead({ lock, key, signal, log }, (held, leading) =>
        runRounds(options, { pass, held, hints, signal: leading, log }),
      ),
  };
}

/** One pass: looks at Git and KV, plans, writes. */
function mirrorPass(options: MirrorWorkerOptions, log: Log): Pass {
  const { layout, clock, kv, claims, revisionKey } = options;
  /** What was found at the last look at everything. */
  let found: readonly string[] | undefined;

  const claimed = async (full: boolean, signal: AbortSignal): Promise<readonly string[]> => {
    if (found !== undefined && !full) return found;
    const below =
      claims === undefined
        ? []
        : await claimedBelow(await claims.read(signal), { kv, root: claims.root, layout, signal });
    return (found = [...below, ...(revisionKey === undefined ? [] : [revisionKey])]);
  };

  const observe = async (
    held: HeldLock | undefined,
    { full = true, refIndex }: MirrorPass,
    context: PassContext,
  ): Promise<Observed | undefined> => {
    const { signal } = context;
    const sources = { ...options, claimed: await claimed(full, signal) };
    const revision = await branchTip(options, signal);
    if (revision === undefined) {
      if (options.gone !== 'delete' || held === undefined) throw branchMissing(options);
      return void (await removeGone(sources, held, context));
    }
    if (options.rewritten === 'hold') await refuseRewritten(options, { revision, signal });
    const changes = full ? undefined : await observeChanges(sources, { revision, refIndex, signal });
    return changes === undefined
      ? { kind: 'whole', observed: await observeMirror(sources, { signal, log: context.log, revision }) }
      : { kind: 'changes', observed: changes };
  };

  const recorder = new MirrorRecorder(options);
  return async (held, how) => {
    const result = await runPass<Observed, MirrorPlan, MirrorApplied>(
      {
        worker: 'mirror',
        environment: layout.environment,
        observe: (context) => observe(held, how, context),
        plan: (seen) => {
          const plan = seen.kind === 'whole' ? planMirror(seen.observed) : planChanges(seen.observed);
          if (plan.drift.length > 0)
            log.warn(
              { keys: plan.drift.slice(0, 20), count: plan.drift.length },
              'keys were edited by hand and are left as they are',
            );
          const guarded = guardDeletes(plan, mirroredKeys(seen), options.deletes);
          // The plan has all that is still needed of a large tree.
          if (seen.kind === 'whole') seen.observed.folders = [];
          return guarded;
        },
        nothingToDo: nothingToMirror,
        apply: async (plan, seen, context) => {
          if (held === undefined) throw new Error('a pass that writes needs the lock');
          const from = seen.kind === 'whole' ? seen.observed.mirrorRef : seen.observed.before;
          const targets = { ...options, lock: held, contents: seen.observed.contents };
          return applyMirror(plan, from?.revision ?? null, targets, context.signal);
        },
        // `.ref` is the mirror's record for readers: revision, tree id, and every file that KV does not hold.
        record: async (applied, plan, _seen, context) => {
          report(applied, plan, context.log);
          await recorder.applied(applied, plan, context);
        },
      },
      { signal: how.signal, log, clock, dryRun: how.dryRun ?? false, trigger: how.trigger },
    );
    if (result.kind === 'unchanged' && how.dryRun !== true)
      await recorder.unchanged({ id: result.pass, log, clock, trigger: how.trigger }, how.signal);
    return result;
  };
}

/** The keys of a branch that was deleted go, where that is wanted; not when the whole repository looks empty. */
async function removeGone(
  sources: MirrorWorkerOptions & { claimed: readonly string[] },
  lock: HeldLock,
  { signal, log }: PassContext,
): Promise<void> {
  const refs = await sources.repository.refs({ signal });
  if (refs.length === 0 || refs.some(({ name }) => name === sources.branch)) throw branchMissing(sources);
  const { allowed, maxCount } = sources.deletes;
  const count = await removeMirrored({
    ...sources,
    lock,
    maxCount: allowed ? Infinity : maxCount,
    signal,
  });
  if (count > 0) log.warn({ branch: sources.branch, keys: count }, 'the branch is gone, and so are its keys');
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

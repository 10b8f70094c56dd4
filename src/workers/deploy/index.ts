import type { JobRef } from '../../domain/job/job-ref.js';
import type { Outcome } from '../../domain/record/outcome.js';
import { openIntents } from '../../domain/record/read-back.js';
import type { KvKey } from '../../domain/source/kv-layout.js';
import type { Clock } from '../../ports/clock.js';
import type { HeldLock, Lock } from '../../ports/lock.js';
import type { StatusBoard } from '../../ports/revision-status.js';
import { sleep } from '../../runtime/abort.js';
import { TowlineError } from '../../runtime/errors.js';
import type { Log } from '../../runtime/log.js';
import { loop } from '../../runtime/loop.js';
import { Bell } from '../../runtime/wake.js';
import { readLedger } from '../../queries/known.js';
import { lead, withLock } from '../lead.js';
import { runPass, type PassResult } from '../pass.js';
import type { Worker } from '../worker.js';
import { Announcer } from './announce.js';
import { applyChanges, type DeployPolicy } from './apply.js';
import { DeployMemory } from './memory.js';
import { observeDeploy, type DeploySources } from './observe.js';
import { nothingToDeploy, planDeploy, type DeployObserved, type DeployPlan } from './plan.js';
import { RECORD_MS, recordIntent, recordOutcome } from './record.js';

export type { DeployPlan, DeployPolicy };

export interface DeployWorkerOptions extends DeploySources {
  lock: Lock;
  clock: Clock;
  log: Log;
  deploy: DeployPolicy;
  /** What a plan was made of is kept on record up to this size, in bytes of JSON. */
  keepInputBytes?: number;
  /** The person or the machine that it runs as, for the record. */
  actor: string;
  /** Pause between two complete looks at mirror and schedulers, when nothing wakes the worker before. */
  pollMs: number;
  /** Where people are told how a revision stands. */
  boards?: readonly StatusBoard[];
  progress?: DeployProgress;
  /** How long a single pass waits for another deployer that holds the lock. */
  patienceMs?: number;
}

/** Told what happens while it happens. */
export interface DeployProgress {
  /** What is about to be done. */
  planned(plan: DeployPlan): void;
  /** How a change stands, for people. */
  step(ref: JobRef, text: string): void;
  ended(outcome: Outcome): void;
}

export interface DeployApplied {
  outcomes: Outcome[];
}

export type DeployResult = PassResult<DeployPlan, DeployApplied>;

export type DeployWorker = Omit<Worker<DeployResult>, 'once'> & {
  /** `full: false`: only what may have changed since the last pass of this worker, where that is known. */
  once(how: {
    signal: AbortSignal;
    dryRun?: boolean;
    trigger: string;
    full?: boolean;
  }): Promise<DeployResult>;
};

/** New plans in a row for what somebody else changes meanwhile; after that the next look is soon enough. */
const REPLANS = 3;
/** How long a single pass, or one that ends, waits for statuses that are on their way. */
const STATUS_MS = 10_000;

/** Worker 5 of the chain: makes the schedulers run what the mirrored manifests state, and puts on record what it did. */
export function deployWorker(options: DeployWorkerOptions): DeployWorker {
  const { layout, lock, clock, pollMs } = options;
  const log = options.log.child({ worker: 'deploy', environment: layout.environment });
  const key = layout.lock('deploy');
  const bell = new Bell();
  const memory = new DeployMemory();
  const announcer = new Announcer(options.boards ?? [], log);

  const pass = async (
    held: HeldLock | undefined,
    {
      signal,
      dryRun = false,
      trigger,
      full,
    }: { signal: AbortSignal; dryRun?: boolean; trigger: string; full: boolean },
  ): Promise<DeployResult> => {
    const result = await runPass<DeployObserved, DeployPlan, DeployApplied>(
      {
        worker: 'deploy',
        environment: layout.environment,
        observe: (context) => observeDeploy(options, memory, { signal: context.signal, full }),
        plan: (observed) => {
          const plan = planDeploy(observed);
          memory.planned(plan.plan, observed.input);
          return plan;
        },
        nothingToDo: nothingToDeploy,
        apply: async (plan, observed, context) => {
          options.progress?.planned(plan);
          await recordIntent(plan, observed, { ...options, lock: holding(held) }, context);
          announcer.begun(plan.plan);
          const outcomes = await applyChanges(plan.plan, {
            environment: layout.environment,
            schedulers: new Map(options.schedulers.map((s) => [s.name, s])),
            policy: options.deploy,
            announced: openIntents(observed.state),
            secrets: options.secrets,
            clock,
            log: context.log.child({ revision: plan.plan.revision }),
            signal: context.signal,
            ...(options.progress === undefined ? {} : { progress: options.progress }),
          });
          for (const { ref } of outcomes) memory.seen?.stale.add(ref);
          return { outcomes };
        },
        record: async (applied, plan, observed, context) => {
          const targets = { ...options, lock: holding(held) };
          const written = await recordOutcome(plan, applied.outcomes, observed, targets, context);
          for (const [ref, status] of written) {
            if (status === undefined) memory.seen?.statuses.delete(ref);
            else memory.seen?.statuses.set(ref, status);
          }
          // Read now, while nobody waits: the next pass finds it done.
          const reading = readLedger(options.ledger, AbortSignal.timeout(RECORD_MS), memory.onRecord);
          // Everything is on record by now: what can't be read here is read, and told, by the next pass.
          memory.onRecord = await reading.catch(() => undefined);
          memory.lookAgain(memory.onRecord?.changed ?? []);
        },
      },
      { signal, log, clock, dryRun, trigger },
    );
    if (result.kind === 'applied') announcer.ended(result.plan.plan, result.applied.outcomes);
    else if (result.kind === 'unchanged' && !dryRun) announcer.ended(result.plan.plan);
    return result;
  };

  return {
    name: 'deploy',
    environment: layout.environment,
    wake: () => bell.ring(),
    once: async (how) => {
      try {
        if (how.dryRun === true) return await pass(undefined, { ...how, full: true });
        return await withLock(
          { lock, key, signal: how.signal, log, patienceMs: options.patienceMs },
          async (held, signal) => {
            const next = { full: true, ...how, signal };
            let result = await pass(held, next);
            for (let again = 1; again <= REPLANS && wantsNewPlan(result, memory); again++)
              result = await pass(held, next);
            return result;
          },
        );
      } finally {
        await announcer.settled(STATUS_MS);
      }
    },
    run: ({ signal }) =>
      lead({ lock, key, signal, log }, async (held, leading) => {
        let fullAt = -Infinity;
        let replans = 0;
        const passes = loop({
          log,
          signal: leading,
          round: async (roundSignal) => {
            const full = clock.now() - fullAt >= pollMs;
            const result = await pass(held, { signal: roundSignal, trigger: 'run', full });
            if (full) fullAt = clock.now();
            replans = wantsNewPlan(result, memory) ? replans + 1 : 0;
            if (replans > 0 && replans <= REPLANS) bell.ring();
            throwIfUnreadable(result);
          },
          wait: (waitSignal) => bell.wait(pollMs, waitSignal),
        });
        const rings = [layout.ref, layout.orders].map((each) => ringOnKey(each, options, bell, leading, log));
        await Promise.all([passes, ...rings]).finally(() => announcer.settled(STATUS_MS));
      }),
  };
}

/** Something was not as the plan had it any more, or a run that a person wants had to wait for another change of its job. */
function wantsNewPlan(result: DeployResult, { onRecord }: DeployMemory): boolean {
  if (result.kind !== 'applied') return false;
  return result.applied.outcomes.some(
    ({ ref, replan, state }) => replan === true || (state === 'applied' && onRecord?.runs.has(ref) === true),
  );
}

function holding(held: HeldLock | undefined): HeldLock {
  if (held === undefined) throw new Error('a pass that writes needs the lock');
  return held;
}

/** The rest of the environment was done; a scheduler that did not answer is asked again soon, with backoff. */
function throwIfUnreadable(result: DeployResult): void {
  if (result.kind === 'nothing-observed' || result.plan.unreadable.size === 0) return;
  const reasons = [...result.plan.unreadable].map(([name, reason]) => `${name}: ${reason}`);
  throw new TowlineError('scheduler-unreadable', 'unavailable', `could not be read: ${reasons.join('; ')}`, {
    help: 'Nothing was changed there. It is tried again.',
  });
}

/** Waits on one key: a small blocking query tells of every finished mirror pass, another of every order. */
async function ringOnKey(
  key: KvKey,
  { kv }: DeployWorkerOptions,
  bell: Bell,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  let index = 0;
  let modified: number | undefined;
  await loop({
    log,
    signal,
    round: async (roundSignal) => {
      const seen = await kv.watch(key, { signal: roundSignal, index, waitMs: 120_000 });
      const now = seen.value?.modifyIndex;
      if (now !== modified) bell.ring();
      modified = now;
      index = seen.index < index ? 0 : seen.index;
    },
    wait: (waitSignal) => sleep(100, waitSignal),
  });
}

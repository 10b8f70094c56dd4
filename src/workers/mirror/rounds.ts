import type { HeldLock } from '../../ports/lock.js';
import type { Log } from '../../runtime/log.js';
import { loop } from '../../runtime/loop.js';
import type { Bell } from '../../runtime/wake.js';
import { ringOnPrefix } from '../ring-on-prefix.js';
import type { MirrorWorkerOptions, Pass } from './options.js';

/** What was asked for from outside since the last round. */
export interface Hints {
  bell: Bell;
  /** Look at everything. */
  full: boolean;
}

interface Rounds {
  pass: Pass;
  held: HeldLock;
  hints: Hints;
  signal: AbortSignal;
  log: Log;
}

/** What is known of KV: the index up to which it is as we left it, and the last one that anybody made below the prefix. */
interface Known {
  fullAt: number;
  own: number;
  seen: number;
  refIndex?: number;
}

/** Passes for as long as the lock is held: of what Git changed, and of everything where something else may have. */
export async function runRounds(
  { layout, clock, kv, pollMs, reconcileMs }: MirrorWorkerOptions,
  { pass, held, hints, signal, log }: Rounds,
): Promise<void> {
  const known: Known = { fullAt: -Infinity, own: 0, seen: 0 };
  const round = async (roundSignal: AbortSignal): Promise<void> => {
    const full = hints.full || known.seen > known.own || clock.now() - known.fullAt >= reconcileMs;
    const { fullAt } = known;
    hints.full = false;
    // Whatever goes wrong: the next look is at everything.
    known.fullAt = -Infinity;
    const { refIndex } = known;
    const result = await pass(held, {
      signal: roundSignal,
      trigger: 'run',
      full,
      ...(refIndex === undefined ? {} : { refIndex }),
    });
    known.fullAt = full ? clock.now() : fullAt;
    if (result.kind !== 'nothing-observed') known.own = Math.max(known.own, result.plan.seenIndex);
    if (result.kind === 'applied') {
      known.own = Math.max(known.own, result.applied.index);
      known.refIndex = result.applied.index;
    }
  };
  const passes = loop({
    log,
    signal,
    round,
    wait: (waitSignal) => hints.bell.wait(pollMs, waitSignal),
  });
  // An edit by hand is put right at once and not at the next look.
  const rings = ringOnPrefix({
    kv,
    prefix: layout.config,
    bell: hints.bell,
    signal,
    log,
    pauseMs: 500,
    seen: (index) => {
      // An index that went backwards is from another store: nothing is known of it.
      if (index < known.seen) Object.assign(known, { fullAt: -Infinity, own: 0 });
      known.seen = index;
    },
  });
  await Promise.all([passes, rings]);
}

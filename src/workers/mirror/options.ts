import type { Clock } from '../../ports/clock.js';
import type { Ledger } from '../../ports/ledger.js';
import type { HeldLock, Lock } from '../../ports/lock.js';
import type { Log } from '../../runtime/log.js';
import type { PassResult } from '../pass.js';
import type { MirrorApplied } from './apply.js';
import type { Claim } from './claims.js';
import type { DeletePolicy } from './guard.js';
import type { MirrorSources } from './observe.js';
import type { MirrorPlan } from './plan.js';

/** Where a mirror of an environment puts on record what it did. */
export interface MirrorLedger {
  ledger: Ledger;
  /** The person or the machine that it runs as. */
  actor: string;
}

export interface MirrorWorkerOptions extends Omit<MirrorSources, 'claimed'> {
  lock: Lock;
  clock: Clock;
  log: Log;
  /** Forced pushes and moved tags. Default: they are followed. */
  rewritten?: 'follow' | 'hold';
  /** What becomes of the keys when the branch is gone. Default: they stay, and that is an error. */
  gone?: 'keep' | 'delete';
  /** Of a mirror whose prefix may lie around those of others: who else writes where. */
  claims?: { root: string; read: (signal: AbortSignal) => Promise<readonly Claim[]> };
  /** Pause between two looks at the repository, when nothing wakes the worker before. */
  pollMs: number;
  /** What may vanish in one pass. */
  deletes: DeletePolicy;
  /** Pause between two looks at every key below the prefix. */
  reconcileMs: number;
  /** Where passes are put on record; a mirror of plain configuration has no such place. */
  record?: MirrorLedger;
  /** How long a single pass waits for another mirror that holds the lock. */
  patienceMs?: number;
}

export type MirrorResult = PassResult<MirrorPlan, MirrorApplied>;

export interface MirrorPass {
  signal: AbortSignal;
  dryRun?: boolean;
  trigger: string;
  /** False: only what Git changed, where that can be known for sure. */
  full?: boolean;
  /** The KV index that `.ref` must still have for that; undefined: whatever it has. */
  refIndex?: number;
}

export type Pass = (held: HeldLock | undefined, how: MirrorPass) => Promise<MirrorResult>;

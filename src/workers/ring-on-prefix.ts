import type { KvStore } from '../ports/kv-store.js';
import { sleep } from '../runtime/abort.js';
import type { Log } from '../runtime/log.js';
import { loop } from '../runtime/loop.js';
import type { Bell } from '../runtime/wake.js';

export interface RingOptions {
  kv: KvStore;
  prefix: string;
  bell: Bell;
  signal: AbortSignal;
  log: Log;
  /** At least so long between two rings, in ms: a burst of changes is one. */
  pauseMs: number;
}

/** Rings whenever something below a prefix changes, by blocking queries; ends with the signal. */
export async function ringOnPrefix({ kv, prefix, bell, signal, log, pauseMs }: RingOptions): Promise<void> {
  let index = 0;
  await loop({
    log,
    signal,
    round: async (roundSignal) => {
      const seen = await kv.watchPrefix(prefix, { signal: roundSignal, index, waitMs: 120_000 });
      if (seen.index !== index) bell.ring();
      // An index that went backwards is from another store: begin anew.
      index = seen.index < index ? 0 : seen.index;
    },
    wait: (waitSignal) => sleep(pauseMs, waitSignal),
  });
}

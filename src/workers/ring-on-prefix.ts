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
  /** Told of the index before each ring. */
  seen?: (index: number) => void;
}

/** Rings whenever something below a prefix changes, by blocking queries; ends with the signal. */
export async function ringOnPrefix({
  kv,
  prefix,
  bell,
  signal,
  log,
  pauseMs,
  seen: tell,
}: RingOptions): Promise<void> {
  let index = 0;
  await loop({
    log,
    signal,
    round: async (roundSignal) => {
      const now = await kv.watchBelow(prefix, { signal: roundSignal, index, waitMs: 120_000 });
      if (now !== index) {
        tell?.(now);
        bell.ring();
      }
      // An index that went backwards is from another store: begin anew.
      index = now < index ? 0 : now;
    },
    wait: (waitSignal) => sleep(pauseMs, waitSignal),
  });
}

import { order, type OrderFlags } from '../give-order.js';
import type { Io } from '../io.js';
import { switchRuns, type SwitchFlags } from '../switch-runs.js';

/** Lets a paused job or environment go on; or commits that a job runs by its schedule again. */
export function run([job]: string[], flags: OrderFlags & SwitchFlags, io: Io): Promise<number> {
  return flags.runs === true ? switchRuns('resume', job, flags, io) : order('resume', job, flags, io);
}

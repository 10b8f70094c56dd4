import { order, type OrderFlags } from '../give-order.js';
import type { Io } from '../io.js';
import { switchRuns, type SwitchFlags } from '../switch-runs.js';

/**
 * Holds what would be sent for a job, or for an environment, until it is resumed; or commits that a job does not run by its
 * schedule.
 */
export function run([job]: string[], flags: OrderFlags & SwitchFlags, io: Io): Promise<number> {
  return flags.runs === true ? switchRuns('pause', job, flags, io) : order('pause', job, flags, io);
}

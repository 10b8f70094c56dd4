import { TowlineError } from '../../runtime/errors.js';
import { order, type OrderFlags } from '../give-order.js';
import type { Io } from '../io.js';
import { switchRuns, type SwitchFlags } from '../switch-runs.js';

/**
 * Holds what would be sent for a job, or for an environment, until it is resumed; or commits that a job does not run by its
 * schedule.
 */
export async function run([job]: string[], flags: OrderFlags & SwitchFlags, io: Io): Promise<number> {
  if (flags.runs === true && flags.until !== undefined)
    throw new TowlineError('flags-clash', 'invalid', '--until goes with no --runs', {
      help: 'What a manifest states has no end; without --runs nothing is sent until then.',
    });
  return flags.runs === true ? switchRuns('pause', job, flags, io) : order('pause', job, flags, io);
}

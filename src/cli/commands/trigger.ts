import { TowlineError } from '../../runtime/errors.js';
import { order, type OrderFlags } from '../give-order.js';
import type { Io } from '../io.js';

/** Has a job run once, now. */
export async function run([job]: string[], flags: OrderFlags, io: Io): Promise<number> {
  // Chronos takes them out without a word, and so would run something else.
  if (flags.args?.includes(';') === true)
    throw new TowlineError('args-invalid', 'invalid', 'the arguments have a ";", which Chronos leaves out', {
      help: 'Write them without it, or change the command of the job.',
    });
  return order('trigger', job, flags, io);
}

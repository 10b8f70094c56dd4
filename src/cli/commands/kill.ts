import { order, type OrderFlags } from '../give-order.js';
import type { Io } from '../io.js';

/** Has the runs of a job ended that go on; the job itself stays. */
export function run([job]: string[], flags: OrderFlags, io: Io): Promise<number> {
  return order('kill', job, flags, io);
}

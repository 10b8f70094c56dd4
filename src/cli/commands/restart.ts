import { order, type OrderFlags } from '../give-order.js';
import type { Io } from '../io.js';

/** Has all tasks of a job replaced as they are. */
export function run([job]: string[], flags: OrderFlags, io: Io): Promise<number> {
  return order('restart', job, flags, io);
}

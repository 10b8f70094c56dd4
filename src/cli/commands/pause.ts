import { order, type OrderFlags } from '../give-order.js';
import type { Io } from '../io.js';

/** Holds what would be sent for a job, or for an environment, until it is resumed. */
export function run([job]: string[], flags: OrderFlags, io: Io): Promise<number> {
  return order('pause', job, flags, io);
}

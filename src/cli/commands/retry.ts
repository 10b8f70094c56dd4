import { order, type OrderFlags } from '../give-order.js';
import type { Io } from '../io.js';

/** Lets what failed be tried again as it is. */
export function run([job]: string[], flags: OrderFlags, io: Io): Promise<number> {
  return order('retry', job, flags, io);
}

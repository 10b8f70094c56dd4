import { order, type OrderFlags } from '../give-order.js';
import type { Io } from '../io.js';

/** Lets a paused job or environment go on. */
export function run([job]: string[], flags: OrderFlags, io: Io): Promise<number> {
  return order('resume', job, flags, io);
}

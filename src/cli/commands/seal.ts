import { gateOrder, type GateFlags } from '../gate-order.js';
import type { Io } from '../io.js';

/** Closes the gates again that were opened in an emergency. */
export function run(_args: string[], flags: GateFlags, io: Io): Promise<number> {
  return gateOrder(
    async () => ({
      order: { verb: 'seal' },
      done: 'gates hold again',
      nothing: 'the glass is not broken',
    }),
    flags,
    io,
  );
}

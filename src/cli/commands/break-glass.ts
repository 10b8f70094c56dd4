import { glassUntil } from '../../domain/record/gate-orders.js';
import { TowlineError } from '../../runtime/errors.js';
import { gateOrder, type GateFlags } from '../gate-order.js';
import type { Io } from '../io.js';
import { gatePolicy } from '../worker-options.js';

interface Flags extends GateFlags {
  minutes?: number;
}

/** Opens all gates for a while, with a reason, on record. */
export function run(_args: string[], flags: Flags, io: Io): Promise<number> {
  if (flags.reason === undefined || flags.reason.trim() === '')
    throw new TowlineError('reason-needed', 'invalid', 'gates are not opened without a reason', {
      help: 'For example: towline break-glass -m "payments are down, INC-4711".',
    });
  return gateOrder(
    async ({ environment, asked }) => {
      const { breakGlass } = gatePolicy(environment, { allowPrune: false });
      const until = glassUntil(Date.parse(asked.at), flags.minutes, breakGlass);
      const most = (flags.minutes ?? 0) > breakGlass.maxMinutes ? `, the most that the policy allows` : '';
      return {
        order: { verb: 'break-glass', until },
        done: `gates are open until ${until}${most}; to close them before: towline seal`,
        nothing: 'gates are as they were',
      };
    },
    flags,
    io,
  );
}

import { vetoText } from '../../domain/edit/rollback-vetoes.js';
import { gateOrder, type GateFlags } from '../gate-order.js';
import type { Io } from '../io.js';
import { vetoesCalled } from '../veto-target.js';

/** Takes back vetoes. */
export function run([target = '']: string[], flags: GateFlags, io: Io): Promise<number> {
  return gateOrder(
    async (scene) => {
      const vetoes = await vetoesCalled(target, scene);
      return {
        order: { verb: 'lift', vetoes },
        done: `no longer vetoed: ${vetoes.map(vetoText).join(', ')}`,
        nothing: target === 'all' ? 'nothing is vetoed' : `${target} is not vetoed`,
      };
    },
    flags,
    io,
  );
}

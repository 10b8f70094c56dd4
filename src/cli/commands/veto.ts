import { vetoText } from '../../domain/edit/rollback-vetoes.js';
import { gateOrder, type GateFlags } from '../gate-order.js';
import type { Io } from '../io.js';
import { vetoTarget } from '../veto-target.js';

/** Lets something not be deployed or promoted, whoever states it, until that is lifted. */
export function run([target = '']: string[], flags: GateFlags, io: Io): Promise<number> {
  return gateOrder(
    async (scene) => {
      const veto = { ...scene.asked, ...(await vetoTarget(target, scene)) };
      return {
        order: { verb: 'veto', vetoes: [veto] },
        done: `${vetoText(veto)} is vetoed until it is lifted`,
        nothing: `${vetoText(veto)} was vetoed already`,
      };
    },
    flags,
    io,
  );
}

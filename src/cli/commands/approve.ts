import type { Plan } from '../../domain/plan/plan.js';
import { TowlineError } from '../../runtime/errors.js';
import { deployWorker } from '../../workers/deploy/index.js';
import { gateOrder, type GateFlags, type GateScene } from '../gate-order.js';
import type { Io } from '../io.js';
import { printPlan } from '../print/plan.js';
import { deployOptions } from '../worker-options.js';

/** Approves what would be done now, if it is what the person has seen: what is approved is that and nothing else. */
export function run([asked = '']: string[], flags: GateFlags, io: Io): Promise<number> {
  const digits = digitsOf(asked);
  return gateOrder(
    async (scene) => {
      const plan = await presentPlan(scene);
      refuseOther(plan, digits);
      return {
        order: { verb: 'approve', plan: plan.digest },
        done: `plan ${plan.id} is approved by ${scene.asked.by}`,
        nothing: `plan ${plan.id} was approved by ${scene.asked.by} already`,
        print: (shown) => printPlan(plan, shown),
      };
    },
    flags,
    io,
  );
}

function digitsOf(asked: string): string {
  const digits = asked.replace(/^sha256:/, '').toLowerCase();
  if (/^[0-9a-f]{12,64}$/.test(digits)) return digits;
  throw new TowlineError('plan-invalid', 'invalid', `"${asked}" is no id of a plan`, {
    help: 'It has 12 digits or more, for example 1a2b3c4d5e6f; towline deploy --dry-run shows it.',
  });
}

/** What a deployer would do with what is mirrored and live now. Nothing is written. */
async function presentPlan({ session, environment, io }: GateScene): Promise<Plan> {
  const worker = deployWorker(await deployOptions(session, environment));
  const result = await worker.once({ signal: io.signal, dryRun: true, trigger: 'approve' });
  if (result.kind !== 'nothing-observed') return result.plan.plan;
  throw new TowlineError('plan-missing', 'invalid', `nothing of ${environment.name} is mirrored yet`, {
    help: 'There is nothing to approve before that: towline mirror.',
  });
}

function refuseOther(plan: Plan, digits: string): void {
  const now = plan.digest.replace(/^sha256:/, '');
  if (!now.startsWith(digits))
    throw new TowlineError(
      'plan-changed',
      'refused',
      `the plan of ${plan.environment} is ${plan.id} now, not ${digits.slice(0, 12)}`,
      {
        help: 'Git or what is live has changed since. Look at it again: towline deploy --dry-run.',
      },
    );
  if (plan.changes.every(({ action, unresolved }) => action === 'none' && !unresolved))
    throw new TowlineError('plan-empty', 'refused', `nothing is to be done in ${plan.environment}`, {
      help: 'There is nothing to approve: all jobs are as in Git.',
    });
}

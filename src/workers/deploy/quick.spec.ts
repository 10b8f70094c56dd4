import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deployWorld } from '../../../test/fakes/deploy-world.js';
import type { OrderVerb } from '../../domain/record/orders.js';
import type { Json } from '../../domain/source/json.js';
import { TowlineError } from '../../runtime/errors.js';
import { deployWorker, type DeployWorker } from './index.js';

const signal = new AbortController().signal;
const IDS = ['a', 'b', 'c', 'd'] as const;
type Id = (typeof IDS)[number];

type Step =
  | { do: 'commit'; jobs: Partial<Record<Id, { n: number; needs?: Id[]; broken?: boolean } | string>> }
  | { do: 'order'; verb: OrderVerb; id: Id | undefined }
  | { do: 'fail' | 'lose' | 'heal'; id: Id }
  | { do: 'break' | 'mend' };

const job = fc.record(
  {
    n: fc.nat(3),
    needs: fc.uniqueArray(fc.constantFrom(...IDS), { maxLength: 2 }),
    broken: fc.constant(true),
  },
  { requiredKeys: ['n'] },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        ...IDS.map(() =>
          fc.oneof(
            { weight: 5, arbitrary: job },
            { weight: 1, arbitrary: fc.constant('{') },
            { weight: 2, arbitrary: fc.constant(undefined) },
          ),
        ),
      )
      .map((all): Step => ({
        do: 'commit',
        jobs: Object.fromEntries(IDS.flatMap((id, at) => (all[at] === undefined ? [] : [[id, all[at]]]))),
      })),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('order' as const),
      verb: fc.constantFrom('pause', 'resume', 'retry', 'restart', 'trigger', 'kill'),
      id: fc.option(fc.constantFrom(...IDS), { nil: undefined }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('fail', 'lose', 'heal'), id: fc.constantFrom(...IDS) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('break', 'mend') }) },
);

type World = ReturnType<typeof deployWorld>;

/** As of Marathon, one job at a time can be read. */
function world(): World {
  const the = deployWorld();
  const { scheduler } = the;
  Object.assign(scheduler, {
    find: async ({ id }: { id: string }) => (await scheduler.observe()).find((each) => each.id === id),
  });
  return the;
}

async function take(step: Step, { ledger, scheduler, commit, order }: World): Promise<void> {
  switch (step.do) {
    case 'commit': {
      const files = Object.entries(step.jobs).map(([id, spec]): [string, string] => [
        `jobs/${id}.json`,
        typeof spec === 'string' ? spec : JSON.stringify({ id, ...(spec as Record<string, Json>) }),
      ]);
      return commit({ 'jobs/README': 'none', ...Object.fromEntries(files) });
    }
    case 'order': {
      const { broken } = ledger;
      ledger.broken = undefined;
      await order(step.verb, ...(step.id === undefined ? [] : [step.id])).catch((error: unknown) => {
        if (!(error instanceof TowlineError)) throw error;
      });
      ledger.broken = broken;
      return;
    }
    case 'fail':
      return void scheduler.ends.set(step.id, 'failed');
    case 'lose':
      return void scheduler.lost.add(step.id);
    case 'heal':
      return void scheduler.ends.delete(step.id);
    case 'break':
      return void (ledger.broken = new TowlineError('x', 'refused', 'no'));
    case 'mend':
      ledger.broken = undefined;
  }
}

async function quickPass(worker: DeployWorker): Promise<void> {
  await worker.once({ signal, trigger: 'test', full: false }).catch((error: unknown) => {
    if (!(error instanceof TowlineError)) throw error;
  });
}

it('a pass that goes on from the last one leaves nothing to do that a look at everything would find', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      const the = world();
      const worker = deployWorker(the.options);
      for (const each of steps) {
        await take(each, the);
        await quickPass(worker);
        if (the.ledger.broken !== undefined) continue;
        // What got lost on the way is judged by one more pass, and what that finds is sent by another one.
        await quickPass(worker);
        await quickPass(worker);
        const fresh = await deployWorker(the.options).once({ signal, trigger: 'test', dryRun: true });
        if (fresh.kind === 'nothing-observed') continue;
        const { plan, standing, obsolete } = fresh.plan;
        // A deletion that fails is tried in every pass.
        const left = plan.changes.filter(
          ({ id, action, unresolved }) =>
            !(action === 'delete' && the.scheduler.ends.get(id) === 'failed') &&
            (unresolved || (action !== 'none' && action !== 'blocked')),
        );
        expect({ left: left.map(({ ref, action }) => `${action} ${ref}`), standing, obsolete }).toEqual({
          left: [],
          standing: [],
          obsolete: [],
        });
      }
    }),
    { numRuns: 150 },
  );
});

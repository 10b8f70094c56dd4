import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pLimit from 'p-limit';
import { bundledProgram } from '../../scenario/bundled.js';
import { LEDGER, openDeployer } from './deployer.js';
import { deployInChild, eve, treeOf, worldOf, type Eve, type World } from './world.js';

/** The child, in one file. */
let program: string;
/** Passes after which nothing may be left to do. */
const MOST_PASSES = 5;

/**
 * All deaths take longer than everything else that is tested: by default a part of them is died, spread over the whole
 * pass; TOWLINE_EVERY_DEATH=1 dies them all.
 */
const every = process.env['TOWLINE_EVERY_DEATH'] === '1';

/** Where a pass dies: at a point of its own, or by the hand of a scheduler that has a request of it. */
type Death = { point: number } | { call: number; when: 'on its way' | 'not answered' };

describe.each([
  ['in place', '', every ? 1 : 7],
  ['over a remote', 'file://', every ? 1 : 23],
])('kill -9 at every await of a pass, with a ledger %s', (_what, scheme, step) => {
  let night: Eve;
  let deaths: Death[];

  beforeAll(async () => {
    program = await bundledProgram('crash-child', 'test/faults/crash/child.ts');
    night = await eve();
    const world = await worldOf(night, scheme);
    const { names } = await deployInChild(program, world.places);
    const calls = [...world.calls];
    await settled(world);
    holds(world, { openBefore: [] });
    await world.close();
    deaths = [
      ...names.map((_name, at): Death => ({ point: at + 1 })),
      ...calls.flatMap((name, at): Death[] => [
        { call: at + 1, when: 'on its way' },
        // Whether what was only asked is answered makes no difference.
        ...(name.startsWith('GET') ? [] : [{ call: at + 1, when: 'not answered' } as const]),
      ]),
    ].filter((_death, at) => at % step === 0);
  }, 120_000);
  afterAll(() => night?.remove());

  it('leaves nothing unannounced, nothing sent twice, nothing open, and the tree as it was accepted', async () => {
    const limit = pLimit(2);
    const failures: string[] = [];
    let killed = 0;
    await Promise.all(
      deaths.map((death) =>
        limit(async () => {
          if (failures.length > 5) return;
          const world = await worldOf(night, scheme);
          try {
            if (await dies(world, death)) killed += 1;
            await world.endSessions();
            const openBefore = openIntents(world);
            await settled(world);
            holds(world, { openBefore });
          } catch (error) {
            failures.push(`${JSON.stringify(death)} ${world.calls.join(', ')}: ${String(error)}`);
          } finally {
            await world.close();
          }
        }),
      ),
    );
    expect(failures).toEqual([]);
    // What runs side by side comes in another order now and then, so that the last few may not be reached.
    expect(killed).toBeGreaterThan(deaths.length * 0.9);
  }, 1_800_000);
});

async function dies(world: World, death: Death): Promise<boolean> {
  if ('point' in death) return (await deployInChild(program, world.places, { killAt: death.point })).killed;
  let pid: number | undefined;
  world.killAt(death.call, death.when, () => pid);
  const { killed } = await deployInChild(program, world.places, { started: (id) => (pid = id) });
  return killed;
}

/** Deploys until nothing is left to do; then every entry can be read, and none is missing. */
async function settled(world: World): Promise<void> {
  const { signal } = new AbortController();
  const deployer = openDeployer(world.places, { reached: () => undefined });
  try {
    for (let pass = 1; ; pass++) {
      const result = await deployer.worker.once({ signal, trigger: 'deploy --once', full: true });
      if (result.kind === 'unchanged') break;
      if (pass >= MOST_PASSES)
        throw new Error(`there is always something left to do: ${JSON.stringify(result)}`);
    }
    const records = await deployer.ledger.history({ signal, limit: 100 });
    const states = await Promise.all(
      records.map(({ commit }) => deployer.ledger.stateAt(commit, { signal })),
    );
    const numbers = states.map((state) => state?.sequence);
    expect(numbers).toEqual(numbers.map((_each, at) => numbers.length - at));
  } finally {
    await deployer.close();
  }
}

function openIntents({ git }: World): string[] {
  const names = git('ls-tree', '--name-only', LEDGER).split('\n');
  if (!names.includes('intents.json')) return [];
  const { intents } = JSON.parse(git('show', `${LEDGER}:intents.json`)) as { intents: { ref: string }[] };
  return intents.map(({ ref }) => ref);
}

function holds(world: World, { openBefore }: { openBefore: readonly string[] }): void {
  expect(openIntents(world)).toEqual([]);
  expect(sorted(treeOf(world))).toEqual(sorted(world.documents));
  expect(world.accepted.filter(({ announced }) => !announced)).toEqual([]);
  const sent = world.accepted.map(({ scheduler, verb, id, document }) =>
    JSON.stringify([scheduler, verb, id, document]),
  );
  expect(sent).toEqual([...new Set(sent)]);
  expect([...world.marathon.apps.keys()].sort()).toEqual([
    '/bad',
    '/scaled',
    '/shop',
    '/spun',
    '/store',
    '/web',
  ]);
  expect([...world.chronos.jobs.keys()].sort()).toEqual(['after-nightly', 'new', 'nightly', 'weekly']);
  const messages = world.git('log', '--first-parent', '--format=%B', LEDGER);
  for (const ref of openBefore)
    expect(messages).toMatch(
      new RegExp(`^${ref}: [a-z]+ [a-z-]+\\. (found done|found not done|unknown); `, 'm'),
    );
}

function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

import { describe, expect, it } from '@jest/globals';
import { plainModel } from '../../test/builders/plan-input.js';
import { deployWorld } from '../../test/fakes/deploy-world.js';
import { parseEntryRange } from '../domain/record/entry-range.js';
import { PLAN_FILE } from '../domain/record/ledger-entry.js';
import type { JsonObject } from '../domain/source/json.js';
import { replayLedger, type Replay } from './replay.js';

const signal = new AbortController().signal;
const kinds = new Map([['plain', plainModel]]);

async function history(keepInputBytes?: number) {
  const world = deployWorld(keepInputBytes === undefined ? {} : { keepInputBytes });
  for (const cmd of ['one', 'two', 'three']) {
    await world.state({ web: { cmd, needs: ['db'] }, db: {} });
    await world.deploy();
  }
  const replay = (range = ''): Promise<Replay> =>
    replayLedger({
      environment: 'test',
      ledger: world.ledger,
      kinds,
      range: range === '' ? {} : (parseEntryRange(range) ?? {}),
      signal,
    });
  return { world, replay };
}

describe('the plans of a ledger', () => {
  it('are on record with the announcement of their pass, and come out the same', async () => {
    const { world, replay } = await history();
    expect(world.phases()).toEqual(Array(3).fill(['intent', 'outcome']).flat());
    const planned = world.ledger.entries.map(({ entry }) => 'plan' in entry && entry.plan !== undefined);
    expect(planned).toEqual([true, false, true, false, true, false]);
    expect(await replay()).toMatchObject({ plans: 3, equal: 3, findings: [] });
  });

  it('are on record with the end of a pass that announced nothing', async () => {
    const { world, replay } = await history();
    world.scheduler.jobs.clear();
    await world.state({});
    await world.deploy();
    const { entry } = world.ledger.entries.at(-1) ?? {};
    expect(entry).toMatchObject({ phase: 'outcome', plan: { version: 1 } });
    expect(await replay()).toMatchObject({ plans: 4, equal: 4 });
  });

  it('are looked at in a range, both ends included', async () => {
    const { world, replay } = await history();
    const commit = world.ledger.entries[2]?.id.slice(0, 12) ?? '';
    expect(await replay('#3..#4')).toMatchObject({ plans: 1 });
    expect(await replay('#3..')).toMatchObject({ plans: 2 });
    expect(await replay('..#3')).toMatchObject({ plans: 2 });
    expect(await replay(`..${commit}`)).toMatchObject({ plans: 2 });
    await expect(replay('#5..#2')).rejects.toMatchObject({ code: 'entry-unknown' });
    await expect(replay('#77')).rejects.toMatchObject({ code: 'entry-unknown' });
  });

  it('are counted where only the digest of what they were made of is kept', async () => {
    const { replay } = await history(0);
    expect(await replay()).toMatchObject({
      plans: 3,
      equal: 0,
      notKept: 3,
      findings: [{ kind: 'not-kept', sequence: 1 }, { sequence: 3 }, { sequence: 5 }],
    });
  });

  it.each<[string, (plan: JsonObject) => JsonObject | undefined, RegExp]>([
    ['was taken away', () => undefined, /has no plan\.json/],
    ['is of another input', (p) => ({ ...p, inputDigest: `sha256:${'0'.repeat(64)}` }), /is not what/],
    ['is another plan', (p) => ({ ...p, plan: { digest: 'x' } }), /another plan/],
    ['has an input that was edited', (p) => ({ ...p, input: { environment: 'other' } }), /./],
  ])('can not be made again where the file %s', async (_what, edit, reason) => {
    const { world, replay } = await history();
    const files = world.ledger.entries[2]?.files;
    const edited = edit(files?.get(PLAN_FILE) ?? {});
    if (edited === undefined) files?.delete(PLAN_FILE);
    else files?.set(PLAN_FILE, edited);
    expect(await replay()).toMatchObject({
      equal: 2,
      refused: 1,
      findings: [{ sequence: 3, kind: 'refused', reason: expect.stringMatching(reason) }],
    });
  });
});

describe('a range of entries', () => {
  it.each([
    ['#1..#40', { from: { sequence: 1 }, to: { sequence: 40 } }],
    ['abcd..', { from: { commit: 'abcd' } }],
    ['..#2', { to: { sequence: 2 } }],
    ['..', {}],
    ['#7', { from: { sequence: 7 }, to: { sequence: 7 } }],
  ])('%s is one', (text, range) => expect(parseEntryRange(text)).toEqual(range));

  it.each(['', '#0', '#x', 'main', 'HEAD~1..#2', '#1..--all', '#1...#2', 'abc'])('%j is none', (text) =>
    expect(parseEntryRange(text)).toBeUndefined(),
  );
});

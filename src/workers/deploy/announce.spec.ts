import { describe, expect, it } from '@jest/globals';
import { input, job, LENIENT } from '../../../test/builders/plan-input.js';
import { deployWorld } from '../../../test/fakes/deploy-world.js';
import { MemoryBoard } from '../../../test/fakes/memory-board.js';
import { makePlan } from '../../domain/plan/make-plan.js';
import type { StatusBoard } from '../../ports/revision-status.js';
import { TowlineError } from '../../runtime/errors.js';
import { silentLog } from '../../runtime/log.js';
import { Announcer } from './announce.js';

const away = (): TowlineError => new TowlineError('forge-unavailable', 'unavailable', 'away');
const denied = (): TowlineError => new TowlineError('forge-denied', 'refused', 'no');
const QUICK = { attempts: 3, minMs: 1, maxMs: 1 };

describe('a deployer with boards', () => {
  it('tells them of a revision when it begins and when it has ended', async () => {
    const board = new MemoryBoard();
    const { state, deploy } = deployWorld({ boards: [board] });
    const revision = await state({ a: {} });
    await deploy();
    expect(board.told).toEqual(['pending', 'live']);
    expect(board.all.map((each) => each.revision)).toEqual([revision, revision]);
  });

  it('tells of what failed, and of what came after that', async () => {
    const board = new MemoryBoard();
    const { state, deploy, scheduler } = deployWorld({ boards: [board] });
    await state({ a: {}, b: {} });
    scheduler.ends.set('b', 'failed');
    await deploy();
    expect(board.told.at(-1)).toBe('failed');
    scheduler.ends.clear();
    await state({ a: {}, b: { cmd: 'better' } });
    await deploy();
    expect(board.told.at(-1)).toBe('live');
  });

  it('tells of a revision for which there was nothing to do, and of a dry run nothing', async () => {
    const board = new MemoryBoard();
    const { state, deploy } = deployWorld({ boards: [board] });
    await state({ a: {} });
    await deploy({ dryRun: true });
    expect(board.told).toEqual([]);
    await deploy();
    await deploy();
    expect(board.told).toEqual(['pending', 'live', 'live']);
  });

  it('deploys, and ends well, although no status can be delivered', async () => {
    const board = new MemoryBoard();
    board.failures = [denied(), denied()];
    const { state, deploy, scheduler } = deployWorld({ boards: [board] });
    await state({ a: {} });
    expect(await deploy()).toMatchObject({ kind: 'applied' });
    expect(scheduler.calls).toEqual(['create a']);
    expect(board.tries).toBe(2);
  });
});

describe('announcing', () => {
  const plan = makePlan(input({ desired: [job('a')] }), LENIENT);
  const idle = makePlan(input(), LENIENT);
  const announcerOf = (board: MemoryBoard): Announcer => new Announcer([board], silentLog(), QUICK);

  it('says nothing twice in a row', async () => {
    const board = new MemoryBoard();
    const announcer = announcerOf(board);
    for (let pass = 0; pass < 3; pass++) {
      announcer.ended(idle);
      await announcer.settled(1000);
    }
    expect(board.told).toEqual(['live']);
  });

  it('tries again what may work, only so often, and once more at the next pass', async () => {
    const board = new MemoryBoard();
    const announcer = announcerOf(board);
    board.failures = [away(), away(), away()];
    announcer.ended(idle);
    await announcer.settled(1000);
    expect([board.tries, board.told]).toEqual([3, []]);
    announcer.ended(idle);
    await announcer.settled(1000);
    expect(board.told).toEqual(['live']);
  });

  it('does not try again what a person has to mend', async () => {
    const board = new MemoryBoard();
    board.failures = [denied()];
    const announcer = announcerOf(board);
    announcer.ended(idle);
    await announcer.settled(1000);
    expect([board.tries, board.told]).toEqual([1, []]);
  });

  it('lets what is newer take the place of what is on its way, and waits for no board for ever', async () => {
    const board = new MemoryBoard();
    const announcer = announcerOf(board);
    let answer: () => void = () => undefined;
    board.until = new Promise((resolve) => (answer = resolve));
    announcer.begun(plan);
    announcer.ended(idle);
    answer();
    await announcer.settled(1000);
    expect(board.told).toEqual(['live']);
    let given = false;
    const stuck: StatusBoard = {
      name: 'stuck',
      report: (_status, { signal }) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => {
            given = true;
            reject(signal.reason as Error);
          }),
        ),
    };
    const other = new Announcer([stuck], silentLog(), QUICK);
    other.begun(plan);
    await other.settled(1);
    expect(given).toBe(true);
  });
});

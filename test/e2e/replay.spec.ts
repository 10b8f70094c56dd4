import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import path from 'node:path';
import type { LiveJob } from '../../src/domain/plan/plan.js';
import { makePlan } from '../../src/domain/plan/make-plan.js';
import { gitStore } from '../../src/git/index.js';
import { gitLedger } from '../../src/ledger/index.js';
import { replayLedger } from '../../src/queries/replay.js';
import { silentLog } from '../../src/runtime/log.js';
import { SCHEDULER_KINDS } from '../../src/schedulers/registry.js';
import { giveOrder } from '../../src/workers/deploy/order.js';
import { deployWorld, layout } from '../fakes/deploy-world.js';
import { GitSandbox } from '../fakes/git-sandbox.js';
import { PlainScheduler } from '../fakes/plain-scheduler.js';
import { Processes, type Finished } from '../scenario/processes.js';

const signal = new AbortController().signal;
const program = path.resolve(import.meta.dirname, '../../dist/towline.js');
const CONFIG = `
version: 1
repository: { url: ../jobs.git, store: ./store }
consul: { address: 'http://127.0.0.1:1' }
environments:
  test:
    folder: jobs
    schedulers:
      marathon: { url: 'http://127.0.0.1:1' }
      chronos: { url: 'http://127.0.0.1:1' }
`;
const kinds = new Map([...SCHEDULER_KINDS].map(([kind, { model }]) => [kind, model]));

/** A scheduler in memory that has jobs of a real kind. */
class Keeping extends PlainScheduler {
  override async observe(): Promise<LiveJob[]> {
    return (await super.observe()).map((job) => ({
      ...job,
      kind: kinds.get(this.name)?.recognise(job.spec) ?? '',
      ...(this.name === 'marathon' ? { ownerLabel: 'test' } : {}),
    }));
  }
}

const app = (more: object = {}): string =>
  JSON.stringify({ id: '/shop/web', cmd: 'run', instances: 2, mem: 64, env: { İ: 'ı', i: 'I' }, ...more });
const nightly = (command: string): string =>
  JSON.stringify({
    name: 'nightly',
    command,
    schedule: 'R/2026-03-29T02:30:00/P1D',
    scheduleTimeZone: 'Europe/Berlin',
  });
const after = (...parents: string[]): string => JSON.stringify({ name: 'report', command: 'sum', parents });
const db = '{"id": "/shop/db", "cmd": "db"}';

/** What the job repository holds, commit by commit. */
const HISTORY: Record<string, string>[] = [
  { 'jobs/web.json': app(), 'jobs/nightly.json': nightly('run') },
  {
    'jobs/web.json': app({ dependencies: ['/shop/db'] }),
    'jobs/db.json': db,
    'jobs/nightly.json': nightly('run'),
  },
  { 'jobs/web.json': app({ instances: 5 }), 'jobs/db.json': db, 'jobs/nightly.json': nightly('other') },
  {
    'jobs/web.json': app({ mem: 128 }),
    'jobs/report.json': after('nightly'),
    'jobs/nightly.json': nightly('other'),
  },
  {
    'jobs/web.json': app({ mem: 'much' }),
    'jobs/report.json': after('nightly'),
    'jobs/nightly.json': nightly('x'),
  },
  {
    'jobs/web.json': app({ mem: 256 }),
    'jobs/istanbul.json': '{"id": "/i-i", "cmd": "run"}',
    'jobs/nightly.json': nightly('x'),
  },
];

describe('plans on record', () => {
  const sandbox = new GitSandbox();
  const store = gitStore({
    location: sandbox.bare,
    storeDir: '',
    author: { name: 'Towline', email: 'towline@localhost' },
    log: silentLog(),
    quarantine: false,
  });
  const ledger = gitLedger({
    store,
    branch: 'ledger/test',
    environment: 'test',
    author: { name: 'Towline', email: 'towline@localhost' },
    sameRepository: false,
  });
  const processes = new Processes({ PATH: process.env['PATH'] ?? '', HOME: sandbox.root, NO_COLOR: '1' });
  const towline = (args: string[], env: Record<string, string> = {}): Promise<Finished> =>
    processes.run(process.execPath, [program, ...args], { cwd: sandbox.work, env });

  beforeAll(async () => {
    const schedulers = [new Keeping('marathon'), new Keeping('chronos')];
    const models = new Map(
      [...kinds].map(([kind, model]) => [kind, { model, context: { settings: {}, version: '1.8.222' } }]),
    );
    const world = deployWorld({ ledger, schedulers, models });
    const order = (verb: 'pause' | 'resume' | 'restart', ref: string): Promise<unknown> =>
      giveOrder(
        { ledger, kv: world.kv, layout, log: silentLog() },
        { verb, refs: [ref as never], by: 'ann', at: new Date().toISOString(), reason: 'look' },
        signal,
      );
    for (const files of HISTORY) {
      await world.commit(files);
      await world.deploy();
      // Somebody is at work beside Git.
      schedulers[0]?.jobs.set('/shop/web', { spec: { id: '/shop/web', cmd: 'by hand' }, version: 9 });
      await world.deploy();
    }
    await order('restart', 'marathon:/shop/web');
    await world.deploy();
    await order('pause', 'marathon:/shop/web');
    schedulers[1]?.jobs.clear();
    await world.deploy();
    sandbox.write({ 'towline.yaml': CONFIG, ...HISTORY.at(-1) });
    sandbox.commit('All jobs');
    sandbox.push();
  });
  afterAll(async () => {
    await store.close();
    sandbox.remove();
  });

  it('are made again byte for byte in every time zone and language', async () => {
    const machines: Record<string, string>[] = [
      {},
      { TZ: 'Pacific/Kiritimati' },
      { TZ: 'America/St_Johns', LANG: 'de_DE.UTF-8' },
      { TZ: 'Asia/Kathmandu', LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8' },
    ];
    const outputs = await Promise.all(
      machines.map(async (env) => {
        const result = await towline(['replay', '--output', 'json'], env);
        expect(result).toMatchObject({ code: 0, stderr: '' });
        return result.stdout;
      }),
    );
    const [replay] = JSON.parse(outputs[0] ?? '') as { plans: number; equal: number }[];
    expect(replay).toMatchObject({ environment: 'test', different: 0, notKept: 0, refused: 0, findings: [] });
    expect(replay?.plans).toBeGreaterThan(10);
    expect(replay?.equal).toBe(replay?.plans);
    expect(new Set(outputs).size).toBe(1);
  });

  it('name what a planner would do otherwise now, and in which entries', async () => {
    const options = { environment: 'test', ledger, kinds, range: {}, signal };
    const replay = await replayLedger({
      ...options,
      // One that looks at owners and forgets who changed what.
      planner: (input, policy) => makePlan({ ...input, known: new Map() }, policy),
    });
    expect(replay.different).toBeGreaterThan(3);
    const found = replay.findings.flatMap(({ differences = [] }) => differences);
    expect(found).toContainEqual(
      expect.objectContaining({
        about: 'change',
        name: 'marathon:/shop/web',
        before: expect.objectContaining({ reason: 'changed by hand', drift: true }),
        now: expect.objectContaining({ reason: 'changed in Git', drift: false }),
      }),
    );
    const numbers = replay.findings.map(({ sequence }) => sequence);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    const [first] = numbers;
    const part = await replayLedger({ ...options, range: { to: { sequence: (first ?? 0) + 2 } } });
    expect(part.plans).toBeLessThan(replay.plans);
  });

  it('are counted in a range, and one that is none is refused', async () => {
    const one = await towline(['replay', '#1..#2']);
    expect(one).toMatchObject({ code: 0, stdout: 'test\n  1 plans: 1 the same\n' });
    expect(await towline(['replay', 'HEAD~1'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is no range of entries'),
    });
    expect(await towline(['replay', '#999'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no entry #999'),
    });
  });

  it('simulates a revision on what was last sent, with neither scheduler nor Consul there', async () => {
    const same = await towline(['simulate', 'main', '--output', 'json']);
    const [{ plan, diagnostics }] = JSON.parse(same.stdout) as [
      { diagnostics: object[]; plan: { changes: { ref: string; action: string }[] } },
    ];
    expect(diagnostics).toEqual([]);
    expect(`${same.code} ${same.stderr}`).toBe('0 ');
    expect(plan.changes.map(({ ref, action }) => `${action} ${ref}`)).toEqual(
      expect.arrayContaining(['none marathon:/i-i', 'none chronos:nightly', 'none marathon:/shop/web']),
    );
    sandbox.write({
      'jobs/new.json': '{"id": "/new", "cmd": "run"}',
      'jobs/istanbul.json': '{"id": "/i-i", "cmd": "other"}',
    });
    sandbox.commit('More');
    sandbox.push();
    const changed = await towline(['simulate', 'main', '--at', '2026-12-24T18:00+01:00']);
    expect(changed.stdout).toContain('+ create marathon:/new');
    expect(changed.stdout).toContain('~ update marathon:/i-i');
    expect([2, 3]).toContain(changed.code);
    expect(await towline(['simulate', 'main', '--at', 'tomorrow'])).toMatchObject({ code: 1 });
    expect(await towline(['simulate', 'nothing'])).toMatchObject({ code: 1 });
  });
});

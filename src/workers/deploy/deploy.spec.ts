import { describe, expect, it } from '@jest/globals';
import { deployWorld, layout } from '../../../test/fakes/deploy-world.js';
import { PlainScheduler } from '../../../test/fakes/plain-scheduler.js';
import { type JobRef } from '../../domain/job/job-ref.js';
import { openPolicy } from '../../domain/plan/policy.js';
import { entryMessage } from '../../domain/record/entry-message.js';
import { kvKey } from '../../domain/source/kv-layout.js';
import { sleep } from '../../runtime/abort.js';
import { readHistory } from '../../queries/history.js';
import { TowlineError } from '../../runtime/errors.js';
import { deployWorker } from './index.js';

const signal = new AbortController().signal;

describe('the deployer', () => {
  it('does nothing before anything was mirrored', async () => {
    expect((await deployWorld().deploy()).kind).toBe('nothing-observed');
  });

  it('creates what Git states, in the order of dependencies, and puts intent and outcome on record', async () => {
    const { state, deploy, scheduler, ledger, status, phases } = deployWorld();
    const revision = await state({ web: { needs: ['api'] }, api: { needs: ['db'] }, db: {} });
    expect(await deploy()).toMatchObject({ kind: 'applied' });
    expect(scheduler.calls).toEqual(['create db', 'create api', 'create web']);
    expect(phases()).toEqual(['intent', 'outcome']);
    const [intent, outcome] = ledger.entries.map(({ entry }) => entry);
    expect(intent?.state.intents.map(({ ref }) => ref).sort()).toEqual([
      'plain:api',
      'plain:db',
      'plain:web',
    ]);
    expect(outcome?.state.intents).toEqual([]);
    expect(outcome).toMatchObject({ revision, pass: intent?.state.pass, trigger: 'test' });
    expect(ledger.entries.at(-1)?.files.get('plain/web.json')).toEqual({ id: 'web', needs: ['api'] });
    expect(await status('web')).toMatchObject({ state: 'applied', revision });
  });

  it('plans again, at once, what was not as the plan had it any more', async () => {
    const { state, deploy, scheduler, status } = deployWorld();
    await state({ a: {}, b: {} });
    scheduler.stale.add('a');
    expect(await deploy()).toMatchObject({ kind: 'applied', applied: { outcomes: [{ ref: 'plain:a' }] } });
    expect(scheduler.calls.sort()).toEqual(['create a', 'create a', 'create b']);
    expect(await status('a')).toMatchObject({ state: 'applied' });
  });

  it('merges layers, and records each of their trees', async () => {
    const { commit, deploy, scheduler, ledger } = deployWorld({ layers: ['base', 'test'] });
    await commit({
      'base/a.json': '{"id": "a", "n": 1, "env": {"A": "1", "B": "2"}}',
      'base/b.json': '{"id": "b"}',
      'base/c.json': '{"id": "c"}',
      'test/a.json': '{"n": 2, "env": {"B": null}}',
      'test/b.json': '{"$patch": "delete"}',
    });
    expect(await deploy()).toMatchObject({ kind: 'applied' });
    expect(scheduler.calls.sort()).toEqual(['create a', 'create c']);
    const { files, entry } = ledger.entries.at(-1) ?? {};
    expect(files?.get('plain/a.json')).toEqual({ id: 'a', n: 2, env: { A: '1' } });
    expect(entry?.state.trees.map(({ folder }) => folder)).toEqual(['base', 'test']);
    // What is left out later is pruned, what is put back is created again.
    await commit({
      'base/a.json': '{"id": "a", "n": 1}',
      'test/a.json': '{"$patch": "delete"}',
      'base/c.json': '{"id": "c"}',
    });
    await deploy();
    expect(scheduler.calls.at(-1)).toBe('delete a');
  });

  it('leaves a job alone of which one layer can not be read: it is neither deployed half nor pruned', async () => {
    const { commit, deploy, scheduler } = deployWorld({ layers: ['base', 'test'] });
    const good = { 'base/a.json': '{"id": "a"}', 'base/b.json': '{"id": "b"}' };
    await commit({ ...good, 'test/a.json': '{"n": 2}' });
    await deploy();
    await commit({ ...good, 'test/a.json': '{"n": 3' });
    await deploy();
    expect(scheduler.calls.sort()).toEqual(['create a', 'create b']);
  });

  it('takes no job for gone whose file became a link, or too large for KV', async () => {
    const { commit, deploy, scheduler } = deployWorld();
    await commit({
      'jobs/a.json': '{"id": "a"}',
      'jobs/b.json': '{"id": "b"}',
      'jobs/c.json': '{"id": "c"}',
    });
    await deploy();
    const large = `{"id": "b", "pad": "${'x'.repeat(600_000)}"}`;
    await commit({
      'jobs/a.json': { mode: '120000', text: 'c.json' },
      'jobs/b.json': large,
      'jobs/c.json': '{"id": "c"}',
    });
    const result = await deploy();
    expect(scheduler.calls).toHaveLength(3);
    expect(result).toMatchObject({
      plan: {
        diagnostics: [
          {
            code: 'manifest/unread',
            place: { file: 'jobs/a.json' },
            message: expect.stringContaining('symbolic link'),
          },
          { code: 'manifest/unread', place: { file: 'jobs/b.json' } },
        ],
      },
    });
  });

  it('sends nothing and writes nothing when Git and the scheduler agree', async () => {
    const { state, deploy, scheduler, ledger, kv } = deployWorld();
    await state({ a: {}, b: {} });
    await deploy();
    const transactions = kv.transactions;
    expect((await deploy()).kind).toBe('unchanged');
    expect(scheduler.calls).toHaveLength(2);
    expect(ledger.entries).toHaveLength(2);
    // The lock is taken and given back; nothing else.
    expect(kv.transactions - transactions).toBeLessThanOrEqual(2);
  });

  it('plans without touching anything when asked to', async () => {
    const { state, deploy, scheduler, ledger } = deployWorld();
    await state({ a: {} });
    expect(await deploy({ dryRun: true })).toMatchObject({
      kind: 'planned',
      plan: { plan: { changes: [{ ref: 'plain:a', action: 'create' }] } },
    });
    expect([scheduler.calls, ledger.entries]).toEqual([[], []]);
  });

  it('deletes what it owns and Git no longer has, leaves what it does not own, forgets its status', async () => {
    const { state, deploy, scheduler, status } = deployWorld();
    scheduler.jobs.set('foreign', { spec: { id: 'foreign' }, version: 1 });
    await state({ a: {}, b: {} });
    await deploy();
    await state({ a: {} });
    await deploy();
    expect(scheduler.calls).toEqual(['create a', 'create b', 'delete b']);
    expect([...scheduler.jobs.keys()].sort()).toEqual(['a', 'foreign']);
    expect(await status('b')).toBeUndefined();
  });

  it('keeps a job of the same name that it does not own until it is adopted', async () => {
    const foreign = deployWorld();
    foreign.scheduler.jobs.set('a', { spec: { id: 'a', by: 'hand' }, version: 1 });
    await foreign.state({ a: { by: 'git' } });
    await foreign.deploy();
    expect(foreign.scheduler.calls).toEqual([]);
    expect(await foreign.status('a')).toMatchObject({ state: 'blocked' });
    const adopting = deployWorld({ adopt: new Set(['plain:a' as JobRef]) });
    adopting.scheduler.jobs.set('a', { spec: { id: 'a', by: 'hand' }, version: 1 });
    await adopting.state({ a: { by: 'git' } });
    await adopting.deploy();
    expect(adopting.scheduler.calls).toEqual(['update a']);
  });

  it('puts right what was changed by hand', async () => {
    const { state, deploy, scheduler } = deployWorld();
    await state({ a: { image: '1' } });
    await deploy();
    scheduler.jobs.set('a', { spec: { id: 'a', image: 'by hand' }, version: 9 });
    await deploy();
    expect(scheduler.jobs.get('a')?.spec).toEqual({ id: 'a', image: '1' });
  });

  it('holds an invalid job and what depends on it, and goes on with the rest', async () => {
    const { state, deploy, scheduler, status } = deployWorld();
    await state({ bad: { broken: true }, child: { needs: ['bad'] }, fine: {} });
    await deploy();
    expect(scheduler.calls).toEqual(['create fine']);
    expect(await status('child')).toMatchObject({
      state: 'blocked',
      message: expect.stringContaining('plain:bad'),
    });
  });

  it('never deletes a job whose manifest became invalid', async () => {
    const { state, deploy, scheduler } = deployWorld();
    await state({ a: {}, b: {} });
    await deploy();
    await state({ a: { broken: true }, b: {} });
    await deploy();
    expect(scheduler.jobs.has('a')).toBe(true);
  });

  it('does not send what follows a failed change, and remembers the failure until Git changes', async () => {
    const { state, deploy, scheduler, status } = deployWorld();
    await state({ a: { v: 1 }, b: { v: 1, needs: ['a'] } });
    await deploy();
    scheduler.ends.set('a', 'failed');
    await state({ a: { v: 2 }, b: { v: 2, needs: ['a'] } });
    await deploy();
    expect(scheduler.calls.slice(2)).toEqual(['update a']);
    expect(await status('a')).toMatchObject({ state: 'failed' });
    expect(await status('b')).toMatchObject({
      state: 'blocked',
      message: expect.stringContaining('plain:a'),
    });
    await deploy();
    expect(scheduler.calls.slice(2)).toEqual(['update a']);
    scheduler.ends.clear();
    await state({ a: { v: 3 }, b: { v: 2, needs: ['a'] } });
    await deploy();
    expect(scheduler.calls.slice(3)).toEqual(['update a', 'update b']);
  });

  it('tries a failed job again when told to, although nothing changed', async () => {
    const first = deployWorld();
    first.scheduler.ends.set('a', 'failed');
    await first.state({ a: {} });
    await first.deploy();
    first.scheduler.ends.clear();
    const again = deployWorker({ ...first.options, retry: 'all' });
    await again.once({ signal, trigger: 'test' });
    expect(first.scheduler.calls).toEqual(['create a', 'create a']);
  });

  it('puts on record what a person allowed for one pass alone', async () => {
    const { options, state, ledger } = deployWorld({ adopt: new Set(['plain:a' as JobRef]), retry: 'all' });
    const { prune } = options.policy;
    const asked = { ...options, policy: openPolicy({ ...prune, allowed: true }) };
    const plain = {
      ...options,
      adopt: 'none',
      retry: 'none',
      policy: openPolicy({ ...prune, allowed: false }),
    } as const;
    await state({ a: {} });
    await deployWorker(asked).once({ signal, trigger: 'test' });
    await state({ a: { v: 2 } });
    await deployWorker(plain).once({ signal, trigger: 'test' });
    const flags = ledger.entries.map(({ entry }) => [
      ...entryMessage(entry).matchAll(/^Towline-Flag: (.*)$/gm),
    ]);
    const given = ['adopt=plain:a', 'retry=*', 'allow-prune'];
    expect(flags.map((all) => all.map(([, flag]) => flag))).toEqual([given, given, [], []]);
    const history = await readHistory(ledger, { signal, limit: 10 });
    expect(history.map((entry) => entry.flags)).toEqual([[], given]);
  });

  it('sends nothing where it can not be put on record', async () => {
    const strict = deployWorld();
    strict.ledger.broken = new TowlineError('git-denied', 'refused', 'no rights');
    await strict.state({ a: {} });
    await expect(strict.deploy()).rejects.toMatchObject({ code: 'ledger-unwritable', kind: 'refused' });
    expect(strict.scheduler.calls).toEqual([]);
  });

  it('does not send once more what was tried, and put back, by a pass that came to no end', async () => {
    const { state, deploy, scheduler, ledger } = deployWorld();
    await state({ a: { v: 1 } });
    await deploy();
    const before = scheduler.jobs.get('a');
    await state({ a: { v: 2 } });
    scheduler.afterEffect = () => {
      scheduler.jobs.set('a', { spec: before?.spec ?? {}, version: 3 });
      ledger.broken = new TowlineError('git-failed', 'refused', 'the process is gone');
      throw new DOMException('killed', 'AbortError');
    };
    await expect(deploy()).rejects.toMatchObject({ code: 'ledger-unwritable' });
    scheduler.afterEffect = () => undefined;
    ledger.broken = undefined;
    await deploy();
    await deploy();
    expect(scheduler.calls).toEqual(['create a', 'update a']);
    expect(ledger.entries.at(-1)?.entry).toMatchObject({
      outcomes: [{ ref: 'plain:a', state: 'failed', message: expect.stringMatching(/^unknown; .*--retry/) }],
      state: { intents: [] },
    });
  });

  it('closes what was announced for a job that came to nothing, and that Git has given up', async () => {
    const { state, deploy, scheduler, ledger } = deployWorld();
    await state({ a: {}, b: {} });
    scheduler.lost.add('a');
    await deploy();
    expect(ledger.entries.at(-1)?.entry.state.intents).toMatchObject([{ ref: 'plain:a' }]);
    await state({ b: {} });
    await deploy();
    expect(ledger.entries.at(-1)?.entry).toMatchObject({
      outcomes: [{ ref: 'plain:a', state: 'applied', message: expect.stringMatching(/^found not done; /) }],
      state: { intents: [] },
    });
  });

  it('reads back what a crash left open instead of sending it again', async () => {
    const { state, deploy, scheduler, ledger, phases } = deployWorld();
    await state({ a: {} });
    // The change took effect; nobody lived to tell.
    scheduler.afterEffect = () => {
      ledger.broken = new TowlineError('git-failed', 'refused', 'the process is gone');
      throw new DOMException('killed', 'AbortError');
    };
    await expect(deploy()).rejects.toMatchObject({ code: 'ledger-unwritable' });
    expect(phases()).toEqual(['intent']);
    ledger.broken = undefined;
    scheduler.afterEffect = () => undefined;
    await deploy();
    expect(scheduler.calls).toEqual(['create a']);
    expect(ledger.entries.at(-1)?.entry).toMatchObject({
      phase: 'outcome',
      outcomes: [{ ref: 'plain:a', action: 'none', state: 'applied', message: 'found done; read back' }],
      state: { intents: [] },
    });
  });

  it('refuses a mirror that was tampered with', async () => {
    const { state, deploy, scheduler, kv } = deployWorld();
    await state({ a: {} });
    await kv.put(kvKey(`${layout.config}a.json`), Buffer.from('{"id": "a", "image": "evil"}'), { signal });
    await expect(deploy()).rejects.toMatchObject({ code: 'mirror-tampered' });
    expect(scheduler.calls).toEqual([]);
  });

  it('deletes nothing when most of an environment is gone from Git, until a person allows it', async () => {
    const policy = openPolicy({ enabled: true, maxCount: 1, maxShare: 1, allowed: false });
    const { state, deploy, scheduler, status } = deployWorld({ policy });
    await state({ a: {}, b: {}, c: {} });
    await deploy();
    await state({ a: {} });
    await deploy();
    expect([...scheduler.jobs.keys()].sort()).toEqual(['a', 'b', 'c']);
    expect(await status('b')).toMatchObject({ state: 'blocked', message: expect.stringContaining('limit') });
  });

  it('concludes nothing from a scheduler that can not be read', async () => {
    const other = new PlainScheduler('plain');
    const { state, deploy } = deployWorld({ schedulers: [other] });
    await state({ a: {} });
    await deploy();
    other.unreadable = new TowlineError('plain-unavailable', 'unavailable', 'it is away');
    await state({ b: {} });
    const result = await deploy();
    expect(other.calls).toEqual(['create a']);
    expect(result).toMatchObject({ plan: { unreadable: new Map([['plain', expect.any(String)]]) } });
  });

  it('waits for the holder of its lock', async () => {
    const { state, deploy, lock, scheduler } = deployWorld();
    await state({ a: {} });
    const held = await lock.acquire(layout.lock('deploy'), { signal });
    const deploying = deploy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(scheduler.calls).toEqual([]);
    await held.release();
    await deploying;
    expect(scheduler.calls).toEqual(['create a']);
  });
});

describe('the deployer as a daemon', () => {
  it('deploys what is mirrored while it runs, and stops when told', async () => {
    const stop = new AbortController();
    const { state, scheduler, options } = deployWorld();
    const worker = deployWorker(options);
    const running = worker.run({ signal: stop.signal });
    await state({ a: {} });
    while (!scheduler.jobs.has('a')) await new Promise((resolve) => setTimeout(resolve, 5));
    await state({ a: {}, b: {} });
    while (!scheduler.jobs.has('b')) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(scheduler.calls).toEqual(['create a', 'create b']);
    stop.abort(new DOMException('enough', 'AbortError'));
    await running.catch((error: unknown) => expect(error).toMatchObject({ name: 'AbortError' }));
  });
});

describe('the orders of people', () => {
  it('hold a job that is paused and what waits for it, and nothing else, until it is resumed', async () => {
    const { state, deploy, order, scheduler, status } = deployWorld();
    await state({ a: { n: 1 }, b: { n: 1 } });
    await deploy();
    await order('pause', 'a');
    await state({ a: { n: 2 }, b: { n: 2 }, c: { needs: ['a'] } });
    await deploy();
    expect(scheduler.calls.slice(2)).toEqual(['update b']);
    expect(await status('a')).toMatchObject({
      state: 'blocked',
      message: 'plain:a is paused by ann since 2026-01-01T00:00:00.000Z',
    });
    expect(await status('c')).toMatchObject({
      state: 'blocked',
      message: 'waits for plain:a, which is held back',
    });
    // Once more is no news, but for another reason.
    expect(await order('pause', 'a')).toBeUndefined();
    expect(await order('resume', 'a')).toBeDefined();
    expect(await order('resume', 'a')).toBeUndefined();
    await deploy();
    expect(scheduler.calls.slice(3)).toEqual(['update a', 'create c']);
  });

  it('hold a whole environment, deletions and restarts too', async () => {
    const { state, deploy, order, scheduler } = deployWorld();
    await state({ a: {}, b: {} });
    await deploy();
    await order('restart', 'a');
    await order('pause');
    await state({ a: {} });
    await deploy();
    expect(scheduler.calls).toEqual(['create a', 'create b']);
    await order('resume');
    await deploy();
    expect(scheduler.calls.slice(2).sort()).toEqual(['delete b', 'restart a']);
  });

  it('restart a job once, and what was sent last stays on record', async () => {
    const { state, deploy, order, scheduler, ledger } = deployWorld();
    await state({ a: { n: 1 } });
    await deploy();
    await order('restart', 'a');
    expect(await deploy()).toMatchObject({ kind: 'applied', applied: { outcomes: [{ action: 'restart' }] } });
    expect(await deploy()).toMatchObject({ kind: 'unchanged' });
    expect(scheduler.calls).toEqual(['create a', 'restart a']);
    expect(ledger.entries.at(-1)?.files.get('plain/a.json')).toEqual({ id: 'a', n: 1 });
    expect(ledger.entries.at(-1)?.entry.state.restarts).toEqual({});
  });

  it('are done by a change that replaces the tasks anyway, not by one that scales', async () => {
    const { state, deploy, order, scheduler } = deployWorld();
    await state({ a: { n: 1, instances: 1 } });
    await deploy();
    await order('restart', 'a');
    await state({ a: { n: 1, instances: 2 } });
    await deploy();
    expect(scheduler.calls.slice(1)).toEqual(['scale a']);
    await deploy();
    expect(scheduler.calls.slice(2)).toEqual(['restart a']);
    await order('restart', 'a');
    await state({ a: { n: 2, instances: 2 } });
    await deploy();
    await deploy();
    expect(scheduler.calls.slice(3)).toEqual(['update a']);
  });

  it('restart nothing twice after a crash, and nothing never', async () => {
    const { state, deploy, order, scheduler, ledger } = deployWorld();
    await state({ a: {}, b: {} });
    await deploy();
    for (const [id, when] of [
      ['a', 'after'],
      ['b', 'before'],
    ] as const) {
      await order('restart', id);
      const broken = new TowlineError('x', 'refused', 'no');
      if (when === 'after')
        scheduler.afterEffect = () => {
          ledger.broken = broken;
        };
      else {
        scheduler.afterEffect = () => undefined;
        scheduler.lost.add(id);
      }
      await deploy().catch(() => undefined);
      ledger.broken = undefined;
      await deploy();
      await deploy();
    }
    expect(scheduler.calls.slice(2)).toEqual(['restart a', 'restart b', 'restart b']);
  });

  it('start a run once, after what else is to be done about its job, and leave what was sent last on record', async () => {
    const { state, deploy, order, scheduler, ledger } = deployWorld();
    await state({ a: { n: 1 } });
    await deploy();
    await order('trigger', 'a');
    expect(await order('trigger', 'a')).toBeUndefined();
    await state({ a: { n: 2 } });
    await deploy();
    expect(scheduler.calls.slice(1)).toEqual(['update a', 'trigger a']);
    expect(await deploy()).toMatchObject({ kind: 'unchanged' });
    expect(ledger.entries.at(-1)?.files.get('plain/a.json')).toEqual({ id: 'a', n: 2 });
    expect(ledger.entries.at(-1)?.entry.state.runs).toEqual({});
    await order('kill', 'a');
    await deploy();
    expect(scheduler.calls.slice(3)).toEqual(['kill a']);
  });

  it('start no run a second time, whether its end or its answer got lost', async () => {
    for (const how of ['ledger', 'answer'] as const) {
      const { state, deploy, order, scheduler, ledger } = deployWorld();
      await state({ a: {} });
      await deploy();
      await order('trigger', 'a');
      if (how === 'answer') scheduler.lost.add('a');
      else
        scheduler.afterEffect = () => {
          ledger.broken = new TowlineError('x', 'refused', 'no');
        };
      await deploy().catch(() => undefined);
      ledger.broken = undefined;
      await deploy();
      await deploy();
      expect(scheduler.calls.slice(1)).toEqual(['trigger a']);
      expect(ledger.entries.at(-1)?.entry.state).toMatchObject({ runs: {}, intents: [] });
    }
  });

  it('start no run of a job that went meanwhile, when another one comes by its name', async () => {
    const { state, deploy, order, scheduler } = deployWorld();
    await state({ a: {}, b: {} });
    await deploy();
    await order('trigger', 'a');
    // Gone from the scheduler and from Git, before anybody looked.
    scheduler.jobs.delete('a');
    await state({ b: {} });
    await deploy();
    await state({ a: {}, b: {} });
    await deploy();
    expect(scheduler.calls.filter((call) => call.startsWith('trigger'))).toEqual([]);
  });

  it('start a run that could not be started later, when nothing stands in its way any more', async () => {
    const { state, deploy, order, scheduler } = deployWorld();
    await state({ a: {} });
    await deploy();
    await order('pause', 'a');
    await order('trigger', 'a');
    await deploy();
    expect(scheduler.calls.slice(1)).toEqual([]);
    await order('resume', 'a');
    await deploy();
    expect(scheduler.calls.slice(1)).toEqual(['trigger a']);
  });

  it('let a failed job be tried again as it is', async () => {
    const { state, deploy, order, scheduler } = deployWorld();
    scheduler.ends.set('a', 'failed');
    await state({ a: {} });
    await deploy();
    await deploy();
    expect(scheduler.calls).toEqual(['create a']);
    scheduler.ends.delete('a');
    expect(await order('retry', 'a')).toBeDefined();
    await deploy();
    expect(scheduler.calls).toEqual(['create a', 'create a']);
    expect(await order('retry')).toBeUndefined();
  });

  it('wake the deployer that runs', async () => {
    const { state, order, daemon, scheduler } = deployWorld();
    const stop = new AbortController();
    await state({ a: {} });
    const running = daemon(stop.signal);
    const calls = async (count: number): Promise<void> => {
      while (scheduler.calls.length < count) await sleep(10, AbortSignal.timeout(10_000));
    };
    await calls(1);
    // The daemon records the end before it looks again.
    await new Promise((resolve) => setTimeout(resolve, 200));
    await order('restart', 'a');
    await calls(2);
    expect(scheduler.calls).toEqual(['create a', 'restart a']);
    stop.abort(new DOMException('enough', 'AbortError'));
    await running.catch(() => undefined);
  });

  it('can not be given before anything was deployed', async () => {
    await expect(deployWorld().order('pause')).rejects.toMatchObject({ code: 'ledger-empty' });
  });
});

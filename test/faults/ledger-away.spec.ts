import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { JobRef } from '../../src/domain/job/job-ref.js';
import type { LedgerEntry, LedgerIntent, LedgerState } from '../../src/domain/record/ledger-entry.js';
import { orderEntry } from '../../src/domain/record/orders.js';
import type { Outcome } from '../../src/domain/record/outcome.js';
import { nextSequence } from '../../src/domain/record/sequence.js';
import type { JsonObject } from '../../src/domain/source/json.js';
import type { ObjectId, Revision } from '../../src/domain/source/revision.js';
import { gitStore } from '../../src/git/index.js';
import { gitLedger, journaledLedger } from '../../src/ledger/index.js';
import type { Ledger } from '../../src/ports/ledger.js';
import { silentLog } from '../../src/runtime/log.js';
import { GitSandbox } from '../fakes/git-sandbox.js';

const author = { name: 'Towline', email: 'towline@localhost' };
const waiting = { signal: new AbortController().signal };

describe('a ledger whose remote goes away and comes back', () => {
  let sandbox: GitSandbox;
  let revision: Revision;
  const closers: (() => Promise<void>)[] = [];

  beforeEach(() => {
    sandbox = new GitSandbox();
    sandbox.write({ 'jobs/web.yaml': 'id: /web\n' });
    revision = sandbox.commit() as Revision;
    sandbox.push();
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
    sandbox.remove();
  });

  const folderOf = (who: string): string => path.join(sandbox.root, who, 'journal');
  /** The ledger as a process of a deployer has it that keeps its things in a folder of its own. */
  const ledgerOf = (who: string): Ledger => {
    const storeDir = path.join(sandbox.root, who);
    const store = gitStore({ location: `file://${sandbox.bare}`, storeDir, author, log: silentLog() });
    closers.push(() => store.close());
    const inner = gitLedger({ store, branch: 'ledger/test', environment: 'test', author });
    return journaledLedger(inner, { folder: folderOf(who), environment: 'test', log: silentLog() });
  };
  const goesAway = (): void => renameSync(sandbox.bare, `${sandbox.bare}.away`);
  const comesBack = (): void => renameSync(`${sandbox.bare}.away`, sandbox.bare);
  const left = (who: string): string[] => {
    mkdirSync(folderOf(who), { recursive: true });
    return readdirSync(folderOf(who)).sort();
  };

  const intent = (id: string): LedgerIntent => ({
    ref: `marathon:/${id}` as JobRef,
    scheduler: 'marathon',
    kind: 'app',
    id: `/${id}`,
    action: 'update',
  });
  const begun = (pass: string, at: string, ids: string[], state: LedgerState | undefined): LedgerEntry => ({
    phase: 'intent',
    environment: 'test',
    pass,
    planDigest: 'sha256:abc',
    actor: 'ann@host',
    decisions: [],
    revision,
    trees: [{ folder: '', tree: 'b'.repeat(40) as ObjectId }],
    trigger: 'test',
    at,
    outcomes: [],
    files: {},
    state: {
      ...(state ?? { version: 1, environment: 'test', jobs: {} }),
      sequence: nextSequence(state),
      revision,
      trees: [{ folder: '', tree: 'b'.repeat(40) as ObjectId }],
      pass,
      intents: ids.map(intent),
    },
  });
  const ended = (
    pass: string,
    at: string,
    jobs: Record<string, JsonObject>,
    state: LedgerState,
  ): LedgerEntry => {
    const outcomes = Object.keys(jobs).map((id): Outcome => {
      const { ref, scheduler, kind, action } = intent(id);
      return {
        ref,
        scheduler,
        kind,
        id: `/${id}`,
        action,
        state: 'applied',
        message: `by ${pass}`,
        startedAt: at,
        endedAt: at,
      };
    });
    const records = outcomes.map(({ ref, scheduler, kind, id, message }) => [
      ref,
      { scheduler, kind, id, file: `marathon${id}.json`, revision, outcome: 'applied', message, at },
    ]);
    return {
      ...begun(pass, at, [], state),
      phase: 'outcome',
      outcomes,
      files: Object.fromEntries(Object.entries(jobs).map(([id, spec]) => [`marathon/${id}.json`, spec])),
      state: {
        ...begun(pass, at, [], state).state,
        jobs: { ...state.jobs, ...Object.fromEntries(records) },
      },
    };
  };
  /** A pass as a deployer puts it on record. */
  const pass = async (ledger: Ledger, name: string, at: string, jobs: Record<string, JsonObject>) => {
    const before = await ledger.head(waiting);
    const first = begun(name, at, Object.keys(jobs), before.state);
    const announced = await ledger.append(first, before.commit, waiting);
    const last = await ledger.append(ended(name, at, jobs, first.state), announced, waiting);
    return { announced, last };
  };
  const told = async (ledger: Ledger): Promise<string[]> =>
    (await ledger.history({ ...waiting, limit: 100 })).reverse().map(({ trailers, at }) => {
      const value = (key: string): string => trailers.find((t) => t.key === key)?.value ?? '-';
      const [n, phase, late] = ['Towline-Sequence', 'Towline-Phase', 'Towline-Late'].map(value);
      return `${n ?? ''} ${value('Towline-Pass')} ${phase ?? ''} ${late === 'true' ? 'late ' : ''}${new Date(at).toISOString()}`;
    });

  it('keeps what it could not take, shows it meanwhile, and has it in order later, with the times it had', async () => {
    const ledger = ledgerOf('one');
    await pass(ledger, 'p1', '2026-01-01T00:00:01.000Z', { web: { v: 1 } });
    goesAway();
    const { announced, last } = await pass(ledger, 'p2', '2026-01-01T00:00:02.000Z', {
      web: { v: 2 },
      api: { v: 1 },
    });
    expect(left('one')).toEqual(['000001.json', '000002.json']);
    expect((await ledger.stateAt(announced, waiting))?.intents).toHaveLength(2);
    // Another process, after this one died, sees the same.
    for (const each of [ledger, ledgerOf('one')]) {
      const head = await each.head(waiting);
      expect(head.commit).toBe(last);
      expect(head.state?.jobs['marathon:/api']).toMatchObject({ message: 'by p2' });
      expect(await each.documents(last, ['marathon/web.json', 'marathon/none.json'], waiting)).toEqual(
        new Map([['marathon/web.json', { v: 2 }]]),
      );
      expect(await each.paths(last, waiting)).toEqual(['marathon/api.json', 'marathon/web.json']);
    }
    await pass(ledger, 'p3', '2026-01-01T00:00:03.000Z', { api: { v: 2 } });
    comesBack();
    const head = await ledger.head(waiting);
    expect(left('one')).toEqual([]);
    expect(await told(ledger)).toEqual([
      '1 p1 intent 2026-01-01T00:00:01.000Z',
      '2 p1 outcome 2026-01-01T00:00:01.000Z',
      '3 p2 intent late 2026-01-01T00:00:02.000Z',
      '4 p2 outcome late 2026-01-01T00:00:02.000Z',
      '5 p3 intent late 2026-01-01T00:00:03.000Z',
      '6 p3 outcome late 2026-01-01T00:00:03.000Z',
    ]);
    expect(head.state?.intents).toEqual([]);
    expect(sandboxGit('show', 'ledger/test:marathon/api.json')).toEqual({ v: 2 });
    expect(head.state).toEqual((await ledgerOf('two').head(waiting)).state);
  }, 60_000);

  const sandboxGit = (...args: string[]): unknown =>
    JSON.parse(sandbox.git('--git-dir', sandbox.bare, ...args));

  it('comes after what others did meanwhile, and takes nothing of it back', async () => {
    const [one, two] = [ledgerOf('one'), ledgerOf('two')];
    await pass(one, 'p1', '2026-01-01T00:00:01.000Z', { web: { v: 1 }, api: { v: 1 } });
    goesAway();
    await pass(one, 'p2', '2026-01-01T00:00:02.000Z', { web: { v: 2 }, api: { v: 2 } });
    comesBack();
    await pass(two, 'q1', '2026-01-01T00:00:03.000Z', { web: { v: 3 } });
    const { commit, state } = await two.head(waiting);
    const by = { by: 'ann', at: '2026-01-01T00:00:04.000Z' };
    const order =
      state === undefined
        ? undefined
        : orderEntry({ verb: 'pause', refs: ['marathon:/web' as JobRef], ...by }, state);
    if (order === undefined) throw new Error('a pause is news');
    await two.append(order, commit, waiting);
    const head = await one.head(waiting);
    expect((await told(one)).map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      '1 p1 intent',
      '2 p1 outcome',
      '3 q1 intent',
      '4 q1 outcome',
      '5 - order',
      '6 p2 intent',
      '7 p2 outcome',
    ]);
    expect(head.state).toMatchObject({
      pass: 'q1',
      intents: [],
      paused: { 'marathon:/web': by },
      jobs: { 'marathon:/web': { message: 'by q1' }, 'marathon:/api': { message: 'by p2' } },
    });
    expect(sandboxGit('show', 'ledger/test:marathon/web.json')).toEqual({ v: 3 });
    expect(sandboxGit('show', 'ledger/test:marathon/api.json')).toEqual({ v: 2 });
  }, 60_000);

  it('has an entry once whose process died after it had arrived', async () => {
    const ledger = ledgerOf('one');
    await pass(ledger, 'p1', '2026-01-01T00:00:01.000Z', { web: { v: 1 } });
    goesAway();
    await pass(ledger, 'p2', '2026-01-01T00:00:02.000Z', { web: { v: 2 } });
    const files = left('one').map((name) => [name, readFileSync(path.join(folderOf('one'), name))] as const);
    comesBack();
    const { commit } = await ledger.head(waiting);
    for (const [name, bytes] of files) writeFileSync(path.join(folderOf('one'), name), bytes);
    expect((await ledgerOf('one').head(waiting)).commit).toBe(commit);
    expect(left('one')).toEqual([]);
  }, 60_000);

  it('names an entry on disk that can not be read, and goes on with nothing', async () => {
    const ledger = ledgerOf('one');
    await pass(ledger, 'p1', '2026-01-01T00:00:01.000Z', { web: { v: 1 } });
    goesAway();
    await pass(ledger, 'p2', '2026-01-01T00:00:02.000Z', { web: { v: 2 } });
    const file = path.join(folderOf('one'), '000001.json');
    const whole = readFileSync(file, 'utf8');
    const isNamed = { code: 'ledger-journal-damaged', message: expect.stringContaining(file) };
    for (const text of [whole.replace('p2', 'p9'), whole.slice(0, 200), '', '[]']) {
      writeFileSync(file, text);
      await expect(ledger.head(waiting)).rejects.toMatchObject(isNamed);
    }
    comesBack();
    await expect(ledger.head(waiting)).rejects.toMatchObject(isNamed);
    // What was cut off while it was written was promised to nobody.
    writeFileSync(file, whole);
    writeFileSync(path.join(folderOf('one'), '.000003.json'), 'half');
    expect((await ledger.head(waiting)).state?.sequence).toBe(4);
  }, 60_000);

  it('stops where nothing of it is known here, and takes no order while it is away', async () => {
    await pass(ledgerOf('two'), 'p1', '2026-01-01T00:00:01.000Z', { web: { v: 1 } });
    const known = ledgerOf('two');
    const { commit, state } = await known.head(waiting);
    const stranger = ledgerOf('one');
    goesAway();
    await expect(stranger.head(waiting)).rejects.toMatchObject({
      kind: expect.stringMatching(/unavailable|invalid/),
    });
    const refs = ['marathon:/web' as JobRef];
    const order =
      state === undefined
        ? undefined
        : orderEntry({ verb: 'pause', refs, by: 'ann', at: '2026-01-01T00:00:02.000Z' }, state);
    if (order === undefined) throw new Error('a pause is news');
    await expect(known.append(order, commit, waiting)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(left('two')).toEqual([]);
    comesBack();
  }, 60_000);
});

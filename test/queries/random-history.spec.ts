import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { LedgerRecord, LedgerState } from '../../src/domain/record/ledger-entry.js';
import type { Release } from '../../src/domain/release/release.js';
import { kvKey } from '../../src/domain/source/kv-layout.js';
import type { CommitInfo } from '../../src/ports/job-repository.js';
import type { LiveTask, Scheduler } from '../../src/ports/scheduler.js';
import { readWhy, type WhyAnswer, type WhyLink, type WhySources } from '../../src/queries/why/index.js';
import { randomHistory, type History, type Truth } from './random-history.js';
import { randomWorld, type RandomWorld } from './random-world.js';
import type { VersionedScheduler } from './versioned-scheduler.js';

const PASSES = 200;
const SEED = 7;
const signal = AbortSignal.timeout(600_000);

describe(`a random history of ${PASSES} passes`, () => {
  let world: RandomWorld;
  let history: History;

  beforeAll(async () => {
    world = await randomWorld();
    history = await randomHistory(world, PASSES, SEED);
  }, 300_000);
  afterAll(() => world.close());

  const ask = async (question: string): Promise<WhyAnswer[]> =>
    (await readWhy(question, world.sources, signal)).answers;
  const liveTasks = (): [string, LiveTask][] =>
    [...world.scheduler.running].flatMap(([id, tasks]) =>
      tasks.map((task): [string, LiveTask] => [id, task]),
    );
  const truthOf = (id: string, version = ''): Truth | undefined => history.versions.get(`${id} ${version}`);

  it('has tasks of old versions, definitions that were put back, approvals, and promotions', () => {
    const truths = liveTasks().map(([id, { version }]) => truthOf(id, version));
    const all = [...history.versions.values()];
    const old = liveTasks().filter(([id, { version }]) => world.scheduler.jobs.get(id)?.version !== version);
    expect(truths.length).toBeGreaterThan(5);
    expect(old.length).toBeGreaterThan(0);
    expect(all.filter(({ definition }) => definition !== undefined).length).toBeGreaterThan(5);
    expect(all.filter(({ approvals }) => approvals.length > 0).length).toBeGreaterThan(5);
    expect(all.filter(({ promotion }) => promotion !== undefined).length).toBeGreaterThan(20);
  });

  it('why tells the truth of every live task, by its id and by its address', async () => {
    for (const [id, task] of liveTasks()) {
      const truth = truthOf(id, task.version);
      for (const question of [task.id, `${task.host}:${task.ports[0]}`]) {
        const answers = await ask(question);
        expect(answers).toHaveLength(1);
        expect(seenIn(answers[0]?.links ?? [])).toEqual({
          ...expected(truth),
          task: task.id,
          version: task.version,
        });
      }
    }
  }, 300_000);

  it('… of every job', async () => {
    for (const [id, tasks] of world.scheduler.running) {
      const [answer] = await ask(`plain:${id}`);
      const seen = seenIn(answer?.links ?? []);
      const task = tasks.find((each) => each.id === seen['task']);
      expect(seen).toEqual({
        ...expected(truthOf(id, task?.version)),
        task: task?.id,
        version: task?.version,
      });
    }
  }, 300_000);

  it('… of every image that runs, and which entry sent it first', async () => {
    for (const [id, { spec }] of world.scheduler.jobs) {
      const image = String(spec['image']);
      if (world.scheduler.running.get(id)?.length === 0) continue;
      const [answer, ...others] = await ask(image);
      expect(others).toEqual([]);
      expect(answer?.ref).toBe(`plain:${id}`);
      expect(linkOf(answer, 'first')?.id).toBe(history.first.get(`${id} ${image}`));
    }
  }, 300_000);

  it('… of every release, whether it runs or not', async () => {
    const live = new Set([...world.scheduler.jobs.values()].map(({ spec }) => String(spec['image'])));
    for (const { image, tag, sourceCommit, buildUrl, by } of history.releases.filter(
      (_, at) => at % 4 === 0,
    )) {
      const [answer] = await ask(`${image}:${tag}`);
      expect(answer?.subject).toBe('image');
      if (!live.has(`${image}:${tag}`)) {
        expect(linkOf(answer, 'source')?.id).toBe(sourceCommit);
        expect(linkOf(answer, 'build')?.id).toBe(buildUrl);
        expect(linkOf(answer, 'release')?.by).toBe(by);
      }
    }
  }, 300_000);

  it('… of entries of the ledger, and what of them is live now', async () => {
    for (const [commit, jobs] of [...history.entries].filter((_, at) => at % 8 === 0)) {
      const [pass, ...chains] = await ask(commit.slice(0, 12));
      for (const [id, truth] of jobs) {
        const chain = chains.find(({ ref }) => ref === `plain:${id}`);
        const { deployment: _deployment, ...recorded } = expected(truth);
        expect(seenIn(chain?.links ?? [])).toEqual(recorded);
        const told = pass?.jobs?.find(({ ref }) => ref === `plain:${id}`)?.now;
        const { commit: _newest, state } = await world.head();
        const now = state.jobs[`plain:${id}`];
        if (now === undefined) expect(told).toBe('deleted');
        else
          expect(told === 'live').toBe(
            now.version !== undefined && truthOf(id, now.version)?.entry === commit,
          );
      }
    }
  }, 300_000);

  it('… of jobs that are gone', async () => {
    for (const [id, entry] of history.deleted) {
      const [answer] = await ask(`plain:${id}`);
      expect(linkOf(answer, 'ledger')?.id).toBe(entry);
      expect(linkOf(answer, 'task')).toMatchObject({ missing: true, text: 'it was deleted' });
    }
  });
});

describe('with one link cut, why names that one', () => {
  let world: RandomWorld;
  let release: Release;
  beforeAll(async () => {
    world = await randomWorld();
    await world.commit({ web: { image: 'shop/web:0', instances: 1 } }, 'ann', 'Begin');
    await world.mirror();
    await world.deploy();
    release = {
      image: 'shop/web',
      tag: '1',
      sourceCommit: 'c'.repeat(40),
      buildUrl: 'https://ci.example.org/1',
      by: 'eve',
      at: '2026-01-01T00:00:00.000Z',
    };
    await world.promote(release);
    await world.mirror();
    await world.approve('bob');
    await world.deploy();
  }, 60_000);
  afterAll(() => world.close());

  /** The links that are missing by themselves. */
  const cutIn = async (sources: Partial<WhySources>, question = 'plain:web'): Promise<string[]> => {
    const [answer] = (await readWhy(question, { ...world.sources, ...sources }, signal)).answers;
    return (answer?.links ?? []).flatMap(({ link, missing, because }) =>
      missing === true && because === undefined ? [link] : [],
    );
  };
  /** The ledger, with other words in it. */
  const ledgerWith = (
    edit: (record: LedgerRecord) => LedgerRecord | undefined,
    state: (state: LedgerState) => LedgerState = (same) => same,
  ): Partial<WhySources> => ({
    ledger: {
      ...world.ledger,
      head: async (waiting) => {
        const head = await world.ledger.head(waiting);
        return head.state === undefined ? head : { ...head, state: state(head.state) };
      },
      history: async (options) => (await world.ledger.history(options)).flatMap((each) => edit(each) ?? []),
    },
  });
  const without = (key: string, value = /^/): ((record: LedgerRecord) => LedgerRecord) => {
    return (record) => ({
      ...record,
      trailers: record.trailers.filter((t) => !(t.key === key && value.test(t.value))),
    });
  };
  const isPhase = ({ trailers }: LedgerRecord, phase: string): boolean =>
    trailers.some((t) => t.key === 'Towline-Phase' && t.value === phase);
  const commitsWith = (edit: (commit: CommitInfo) => CommitInfo): Partial<WhySources> => ({
    repository: {
      ...world.repository,
      log: async (revision, options) => (await world.repository.log(revision, options)).map(edit),
    },
  });

  it('none, as long as none is cut', async () => {
    expect(await cutIn({})).toEqual([]);
  });

  it('the task', async () => {
    const none = { ...asScheduler(world.scheduler), tasks: async () => [] };
    expect(await cutIn({ schedulers: [none] })).toEqual(['task']);
  });

  it('a scheduler that does not answer', async () => {
    const silent = {
      ...asScheduler(world.scheduler),
      tasks: async () => Promise.reject(new Error('nobody there')),
    };
    expect(await cutIn({ schedulers: [silent] })).toEqual(['task']);
  });

  it('the deployment', async () => {
    const cut = ledgerWith((record) => ({
      ...record,
      trailers: record.trailers.map((t) => ({ ...t, value: t.value.replace(/ deployment=\S+/, '') })),
    }));
    expect(await cutIn(cut)).toEqual(['deployment']);
  });

  it('the version on record: somebody changed the job past Towline', async () => {
    const other = {
      ...asScheduler(world.scheduler),
      tasks: async () => [{ ...taskOf(world), version: 'v999' }],
    };
    expect(await cutIn({ schedulers: [other] })).toEqual(['ledger']);
  });

  it('the entry of the ledger', async () => {
    const { state } = await world.head();
    const lost = String(state.jobs['plain:web']?.sequence);
    const cut = ledgerWith((record) =>
      record.trailers.some((t) => t.key === 'Towline-Sequence' && t.value === lost) ? undefined : record,
    );
    expect(await cutIn(cut)).toEqual(['ledger']);
  });

  it('the approval', async () => {
    expect(await cutIn(ledgerWith(without('Towline-Approves')))).toEqual(['approval']);
  });

  it('the entry of the mirror', async () => {
    expect(await cutIn(ledgerWith((record) => (isPhase(record, 'mirror') ? undefined : record)))).toEqual([
      'mirror',
    ]);
  });

  it('the index in KV', async () => {
    expect(await cutIn(ledgerWith(without('Towline-Mirror-Index')))).toEqual(['mirror']);
  });

  it('another revision under the same index', async () => {
    const cut = ledgerWith((record) =>
      isPhase(record, 'mirror') ? without('Towline-Revision')(record) : record,
    );
    expect(await cutIn(cut)).toEqual(['mirror']);
  });

  it('the revision', async () => {
    const tip = await world.tip();
    const log: WhySources['repository']['log'] = async (revision, options) => {
      if (revision === tip) throw new Error(`bad object ${revision}`);
      return world.repository.log(revision, options);
    };
    // KV still knows the release; only the commits are gone.
    expect(await cutIn({ repository: { ...world.repository, log } })).toEqual(['revision']);
  });

  it('the manifest', async () => {
    const readTree: WhySources['repository']['readTree'] = async (...asked) => ({
      ...(await world.repository.readTree(...asked)),
      entries: [],
    });
    expect(await cutIn({ repository: { ...world.repository, readTree } })).toEqual(['manifest']);
  });

  it('the promotion', async () => {
    const cut = commitsWith((commit) => ({ ...commit, trailers: [] }));
    expect(await cutIn(cut)).toEqual(['promotion']);
  });

  it('the promotion of another job', async () => {
    const cut = commitsWith((commit) => ({
      ...commit,
      trailers: commit.trailers.filter((t) => t.key !== 'Towline-Job'),
    }));
    expect(await cutIn(cut)).toEqual(['promotion']);
  });

  describe('of the release', () => {
    const key = kvKey('towline/releases/shop/web');
    const put = (value: object): Promise<boolean> =>
      world.kv.put(key, Buffer.from(JSON.stringify(value)), { signal });
    afterEach(() => put(release));

    it('the release itself', async () => {
      await world.kv.delete(key, { signal });
      expect(await cutIn({})).toEqual(['release']);
    });

    it('the build', async () => {
      const { buildUrl: _build, ...rest } = release;
      await put(rest);
      expect(await cutIn(commitsWith(withoutTrailer('Towline-Build')))).toEqual(['build']);
    });

    it('the source', async () => {
      const { sourceCommit: _source, ...rest } = release;
      await put(rest);
      expect(await cutIn(commitsWith(withoutTrailer('Towline-Source-Commit')))).toEqual(['source']);
    });
  });
});

function withoutTrailer(key: string): (commit: CommitInfo) => CommitInfo {
  return (commit) => ({ ...commit, trailers: commit.trailers.filter((t) => t.key !== key) });
}

function asScheduler(scheduler: VersionedScheduler): Scheduler {
  return {
    name: scheduler.name,
    kind: scheduler.kind,
    observe: () => scheduler.observe(),
    find: (job) => scheduler.find(job),
    apply: (change) => scheduler.apply(change),
    tasks: (id) => scheduler.tasks(id),
    describe: () => scheduler.describe(),
    close: () => scheduler.close(),
  };
}

function taskOf({ scheduler }: RandomWorld): LiveTask {
  const [task] = scheduler.running.get('web') ?? [];
  if (task === undefined) throw new Error('nothing runs');
  return task;
}

function linkOf(answer: WhyAnswer | undefined, name: WhyLink['link']): WhyLink | undefined {
  return answer?.links.find(({ link }) => link === name);
}

/** Each link by its id, `missing` where it is. */
function seenIn(links: readonly WhyLink[]): Record<string, unknown> {
  const seen: Record<string, unknown> = {};
  for (const { link, id, missing } of links.filter(({ link: name }) => name !== 'first')) {
    const value = missing === true ? 'missing' : id;
    if (link === 'approval') seen[link] = [...((seen[link] as unknown[] | undefined) ?? []), value].sort();
    else seen[link] = value;
  }
  return seen;
}

function expected(truth: Truth | undefined): Record<string, unknown> {
  const lost = {
    mirror: 'missing',
    revision: 'missing',
    manifest: 'missing',
    promotion: 'missing',
    release: 'missing',
    build: 'missing',
    source: 'missing',
  };
  if (truth === undefined) return { ledger: 'missing', deployment: 'missing', ...lost };
  const { entry, definition, deployment, index, revision, manifest, image, promotion, release, approvals } =
    truth;
  const common = { ledger: entry, deployment: deployment ?? 'missing' };
  if (definition === 'lost') return { ...common, definition: 'missing', ...lost };
  return {
    ...common,
    ...(definition === undefined ? {} : { definition }),
    ...(approvals.length === 0 ? {} : { approval: [...approvals].sort() }),
    mirror: index,
    revision,
    manifest,
    promotion: promotion ?? 'missing',
    release: release === undefined ? 'missing' : image,
    build: release?.buildUrl ?? 'missing',
    source: release?.sourceCommit ?? 'missing',
  };
}

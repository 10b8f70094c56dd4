import type { Release } from '../../src/domain/release/release.js';
import { sameJson } from '../../src/domain/source/compare-json.js';
import type { JsonObject } from '../../src/domain/source/json.js';
import type { RandomWorld } from './random-world.js';

/** What is true of what a version runs; undefined: there is no such thing, and why has to say so. */
export interface Truth {
  entry: string | undefined;
  /** Where the entry put something back, restarted it, or read it back; 'lost': nothing on record sent it. */
  definition?: string | undefined;
  deployment: string | undefined;
  index: string;
  revision: string;
  manifest: string;
  image: string;
  promotion: string | undefined;
  /** Of the promotion. */
  release: Release | undefined;
  approvals: string[];
}

/** What the generator has done, and so knows. */
export interface History {
  world: RandomWorld;
  /** By job and version. */
  versions: Map<string, Truth>;
  /** Outcomes of passes that sent something: entry → what is true of each job. */
  entries: Map<string, Map<string, Truth>>;
  /** The first entry that sent an image. */
  first: Map<string, string>;
  releases: Release[];
  deleted: Map<string, string>;
  passes: number;
}

interface Stated {
  spec: JsonObject;
  manifest: string;
  promotion: string | undefined;
  release: Release | undefined;
}

const IDS = ['web', 'api', 'mail', 'search', 'cart', 'feed'];
const PEOPLE = ['ann', 'bob', 'eve'];

/** The same history for the same seed: changes, promotions, failures, edits by hand, crashes, orders, approvals. */
export async function randomHistory(world: RandomWorld, passes: number, seed: number): Promise<History> {
  const random = generator(seed);
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const history: History = {
    world,
    versions: new Map(),
    entries: new Map(),
    first: new Map(),
    releases: [],
    deleted: new Map(),
    passes: 0,
  };
  const stated = new Map<string, Stated>();
  let n = 0;

  const change = async (id: string, more: JsonObject, byHand: boolean): Promise<void> => {
    const before = stated.get(id);
    const spec = { image: `shop/${id}:0`, instances: 2, ...before?.spec, ...more };
    const who = pick(PEOPLE);
    const commit = await world.commit({ [id]: spec }, who, `Change ${++n} of ${id}`);
    // A commit that states what stood there before changes no file.
    const manifest = before !== undefined && sameJson(before.spec, spec) ? before.manifest : commit;
    const set = before === undefined || byHand;
    stated.set(id, {
      spec,
      manifest,
      promotion: set ? undefined : before.promotion,
      release: set ? undefined : before.release,
    });
  };
  const promote = async (id: string): Promise<void> => {
    const before = stated.get(id);
    if (before === undefined) return;
    const release: Release = {
      image: `shop/${id}`,
      tag: `${++n}`,
      digest: `sha256:${n.toString(16).padStart(64, '0')}`,
      sourceCommit: n.toString(16).padStart(40, 'c'),
      buildUrl: `https://ci.example.org/${n}`,
      by: pick(PEOPLE),
      at: new Date(world.now()).toISOString(),
    };
    const promotion = await world.promote(release);
    history.releases.push(release);
    stated.set(id, {
      spec: { ...before.spec, image: `${release.image}:${release.tag}` },
      manifest: promotion,
      promotion,
      release,
    });
  };

  /** One pass: what it sent is known from the scheduler, whatever was planned. */
  const pass = async (approvers: string[] = [], crash = false): Promise<void> => {
    const index = String(await world.mirror());
    const approvals: string[] = [];
    for (const by of approvers) approvals.push(await world.approve(by));
    const before = new Map([...world.scheduler.jobs].map(([id, { version }]) => [id, version]));
    let announced: string | undefined;
    if (crash) {
      world.scheduler.afterEffect = () => {
        throw new Error('killed');
      };
      await world.deploy().catch(() => undefined);
      world.scheduler.afterEffect = () => undefined;
      announced = await world.newestIntent();
      world.tick();
    }
    const recorded = (await world.ledger.head({ signal: AbortSignal.timeout(10_000) })).commit;
    await world.deploy();
    history.passes += 1;
    const { commit, state } = await world.head();
    if (commit === recorded) return;
    const revision = await world.tip();
    const sent = new Map<string, Truth>();
    for (const [id, { version, spec }] of world.scheduler.jobs) {
      const now = stated.get(id);
      const job = state.jobs[`plain:${id}`];
      if (now === undefined || job === undefined || before.get(id) === version || job.version !== version)
        continue;
      const origin = history.versions.get(`${id} ${before.get(id) ?? ''}`);
      const common = { entry: commit, deployment: job.deploymentId };
      const fresh = {
        ...common,
        index,
        revision,
        manifest: now.manifest,
        image: String(spec['image']),
        promotion: now.promotion,
        release: now.release,
        approvals,
      };
      const back = job.outcome === 'rolled-back' || job.action === 'restart';
      const truth: Truth = !back
        ? { ...fresh, ...(job.action === 'none' ? { definition: announced } : {}) }
        : origin?.entry === undefined || origin.definition === 'lost'
          ? { ...fresh, ...common, definition: 'lost' }
          : { ...origin, ...common, definition: origin.definition ?? origin.entry };
      history.versions.set(`${id} ${version}`, truth);
      if (!back && job.action !== 'none') sent.set(id, truth);
      const image = `${id} ${truth.image}`;
      if (!history.first.has(image)) history.first.set(image, commit);
    }
    if (sent.size > 0) history.entries.set(commit, sent);
  };

  await change(IDS[0] ?? '', {}, false);
  await pass();
  while (history.passes < passes) {
    world.tick();
    const [id, dice] = [pick(IDS), random()];
    if (!stated.has(id)) {
      await change(id, {}, true);
      history.deleted.delete(id);
      await pass();
    } else if (dice < 0.3) {
      if (random() < 0.4) world.scheduler.slow.add(id);
      await change(id, { level: `L${++n}` }, false);
      await pass(random() < 0.3 ? [pick(PEOPLE)] : []);
    } else if (dice < 0.4) {
      await change(id, { instances: 1 + Math.floor(random() * 4) }, false);
      await pass();
    } else if (dice < 0.6) {
      if (random() < 0.3) world.scheduler.slow.add(id);
      await promote(id);
      await pass(random() < 0.2 ? ['ann', 'bob'] : []);
    } else if (dice < 0.65) {
      await change(id, { image: `shop/${id}:hand-${++n}` }, true);
      await pass();
    } else if (dice < 0.72) {
      world.scheduler.ends.set(id, 'failed');
      await change(id, { level: `L${++n}` }, false);
      await pass();
    } else if (dice < 0.8) {
      world.scheduler.ends.set(id, 'rolled-back');
      if (random() < 0.3) world.scheduler.edit(id, { level: `hand-${++n}` });
      await change(id, { level: `L${++n}` }, false);
      await pass();
    } else if (dice < 0.85) {
      world.scheduler.edit(id, { level: `hand-${++n}` });
      await pass();
    } else if (dice < 0.9) {
      await world.order('restart', id, pick(PEOPLE));
      await pass();
    } else if (dice < 0.93) {
      await world.order('pause', id, pick(PEOPLE));
      await world.order('resume', id, pick(PEOPLE));
      await change(id, { level: `L${++n}` }, false);
      await pass();
    } else if (dice < 0.97) {
      await change(id, { level: `L${++n}` }, false);
      await pass([], true);
    } else if (stated.size > 3) {
      await world.commit({ [id]: null }, pick(PEOPLE), `Remove ${id}`);
      stated.delete(id);
      await pass();
      history.deleted.set(id, (await world.head()).commit);
      for (const image of [...history.first.keys()])
        if (image.startsWith(`${id} `)) history.first.delete(image);
    }
  }
  return history;
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

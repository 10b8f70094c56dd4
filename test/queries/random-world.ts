import { jobRef } from '../../src/domain/job/job-ref.js';
import type { SchedulerModel } from '../../src/domain/job/scheduler-model.js';
import type { LedgerState } from '../../src/domain/record/ledger-entry.js';
import { mirrorEntry } from '../../src/domain/record/mirror-entry.js';
import { nextSequence } from '../../src/domain/record/sequence.js';
import type { Release } from '../../src/domain/release/release.js';
import type { JsonObject } from '../../src/domain/source/json.js';
import { kvKey, kvLayout } from '../../src/domain/source/kv-layout.js';
import { parseMirrorRef } from '../../src/domain/source/mirror-ref.js';
import type { Revision } from '../../src/domain/source/revision.js';
import { gitStore } from '../../src/git/index.js';
import { documentText, stateOf } from '../../src/domain/record/ledger-files.js';
import { gitLedger } from '../../src/ledger/index.js';
import { EVERY_RULE } from '../../src/domain/job/validate/rule-policy.js';
import type { WhySources } from '../../src/queries/why/index.js';
import { gateFactsOf } from '../../src/queries/gate-facts.js';
import { silentLog } from '../../src/runtime/log.js';
import { systemClock } from '../../src/runtime/system-clock.js';
import { deployWorker } from '../../src/workers/deploy/index.js';
import { giveOrder } from '../../src/workers/deploy/order.js';
import { mirrorWorker } from '../../src/workers/mirror/index.js';
import { promoteWorker } from '../../src/workers/promote/index.js';
import { LENIENT, noSecrets, plainModel } from '../builders/plan-input.js';
import { JUDGING } from '../fakes/deploy-world.js';
import { GitSandbox } from '../fakes/git-sandbox.js';
import { MemoryKv, MemoryLock } from '../fakes/memory-kv.js';
import { VersionedScheduler } from './versioned-scheduler.js';

const signal = new AbortController().signal;
const towline = { name: 'Towline', email: 'towline@localhost' };
export const layout = kvLayout('towline/', 'test');

/** The plain model, with an image. */
const model: SchedulerModel = { ...plainModel, images: ({ spec }) => ('image' in spec ? ['/image'] : []) };

/** A job repository with its ledger in real Git, real workers, and KV and a scheduler in memory. Its clock is its own. */
export async function randomWorld() {
  const sandbox = new GitSandbox();
  sandbox.write({ README: 'Jobs\n' });
  sandbox.commit('Begin');
  sandbox.push();
  let time = Date.parse('2026-01-01T00:00:00Z');
  const clock = { ...systemClock, now: () => time };
  const log = silentLog();
  const repository = gitStore({
    location: sandbox.bare,
    storeDir: `${sandbox.root}/copies`,
    author: towline,
    log,
  });
  const ledger = gitLedger({
    store: repository,
    branch: 'ledger/test',
    environment: 'test',
    author: towline,
  });
  const kv = new MemoryKv();
  const lock = new MemoryLock(kv);
  const scheduler = new VersionedScheduler(clock.now);
  const models = new Map([['plain', { model, context: { settings: {} } }]]);
  const common = { layout, kv, lock, clock, log, pollMs: 60_000 };
  const mirror = mirrorWorker({
    ...common,
    branch: 'main',
    layers: ['jobs'],
    repository,
    reconcileMs: 60_000,
    deletes: { maxCount: 1000, maxShare: 1, allowed: true },
  });
  const deployer = deployWorker({
    ...common,
    ledger,

    actor: 'deployer@host',
    gateFacts: async ({ state }) => gateFactsOf(state, clock.now()),
    schedulers: [scheduler],
    models,
    policy: LENIENT,
    rules: EVERY_RULE,
    layers: ['jobs'],
    ignoreFields: [],
    together: [],
    adopt: 'none',
    retry: 'none',
    secrets: noSecrets(),
    deploy: { ...JUDGING, concurrency: 2, onFailure: 'rollback' },
  });
  const sources: WhySources = {
    layout,
    releasesPrefix: 'towline/releases/',
    branch: 'main',
    layers: ['jobs'],
    kv,
    ledger,
    repository,
    schedulers: [scheduler],
    models,
  };
  const tip = async (): Promise<Revision> => {
    const revision = await repository.resolve('main', { signal });
    if (revision === undefined) throw new Error('no tip');
    return revision;
  };
  const head = async (): Promise<{ commit: string; state: LedgerState }> => {
    const { commit, state } = await ledger.head({ signal });
    if (commit === undefined || state === undefined) throw new Error('nothing on record');
    return { commit, state };
  };
  const deploy = () => deployer.once({ signal, trigger: 'test' });

  return {
    sandbox,
    repository,
    ledger,
    kv,
    scheduler,
    sources,
    tip,
    head,
    deploy,
    tick: () => (time += 60_000),
    now: () => time,
    /** A commit by a person. */
    commit: async (files: Record<string, JsonObject | null>, who: string, subject: string) => {
      const base = await tip();
      const author = { name: who, email: `${who}@example.org` };
      const bytes = new Map(
        Object.entries(files).map(([id, spec]) => [
          `jobs/${id}.json`,
          spec === null ? null : Buffer.from(`${JSON.stringify({ id, ...spec }, null, 2)}\n`),
        ]),
      );
      const next = { base, parents: [base], files: bytes, message: `${subject}\n`, author, at: time };
      const revision = await repository.writeCommit(next, { signal });
      await repository.publish('main', revision, { expected: base, runHooks: false, signal });
      return revision;
    },
    /** A release in KV, and its promotion. */
    promote: async (release: Release) => {
      await kv.put(kvKey(`towline/releases/${release.image}`), Buffer.from(JSON.stringify(release)), {
        signal,
      });
      await promoteWorker({
        environment: 'test',
        branch: 'main',
        layers: ['jobs'],
        policy: { rules: [{ tag: '*' }], pin: 'keep' },
        via: { by: 'push' },
        repository,
        ledger,
        kv,
        models,
        releasesPrefix: 'towline/releases/',
        author: { name: 'Promoter', email: 'promoter@localhost' },
        lockKey: kvKey('towline/locks/promote/test'),
        lock,
        clock,
        log,
        pollMs: 60_000,
        asked: { releases: [release], allowDowngrade: true },
      }).once({ signal, trigger: 'test' });
      return tip();
    },
    /** A pass of the mirror, and its entry in the ledger. The index of `.ref`. */
    mirror: async (recorded = true) => {
      await mirror.once({ signal, trigger: 'test' });
      const ref = await kv.get(layout.ref, { signal });
      const parsed = ref === undefined ? undefined : parseMirrorRef(ref.value);
      if (ref === undefined || parsed === undefined || 'reason' in parsed) throw new Error('no .ref');
      const { revision, folders } = parsed.mirrorRef;
      const { commit, state } = await ledger.head({ signal });
      const entry = mirrorEntry(
        {
          revision,
          trees: folders.map(({ folder, tree }) => ({ folder, tree })),
          index: ref.modifyIndex,
          pass: `m${ref.modifyIndex}`,
          at: new Date(time).toISOString(),
        },
        { environment: 'test', trigger: 'test', actor: 'mirror@host', written: 1, deleted: 0, repaired: 0 },
        state,
      );
      if (entry !== undefined && recorded) await ledger.append(entry, commit, { signal });
      return ref.modifyIndex;
    },
    newestIntent: async (): Promise<string | undefined> =>
      (await ledger.history({ signal, limit: 1, trailer: 'Towline-Phase: intent' }))[0]?.commit,
    order: (verb: 'pause' | 'resume' | 'restart', id: string, by: string) =>
      giveOrder(
        { ledger, kv, layout, log: silentLog() },
        { verb, refs: [jobRef('plain', id)], by, at: new Date(time).toISOString() },
        signal,
      ),
    /** Approvals of the plan that the next pass will carry out. */
    approve: async (by: string) => {
      const planned = await deployer.once({ signal, trigger: 'test', dryRun: true });
      if (planned.kind === 'nothing-observed') throw new Error('there is no plan');
      const { commit, state } = await head();
      const { digest } = planned.plan.plan;
      const at = new Date(time).toISOString();
      const next = {
        ...state,
        sequence: nextSequence(state),
        approvals: [...(state.approvals ?? []), { by, at, plan: digest }],
      };
      const trailers = [
        'Towline-Environment: test',
        'Towline-Phase: order',
        `Towline-Sequence: ${next.sequence}`,
        'Towline-Order: approve',
        `Towline-Revision: ${state.revision}`,
        `Towline-By: ${by}`,
        `Towline-Approves: ${digest}`,
      ];
      const made = await repository.writeCommit(
        {
          base: commit as Revision,
          parents: [commit as Revision],
          files: new Map([['state.json', Buffer.from(documentText(stateOf(next)))]]),
          message: `Approve a plan of test\n\n${trailers.join('\n')}\n`,
          author: { name: by, email: `${by}@example.org` },
          at: time,
        },
        { signal },
      );
      await repository.publish('ledger/test', made, {
        expected: commit as Revision,
        runHooks: false,
        signal,
      });
      return made as string;
    },
    close: async () => {
      await repository.close();
      sandbox.remove();
    },
  };
}

export type RandomWorld = Awaited<ReturnType<typeof randomWorld>>;

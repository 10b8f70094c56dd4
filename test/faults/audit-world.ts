import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { EVERY_RULE } from '../../src/domain/job/validate/rule-policy.js';
import type { SchedulerModel } from '../../src/domain/job/scheduler-model.js';
import { jobRef } from '../../src/domain/job/job-ref.js';
import type { LiveJob } from '../../src/domain/plan/plan.js';
import type { OrderVerb } from '../../src/domain/record/orders.js';
import type { Release } from '../../src/domain/release/release.js';
import { kvJson, kvLayout, releaseKey } from '../../src/domain/source/kv-layout.js';
import type { Revision } from '../../src/domain/source/revision.js';
import { bundleWriter, commitWalk, gitStore, unpackBundle } from '../../src/git/index.js';
import { gitLedger } from '../../src/ledger/index.js';
import type { Models } from '../../src/queries/declared.js';
import { gateFactsOf } from '../../src/queries/gate-facts.js';
import {
  auditLedger,
  evidenceFiles,
  parseEvidence,
  readEvidence,
  type AuditReport,
  type Evidence,
  type SignaturePolicy,
} from '../../src/queries/audit/index.js';
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
import { PlainScheduler } from '../fakes/plain-scheduler.js';

const signal = new AbortController().signal;
const author = { name: 'Towline', email: 'towline@localhost' };
export const layout = kvLayout('towline/', 'test');
export const LEDGER = 'ledger/test';
export const EVIDENCE = 'refs/towline/evidence/test';
const common = { layout, clock: systemClock, log: silentLog(), pollMs: 60_000 };

const imageModel: SchedulerModel = {
  ...plainModel,
  images: ({ spec }) => (typeof spec['image'] === 'string' ? ['/image'] : []),
};
const models: Models = new Map([['plain', { model: imageModel, context: { settings: {} } }]]);

/** Everything that an audit looks at, to be changed by hand. */
export interface AuditWorld {
  bare: string;
  kv: MemoryKv;
  live: LiveJob[];
  git(args: string[], input?: string | Buffer, env?: Record<string, string>): string;
}

/** An environment with a history of its own, made by the real workers on a real repository. */
export class AuditedEnvironment {
  readonly sandbox = new GitSandbox();
  readonly kv = new MemoryKv();
  readonly scheduler = new PlainScheduler();
  readonly #lock = new MemoryLock(this.kv);
  readonly #store = gitStore({
    location: this.sandbox.bare,
    storeDir: `${this.sandbox.root}/copies`,
    author,
    log: silentLog(),
  });
  readonly #ledger = gitLedger({ store: this.#store, branch: LEDGER, environment: 'test', author });

  async commit(files: Record<string, string | null>, message: string): Promise<void> {
    this.sandbox.write(files);
    this.sandbox.commit(message);
    this.sandbox.push();
    await this.mirror();
  }

  /** A pass of the mirror, and its entry. */
  async mirror(): Promise<void> {
    await mirrorWorker({
      ...common,
      kv: this.kv,
      lock: this.#lock,
      branch: 'main',
      layers: ['jobs'],
      repository: this.#store,
      reconcileMs: 60_000,
      deletes: { maxCount: 1000, maxShare: 1, allowed: false },
      record: { ledger: this.#ledger, actor: 'm@host' },
    }).once({ signal, trigger: 'test' });
  }

  async deploy(): Promise<void> {
    await deployWorker({
      ...common,
      kv: this.kv,
      lock: this.#lock,
      ledger: this.#ledger,
      actor: 'ann@host',
      gateFacts: async ({ state }) => gateFactsOf(state, systemClock.now()),
      schedulers: [this.scheduler],
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
    }).once({ signal, trigger: 'test' });
  }

  async release(release: Release): Promise<void> {
    await this.kv.put(releaseKey('towline/', release.image), kvJson(release), { signal });
    await promoteWorker({
      ...common,
      environment: 'test',
      branch: 'main',
      layers: ['jobs'],
      policy: { rules: [{ tag: '*' }], pin: 'keep' },
      via: { by: 'push' },
      releasesPrefix: 'towline/releases/',
      repository: this.#store,
      kv: this.kv,
      ledger: this.#ledger,
      models,
      author,
      lockKey: layout.lock('promote'),
      lock: this.#lock,
    }).once({ signal, trigger: 'test' });
    this.sandbox.git('pull', '-q', 'origin', 'main');
    await this.mirror();
  }

  async order(verb: OrderVerb, id: string): Promise<void> {
    const refs = [jobRef('plain', id)];
    const order = { verb, refs, by: 'ann', at: new Date().toISOString(), reason: 'a look' };
    await giveOrder({ ledger: this.#ledger, kv: this.kv, layout, log: silentLog() }, order, signal);
  }

  async copy(): Promise<AuditWorld> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'towline-tampered-'));
    const bare = path.join(folder, 'jobs.git');
    cpSync(this.sandbox.bare, bare, { recursive: true });
    const live = await this.scheduler.observe();
    return worldAt(bare, this.kv.copy(), structuredClone(live), this.sandbox.env);
  }

  async close(): Promise<void> {
    await this.#store.close();
    this.sandbox.remove();
  }
}

export function worldAt(bare: string, kv: MemoryKv, live: LiveJob[], env: NodeJS.ProcessEnv): AuditWorld {
  return {
    bare,
    kv,
    live,
    git: (args, input, more = {}) =>
      execFileSync('git', args, {
        cwd: bare,
        env: { ...env, ...more },
        stdio: ['pipe', 'pipe', 'pipe'],
        ...(input === undefined ? {} : { input }),
      })
        .toString()
        .trim(),
  };
}

export function removeWorld({ bare }: AuditWorld): void {
  rmSync(path.dirname(bare), { recursive: true, force: true });
}

const evidenceOf = async ({ kv, live }: AuditWorld): Promise<Evidence> => ({
  ...(await readEvidence(
    { layout, releasesPrefix: 'towline/releases/', kv, schedulers: [], shown: (job) => job },
    signal,
  )),
  live,
});

async function auditOf(
  bare: string,
  evidence: Evidence | undefined,
  more: { signed?: (bare: string) => SignaturePolicy; since?: string; most?: number },
): Promise<AuditReport> {
  const repository = gitStore({ location: bare, storeDir: `${bare}/copies`, author, log: silentLog() });
  const walk = commitWalk({ location: bare, storeDir: `${bare}/copies` });
  try {
    return await auditLedger(
      {
        environment: 'test',
        layout,
        releasesPrefix: 'towline/releases/',
        branch: 'main',
        ledgerBranch: LEDGER,
        layers: ['jobs'],
        repository,
        walk,
        models,
        ignoreFields: [],
        evidence,
        most: more.most ?? 1000,
        ...(more.signed === undefined ? {} : { signed: more.signed(bare) }),
        ...(more.since === undefined ? {} : { since: more.since }),
      },
      signal,
    );
  } finally {
    await walk.close();
    await repository.close();
  }
}

type More = Parameters<typeof auditOf>[2];

export async function verifyOnline(world: AuditWorld, more: More = {}): Promise<AuditReport> {
  return auditOf(world.bare, await evidenceOf(world), more);
}

/** Packs the world into a bundle; `between` has the chance to change what the bundle holds. */
export async function verifyBundle(
  world: AuditWorld,
  more: More & { between?: (unpacked: AuditWorld) => void } = {},
): Promise<AuditReport> {
  const file = path.join(path.dirname(world.bare), 'audit.bundle');
  const revisionOf = (ref: string): Revision => world.git(['rev-parse', `${ref}^{commit}`]) as Revision;
  const taken = { at: new Date().toISOString(), by: 'ann@host', version: 'test' };
  await bundleWriter({ location: world.bare, storeDir: '' }).writeBundle(
    {
      file,
      branches: new Map([
        ['main', revisionOf('main')],
        [LEDGER, revisionOf(LEDGER)],
      ]),
      evidence: {
        ref: EVIDENCE,
        files: evidenceFiles(await evidenceOf(world), taken),
        message: 'Evidence\n',
        author,
        at: Date.now(),
      },
    },
    { signal },
  );
  let unpacked = await unpackBundle(file, { signal });
  if (more.between !== undefined) {
    const inside = worldAt(unpacked.gitDir, world.kv, world.live, process.env);
    more.between(inside);
    inside.git(['bundle', 'create', '--quiet', file, '--all']);
    await unpacked.remove();
    unpacked = await unpackBundle(file, { signal });
  }
  try {
    return await auditOf(unpacked.gitDir, await evidenceIn(unpacked.gitDir), more);
  } finally {
    await unpacked.remove();
  }
}

async function evidenceIn(gitDir: string): Promise<Evidence | undefined> {
  const repository = gitStore({ location: gitDir, storeDir: '', author, log: silentLog() });
  try {
    const revision = await repository.resolve(EVIDENCE, { signal });
    if (revision === undefined) return undefined;
    const { entries } = await repository.readTree(revision, '', { signal });
    const files = new Map<string, Uint8Array>();
    for (const { path: name } of entries)
      files.set(name, (await repository.readFile(revision, name, { signal })) ?? new Uint8Array());
    const parsed = parseEvidence(files);
    if ('reason' in parsed) throw new Error(parsed.reason);
    return parsed.evidence;
  } finally {
    await repository.close();
  }
}

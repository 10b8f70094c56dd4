import { mirrorLayout, type KvKey } from '../../domain/source/kv-layout.js';
import type { ObjectId } from '../../domain/source/revision.js';
import { matchesAny } from '../../domain/source/select.js';
import type { RefInfo } from '../../ports/job-repository.js';
import { loop } from '../../runtime/loop.js';
import { kindOf } from '../../runtime/errors.js';
import { Bell } from '../../runtime/wake.js';
import { lead, withLock } from '../lead.js';
import type { Worker } from '../worker.js';
import { readClaims, type Claim } from './claims.js';
import { mirrorWorker, type MirrorWorker } from './index.js';
import type { MirrorWorkerOptions } from './options.js';
import { removeMirrored } from './remove.js';

/** What all mirrors of a group have in common, and which branches and tags they are of. */
export interface ManyOptions extends Omit<
  MirrorWorkerOptions,
  'branch' | 'layout' | 'revisionKey' | 'claims'
> {
  name: string;
  /** Prefix of Towline's own keys. */
  root: string;
  /** Prefixes of environments. */
  homes?: readonly string[];
  /** Prefix of the group; each branch and tag has its own below it. */
  prefix: string;
  branches: readonly string[];
  tags: readonly string[];
  /** Of tags: only those with an object of their own. */
  annotatedOnly: boolean;
  revisionKeyOf?: (name: string) => KvKey;
}

export type ManyMirrors = Worker<undefined> & {
  /** A worker for each branch and tag that fits now. */
  each(signal: AbortSignal): Promise<MirrorWorker[]>;
  /** Takes away, where that is wanted, what was mirrored of branches and tags that are gone. */
  sweep(signal: AbortSignal): Promise<void>;
};

/**
 * Mirrors every branch and tag that fits a pattern, each below a prefix of its own. New ones are found at the next look at
 * the remote; one that can't be mirrored keeps none of the others from it.
 */
export function manyMirrors(options: ManyOptions): ManyMirrors {
  const { name, repository, kv, lock, root, clock } = options;
  const log = options.log.child({ worker: 'mirror', environment: name });
  const bell = new Bell();
  let full = false;
  const workers = new Map<string, MirrorWorker>();
  /** What stands in KV already, as far as this process has seen to it. */
  const done = new Map<string, { id: ObjectId; at: number }>();
  let claims: Promise<Claim[]> | undefined;

  const layoutOf = (ref: string) => mirrorLayout(root, `${name}/${ref}`, `${slashed(options.prefix)}${ref}/`);
  const workerOf = (ref: string): MirrorWorker => {
    const known = workers.get(ref);
    if (known !== undefined) return known;
    const revisionKey = options.revisionKeyOf?.(ref);
    const worker = mirrorWorker({
      ...options,
      branch: ref,
      fetched: true,
      layout: layoutOf(ref),
      ...(revisionKey === undefined ? {} : { revisionKey }),
      claims: {
        root,
        read: (signal) => (claims ??= readClaims(kv, root, { signal, also: options.homes ?? [] })),
      },
    });
    workers.set(ref, worker);
    return worker;
  };

  const fitting = async (signal: AbortSignal): Promise<RefInfo[]> => {
    claims = undefined;
    return chosen(await repository.refs({ signal }), options);
  };

  const round = async (signal: AbortSignal): Promise<void> => {
    const everything = full;
    full = false;
    const refs = await fitting(signal);
    const failures: unknown[] = [];
    const isDue = ({ name: ref }: RefInfo): boolean => {
      const known = done.get(ref);
      return everything || known === undefined || clock.now() - known.at >= options.reconcileMs;
    };
    const stale = refs.filter((ref) => isDue(ref) || done.get(ref.name)?.id !== ref.id);
    await fetchAll(stale, signal);
    for (const ref of stale) {
      const known = done.get(ref.name);
      const due = isDue(ref);
      try {
        await workerOf(ref.name).once({
          signal,
          trigger: 'run',
          full: everything || (known !== undefined && due),
        });
        done.set(ref.name, { id: ref.id, at: due || known === undefined ? clock.now() : known.at });
      } catch (error) {
        if (signal.aborted || kindOf(error) === 'bug') throw error;
        log.warn({ err: error, ref: ref.ref }, 'this one could not be mirrored');
        failures.push(error);
      }
    }
    await sweepOf(refs, signal);
    // What is away may be back soon; for the rest somebody has to do something first.
    const soon = failures.find(
      (error) => kindOf(error) === 'unavailable' || kindOf(error) === 'unknown-outcome',
    );
    if (soon instanceof Error) throw soon;
  };

  /** Asked for together, they come together. */
  const fetchAll = async (refs: readonly RefInfo[], signal: AbortSignal): Promise<void> => {
    await Promise.all(refs.map((ref) => repository.fetch({ signal, name: ref.name })));
  };

  const sweepOf = async (refs: readonly RefInfo[], signal: AbortSignal): Promise<void> => {
    // A repository without a single fitting ref is more often a slip than a wish.
    if (options.gone !== 'delete' || refs.length === 0) return;
    const there = new Set(refs.map((ref) => ref.name));
    const prefix = `${name}/`;
    for (const claim of await readClaims(kv, root, { signal })) {
      const ref = claim.name.startsWith(prefix) ? claim.name.slice(prefix.length) : undefined;
      if (ref === undefined || there.has(ref)) continue;
      await remove(ref, signal);
    }
  };

  const remove = (ref: string, signal: AbortSignal): Promise<void> => {
    const layout = layoutOf(ref);
    const revisionKey = options.revisionKeyOf?.(ref);
    return withLock({ lock, key: layout.lock('mirror'), signal, log }, async (held, lockSignal) => {
      const count = await removeMirrored({
        layout,
        kv,
        lock: held,
        claimed: [],
        maxCount: options.deletes.allowed ? Infinity : options.deletes.maxCount,
        signal: lockSignal,
        ...(revisionKey === undefined ? {} : { revisionKey }),
      });
      done.delete(ref);
      workers.delete(ref);
      log.warn({ ref, keys: count }, 'it is gone, and so are its keys');
    });
  };

  return {
    name: 'mirror',
    environment: name,
    wake: (how) => {
      if (how?.full === true) full = true;
      bell.ring();
    },
    each: async (signal) => {
      const refs = await fitting(signal);
      await fetchAll(refs, signal);
      return refs.map((ref) => workerOf(ref.name));
    },
    sweep: async (signal) => sweepOf(await fitting(signal), signal),
    once: async ({ signal }) => void (await round(signal)),
    run: ({ signal }) =>
      lead(
        { lock, key: mirrorLayout(root, name, options.prefix).lock('mirror'), signal, log },
        (_held, leading) =>
          loop({ log, signal: leading, round, wait: (waitSignal) => bell.wait(options.pollMs, waitSignal) }),
      ),
  };
}

/** Branches before tags: where both have a name, the branch has the keys. */
function chosen(refs: readonly RefInfo[], { branches, tags, annotatedOnly }: ManyOptions): RefInfo[] {
  const found = new Map<string, RefInfo>();
  for (const ref of refs)
    if (ref.kind === 'branch' && matchesAny(branches, ref.name)) found.set(ref.name, ref);
  for (const ref of refs)
    if (
      ref.kind === 'tag' &&
      !found.has(ref.name) &&
      (ref.annotated || !annotatedOnly) &&
      matchesAny(tags, ref.name)
    )
      found.set(ref.name, ref);
  return [...found.values()];
}

function slashed(prefix: string): string {
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
}

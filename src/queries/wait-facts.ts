import type { Relation, WaitFacts } from '../domain/record/wait-verdict.js';
import { parseStatus } from '../domain/record/status.js';
import type { KvLayout } from '../domain/source/kv-layout.js';
import { parseMirrorRef } from '../domain/source/mirror-ref.js';
import type { Revision } from '../domain/source/revision.js';
import type { JobRepository } from '../ports/job-repository.js';
import type { KvStore } from '../ports/kv-store.js';
import type { Simulated } from './simulate.js';

export interface WaitSources {
  kv: KvStore;
  layout: KvLayout;
  repository: JobRepository;
  branch: string;
  /** The plan of a revision on what the ledger says was last sent. */
  planAt(revision: Revision, signal: AbortSignal): Promise<Simulated>;
}

/**
 * What is known now of a revision in an environment: from KV, the job repository and the ledger; no scheduler is asked.
 * Throws what its sources throw; nothing that could not be read is taken for something that is not there.
 */
export async function readWaitFacts(
  { kv, layout, repository, branch, planAt }: WaitSources,
  revision: Revision,
  signal: AbortSignal,
): Promise<WaitFacts> {
  await repository.fetch({ signal });
  const relation = async (other: Revision): Promise<Relation> => {
    if (other === revision || (await repository.isAncestor(revision, other, { signal }))) return 'contains';
    return (await repository.isAncestor(other, revision, { signal })) ? 'behind' : 'apart';
  };
  const [entry, newest] = await Promise.all([
    kv.get(layout.ref, { signal }),
    repository.resolve(branch, { signal }),
  ]);
  const tip = newest === undefined ? undefined : await relation(newest);
  const common = { revision, branch, tip, statuses: [] };
  if (entry === undefined) return { ...common, mirror: { kind: 'absent' } };
  const parsed = parseMirrorRef(entry.value);
  if ('reason' in parsed) return { ...common, mirror: { kind: 'unreadable', reason: parsed.reason } };
  const mirrored = parsed.mirrorRef.revision;
  if ((await repository.resolve(mirrored, { signal })) === undefined)
    return {
      ...common,
      mirror: { kind: 'unreadable', reason: `${mirrored} is not in ${repository.location}` },
    };
  const mirror = { kind: 'at', revision: mirrored, relation: await relation(mirrored) } as const;
  if (mirror.relation !== 'contains') return { ...common, mirror };
  const [listed, planned] = await Promise.all([
    kv.list(layout.statusPrefix, { signal }),
    planAt(mirrored, signal),
  ]);
  const statuses = listed.value.flatMap(({ value }) => parseStatus(value) ?? []);
  return { ...common, mirror, planned, statuses };
}

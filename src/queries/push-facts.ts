import {
  actionOf,
  demandsOn,
  type CommitFacts,
  type PushedRef,
  type PushPolicy,
  type RefFacts,
} from '../domain/push/index.js';
import { parseRevision, type Revision } from '../domain/source/revision.js';
import type { JobRepository } from '../ports/job-repository.js';
import type { PushedCommits } from '../ports/pushed-commits.js';
import type { Signatures } from '../ports/signatures.js';

export interface PushFactsOptions {
  repository: JobRepository;
  commits: PushedCommits;
  signatures: Signatures;
  policy: PushPolicy;
  /** Tip of the branch that new refs are compared with; undefined: the repository is empty. */
  trunk: Revision | undefined;
  signal: AbortSignal;
}

/** Commits that one push may bring to a ref whose commits are looked at. */
const MOST_COMMITS = 10_000;

/** What the policy has to know of a pushed ref; nothing is read that it does not ask for. */
export async function pushFacts(ref: PushedRef, options: PushFactsOptions): Promise<RefFacts> {
  const { policy, repository, signal, trunk } = options;
  const demands = demandsOn(policy, ref.name);
  const action = actionOf(ref);
  const none = { ref, commits: [], forwards: true, replaced: [] };
  if (action === 'delete' || (!demands.record && !demands.signed && !demands.paths)) return none;
  // What is pushed as a branch is a commit: git sees to it. A record in refs/notes likewise.
  const to = await repository.resolve(ref.to, { signal });
  if (to === undefined) return none;
  const from = action === 'create' ? undefined : parseRevision(ref.from);
  const forwards = from === undefined || (await repository.isAncestor(from, to, { signal }));
  const replaced =
    forwards || from === undefined || !demands.paths
      ? []
      : (await repository.diff(from, to, '', { signal })).map((change) =>
          change.kind === 'deleted' ? change.path : change.entry.path,
        );
  const before = from ?? (demands.record ? undefined : trunk);
  return {
    ref,
    forwards,
    replaced,
    commits: await commitFacts(to, before, { ...options, demands }),
  };
}

async function commitFacts(
  to: Revision,
  before: Revision | undefined,
  {
    commits,
    signatures,
    policy,
    trunk,
    demands,
    signal,
  }: PushFactsOptions & { demands: ReturnType<typeof demandsOn> },
): Promise<CommitFacts[]> {
  const bySigner = demands.signed || demands.paths || (demands.record && policy.recordWriters !== undefined);
  if (!bySigner) return [];
  const found = await commits.between(to, before === undefined ? [] : [before], {
    paths: demands.paths,
    // A record has what was deployed as its other parents.
    firstParent: demands.record,
    limit: MOST_COMMITS,
    signal,
  });
  // The signers before the push; those of a first push are its own.
  const signersAt = demands.record ? trunk : (before ?? to);
  const facts: CommitFacts[] = [];
  for (const { id, paths } of found) {
    // Without a rule for all commits only those that touch something are worth a look.
    if (signersAt === undefined || (!demands.signed && !demands.record && paths.length === 0))
      facts.push({ id, paths });
    else facts.push({ id, paths, signature: await signatures.check(id, { signersAt, signal }) });
  }
  return facts;
}

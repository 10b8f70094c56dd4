import type { Revision } from '../domain/source/revision.js';
import type { CommitInfo, JobRepository } from '../ports/job-repository.js';
import type { Signatures } from '../ports/signatures.js';
import { TowlineError } from '../runtime/errors.js';

/** Commits that are looked at. */
const MOST_COMMITS = 1000;

/**
 * Who wrote what a revision has and the deployed one has not: by the author of each commit, by `Co-authored-by` and
 * `Towline-By`, and by its signature, which can't be chosen at will (docs/decisions/0013).
 */
export async function authorsBetween(
  {
    repository,
    signatures,
    layers,
  }: { repository: JobRepository; signatures?: Signatures; layers: readonly string[] },
  deployed: Revision | undefined,
  revision: Revision,
  signal: AbortSignal,
): Promise<string[]> {
  // One that is no longer in the repository, after its history was rewritten, excludes nothing.
  const isThere = deployed !== undefined && (await repository.treeId(deployed, '', { signal })) !== undefined;
  const commits = await repository.log(revision, {
    limit: MOST_COMMITS,
    signal,
    ...(layers.includes('') ? {} : { paths: layers }),
    ...(isThere ? { exclude: deployed } : {}),
  });
  const people = new Set<string>();
  for (const commit of commits) {
    for (const person of statedBy(commit)) people.add(person);
    const by = signatures === undefined ? undefined : await signer(signatures, commit.revision, signal);
    if (by !== undefined) people.add(by);
  }
  people.delete('');
  return [...people].sort();
}

function statedBy({ author, trailers }: CommitInfo): string[] {
  return [
    author.email,
    ...trailers.flatMap(({ key, value }) => {
      const name = key.toLowerCase();
      if (name === 'co-authored-by') return [/<([^<>]+)>/.exec(value)?.[1] ?? ''];
      return name === 'towline-by' ? [value] : [];
    }),
  ];
}

async function signer(
  signatures: Signatures,
  revision: Revision,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return (await signatures.checkRevision(revision, { signal })).by;
  } catch (error) {
    // Without gpg it is known by its author only.
    if (error instanceof TowlineError && error.code === 'gpg-missing') return undefined;
    throw error;
  }
}

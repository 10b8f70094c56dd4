import type { Revision } from '../domain/source/revision.js';
import type { JobRepository } from '../ports/job-repository.js';
import { TowlineError } from '../runtime/errors.js';

/** The newest revision of an environment's branch, as the remote has it now. Throws `invalid` where there is no such branch. */
export async function branchTip(
  repository: JobRepository,
  branch: string,
  signal: AbortSignal,
): Promise<Revision> {
  await repository.fetch({ signal });
  const revision = await repository.resolve(branch, { signal });
  if (revision !== undefined) return revision;
  throw new TowlineError('revision-missing', 'invalid', `${repository.location} has no branch "${branch}"`, {
    help: "Push the branch, or set the environment's branch in towline.yaml.",
  });
}

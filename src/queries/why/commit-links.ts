import type { JobRef } from '../../domain/job/job-ref.js';
import type { Job } from '../../domain/job/job.js';
import type { Revision } from '../../domain/source/revision.js';
import type { CommitInfo } from '../../ports/job-repository.js';
import { messageOf } from '../../runtime/errors.js';
import { beyond, commitLink, missing, type WhyLink } from './link.js';
import type { Looking } from './sources.js';

export interface Commits {
  revision: WhyLink;
  manifest: WhyLink;
  /** The job as the revision states it. */
  job: Job | undefined;
}

/** The revision that was deployed, and the last commit up to it that touched what states the job. */
export async function commitLinks(ref: JobRef, revision: Revision, looking: Looking): Promise<Commits> {
  const { repository, stated, signal } = looking;
  const applied = await commitOf(revision, looking);
  if (typeof applied === 'string') {
    const gone = {
      ...missing('revision', `${repository.location} has no revision ${revision}: ${applied}`),
      id: revision,
    };
    return { revision: gone, manifest: beyond('manifest', 'revision'), job: undefined };
  }
  const link = commitLink('revision', applied, applied.subject);
  const job = await stated.job(ref, revision, signal);
  if (job === undefined)
    return { revision: link, manifest: missing('manifest', `${revision} does not state ${ref}`), job };
  const { files } = job.source;
  const named = files.join(' and ');
  const [touched] = await repository.log(revision, { signal, limit: 1, paths: files });
  const manifest =
    touched === undefined
      ? missing('manifest', `${named} has no commit at ${revision}`)
      : commitLink('manifest', touched, `${named}, last changed by "${touched.subject}"`);
  return { revision: link, manifest, job };
}

/** A commit; or why it can't be had. */
export async function commitOf(
  revision: Revision,
  { repository, signal }: Pick<Looking, 'repository' | 'signal'>,
): Promise<CommitInfo | string> {
  try {
    const [commit] = await repository.log(revision, { signal, limit: 1 });
    return commit ?? 'nothing is known of it';
  } catch (error) {
    if (signal.aborted) throw error;
    return messageOf(error).split('\n')[0] ?? '';
  }
}

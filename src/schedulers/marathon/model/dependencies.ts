import type { Job } from '../../../domain/job/job.js';
import type { JobRef } from '../../../domain/job/job-ref.js';

/**
 * Jobs that must be applied before this one. A dependency on a group means every job below it; the dependencies of the
 * groups that a job is in are its own as well, as Marathon understands them.
 */
export function dependencies(job: Pick<Job, 'kind' | 'id' | 'spec' | 'ref'>, all: readonly Job[]): JobRef[] {
  const wanted = new Set<string>(idsOf(job.spec['dependencies']));
  if (job.kind !== 'group')
    for (const group of all)
      if (group.kind === 'group' && job.id.startsWith(`${group.id}/`))
        for (const id of idsOf(group.spec['dependencies'])) wanted.add(id);
  const refs = new Set<JobRef>();
  for (const other of all) {
    if (other.ref === job.ref || other.kind === 'group') continue;
    for (const id of wanted) if (other.id === id || other.id.startsWith(`${id}/`)) refs.add(other.ref);
  }
  // A group's own attributes can only be set once something made the group.
  if (job.kind === 'group')
    for (const other of all)
      if (other.kind !== 'group' && other.id.startsWith(`${job.id}/`)) refs.add(other.ref);
  return [...refs].sort();
}

function idsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((v): v is string => typeof v === 'string') : [];
}

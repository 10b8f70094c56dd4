import type { JobRef } from '../domain/job/job-ref.js';
import type { Job } from '../domain/job/job.js';
import type { Models } from './declared.js';

/**
 * The files that a change of some files can make wrong: these themselves, and every file with a job that depends on one
 * of their jobs, directly or over others. `jobs` are those of both sides of the change: also who depends on a job that
 * is gone is affected.
 */
export function affectedFiles(
  changed: ReadonlySet<string>,
  jobs: readonly Job[],
  models: Models,
): Set<string> {
  const dependents = new Map<JobRef, Job[]>();
  for (const job of jobs) {
    for (const ref of models.get(job.scheduler)?.model.dependencies(job, jobs) ?? [])
      dependents.set(ref, [...(dependents.get(ref) ?? []), job]);
  }
  const files = new Set(changed);
  // What is merged from several files is judged as a whole, wherever it was changed.
  for (const { source } of jobs)
    if (source.files.some((file) => changed.has(file))) for (const file of source.files) files.add(file);
  const waiting = jobs
    .filter(({ source }) => source.files.some((file) => changed.has(file)))
    .map(({ ref }) => ref);
  const seen = new Set<JobRef>(waiting);
  for (let ref = waiting.pop(); ref !== undefined; ref = waiting.pop()) {
    for (const job of dependents.get(ref) ?? []) {
      for (const file of job.source.files) files.add(file);
      if (seen.has(job.ref)) continue;
      seen.add(job.ref);
      waiting.push(job.ref);
    }
  }
  return files;
}

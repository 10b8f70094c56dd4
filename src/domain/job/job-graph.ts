import { sortByDependencies } from './graph.js';
import type { Job } from './job.js';
import type { JobRef } from './job-ref.js';

/** Jobs and what each of them comes after. */
export interface JobGraph {
  nodes: readonly JobNode[];
  /** From a job to one that comes after it, in order. */
  edges: readonly (readonly [JobRef, JobRef])[];
}

export interface JobNode {
  ref: JobRef;
  kind: string;
  /** What it runs by, where that is no other job: its schedule. */
  note?: string;
  /** It is named by others only, and not among the jobs. */
  isMissing: boolean;
}

/**
 * The graph of jobs that depend on each other; with `around`, of what one of them comes after and what comes after it,
 * over any number of steps. Jobs that depend on nothing and on which nothing depends are left out unless they are asked for.
 */
export function jobGraph(
  jobs: readonly Job[],
  dependenciesOf: (job: Job) => readonly JobRef[],
  around?: JobRef,
): JobGraph {
  const byRef = new Map(jobs.map((job) => [job.ref, job]));
  const before = new Map(jobs.map((job) => [job.ref, [...new Set(dependenciesOf(job))].sort()]));
  const all = [...before].flatMap(([ref, needs]) => needs.map((need) => [need, ref] as const));
  const chosen =
    around === undefined
      ? new Set(all.flat())
      : new Set([
          around,
          ...reached(around, all),
          ...reached(
            around,
            all.map(([a, b]) => [b, a] as const),
          ),
        ]);
  const names = sortByDependencies([...chosen], (ref) => before.get(ref) ?? []);
  return {
    nodes: names.map((ref) => nodeOf(ref, byRef.get(ref))),
    edges: names.flatMap((ref) =>
      (before.get(ref) ?? []).filter((need) => chosen.has(need)).map((need) => [need, ref] as const),
    ),
  };
}

function nodeOf(ref: JobRef, job: Job | undefined): JobNode {
  const schedule = job?.spec['schedule'];
  return {
    ref,
    kind: job?.kind ?? '',
    ...(typeof schedule === 'string' ? { note: schedule } : {}),
    isMissing: job === undefined,
  };
}

function reached(from: JobRef, edges: readonly (readonly [JobRef, JobRef])[]): Set<JobRef> {
  const next = new Map<JobRef, JobRef[]>();
  for (const [a, b] of edges) next.set(a, [...(next.get(a) ?? []), b]);
  const found = new Set<JobRef>();
  const waiting = [from];
  for (let ref = waiting.pop(); ref !== undefined; ref = waiting.pop())
    for (const each of next.get(ref) ?? [])
      if (!found.has(each)) {
        found.add(each);
        waiting.push(each);
      }
  return found;
}

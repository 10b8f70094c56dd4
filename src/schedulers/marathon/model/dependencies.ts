import type { Job } from '../../../domain/job/job.js';
import type { JobRef } from '../../../domain/job/job-ref.js';

type Node = Pick<Job, 'kind' | 'id' | 'spec' | 'ref'>;

/**
 * Jobs that must be applied before this one: what it depends on, what the groups around it depend on, and the attributes
 * of these groups (a role must be enforced before the first app gets its own). A dependency on a group means every job
 * below it (reference: marathon.md §3; RootGroup.applicationDependencies).
 */
export function dependencies(job: Node, all: readonly Job[]): JobRef[] {
  return needs(job, all).filter((ref) => ref !== job.ref);
}

/** The same, with the job itself where that is what was stated: a group that depends on a part of itself. */
export function needs(job: Node, all: readonly Job[]): JobRef[] {
  // The dependencies of a group are those of the apps in it; its attributes wait for nothing.
  if (job.kind === 'group') return [];
  const groups = groupsOver(job, all);
  const wanted = new Set([job, ...groups].flatMap((each) => idsOf(each.spec['dependencies'])));
  const refs = new Set(groups.map((group) => group.ref));
  if (wanted.size > 0)
    for (const other of all) if (other.kind !== 'group' && isNamed(other.id, wanted)) refs.add(other.ref);
  return [...refs].sort();
}

/** The groups around a job that are jobs themselves. */
export function groupsOver(job: Pick<Job, 'id'>, all: readonly Job[]): Job[] {
  return all.filter((other) => other.kind === 'group' && isBelow(job.id, other.id));
}

function isNamed(id: string, wanted: ReadonlySet<string>): boolean {
  if (wanted.has(id)) return true;
  for (const each of wanted) if (isBelow(id, each)) return true;
  return false;
}

function isBelow(id: string, group: string): boolean {
  return group === '/' ? id !== '/' : id.startsWith(`${group}/`);
}

function idsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((v): v is string => typeof v === 'string') : [];
}

import type { Job } from '../../../domain/job/job.js';
import type { JobRef } from '../../../domain/job/job-ref.js';
import { groupsAround } from './ids.js';

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
  const refs = new Set(groups.map((group) => group.ref));
  const ids = [job, ...groups].flatMap((each) => idsOf(each.spec['dependencies']));
  if (ids.length === 0) return [...refs].sort();
  const { byId, below } = namesOf(all);
  for (const id of ids) {
    for (const ref of byId.get(id) ?? []) refs.add(ref);
    for (const ref of below.get(id) ?? []) refs.add(ref);
  }
  return [...refs].sort();
}

/** The groups around a job that are jobs themselves, from the top. */
export function groupsOver(job: Pick<Job, 'id'>, all: readonly Job[]): Job[] {
  const groups = groupsOf(all);
  if (groups.size === 0) return [];
  return ['/', ...groupsAround(job.id)].flatMap((id) => (id === job.id ? [] : (groups.get(id) ?? [])));
}

interface Names {
  /** Apps and pods by their id. */
  byId: Map<string, JobRef[]>;
  /** Apps and pods by each group around them. */
  below: Map<string, JobRef[]>;
}

/** By the list itself, which nobody changes: asked for each of ten thousand jobs, they are made once. */
const groupsByList = new WeakMap<readonly Job[], Map<string, Job[]>>();
const namesByList = new WeakMap<readonly Job[], Names>();

function groupsOf(all: readonly Job[]): Map<string, Job[]> {
  const known = groupsByList.get(all);
  if (known !== undefined) return known;
  const groups = new Map<string, Job[]>();
  for (const job of all) if (job.kind === 'group') add(groups, job.id, job);
  groupsByList.set(all, groups);
  return groups;
}

function namesOf(all: readonly Job[]): Names {
  const known = namesByList.get(all);
  if (known !== undefined) return known;
  const names: Names = { byId: new Map(), below: new Map() };
  for (const job of all) {
    if (job.kind === 'group') continue;
    add(names.byId, job.id, job.ref);
    for (const group of ['/', ...groupsAround(job.id)]) add(names.below, group, job.ref);
  }
  namesByList.set(all, names);
  return names;
}

function add<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function idsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((v): v is string => typeof v === 'string') : [];
}

import type { Job } from '../../../../../domain/job/job.js';
import type { Diagnostic } from '../../../../../domain/source/diagnostic.js';
import { groupsAround, topGroup } from '../../ids.js';
import { exclusiveVolumes } from '../app/external-volumes.js';
import { textAt } from '../rule.js';

/** What is below an id makes it a group, and a group is no app. */
export function checkGroupIds(jobs: readonly Job[]): Diagnostic[] {
  const madeBy = new Map<string, Job>();
  for (const job of jobs)
    for (const group of groupsAround(job.id)) if (!madeBy.has(group)) madeBy.set(group, job);
  return jobs.flatMap((job): Diagnostic[] => {
    const below = job.kind === 'group' ? undefined : madeBy.get(job.id);
    if (below === undefined) return [];
    return [
      {
        code: 'marathon/id-is-group',
        severity: 'error',
        message: `${job.id} can not be ${job.kind === 'pod' ? 'a pod' : 'an app'}, because ${below.id} makes it a group`,
        fix: 'Rename one of them.',
        place: job.source.placeOf('/id'),
      },
    ];
  });
}

export function checkEnforcedRoles(jobs: readonly Job[]): Diagnostic[] {
  const enforced = new Set(
    jobs.filter((job) => job.kind === 'group' && job.spec['enforceRole'] === true).map((job) => job.id),
  );
  return jobs.flatMap((job): Diagnostic[] => {
    const [top, role] = [topGroup(job.id), textAt(job.spec, 'role')];
    if (job.kind === 'group' || top === undefined || !enforced.has(top)) return [];
    const wanted = top.slice(1);
    if (role === undefined || role === wanted) return [];
    return [
      {
        code: 'marathon/enforced-role',
        severity: 'error',
        message: `the role must be ${JSON.stringify(wanted)}, because the group ${top} enforces it`,
        fix: 'Remove the role, or write that one.',
        place: job.source.placeOf('/role'),
      },
    ];
  });
}

export function checkVolumes(jobs: readonly Job[]): Diagnostic[] {
  const users = new Map<string, { job: Job; name: string; at: string }[]>();
  for (const job of jobs.filter((each) => each.kind === 'app'))
    for (const { key, name, at } of exclusiveVolumes(job.spec)) {
      const same = users.get(key);
      if (same === undefined) users.set(key, [{ job, name, at }]);
      else same.push({ job, name, at });
    }
  return [...users.values()].flatMap((same) =>
    same.flatMap(({ job, name, at }): Diagnostic[] => {
      const other = same.find((each) => each.job !== job);
      if (other === undefined) return [];
      return [
        {
          code: 'marathon/volume-taken',
          severity: 'error',
          message: `the volume ${JSON.stringify(name)} is also mounted by ${other.job.id}`,
          fix: 'Give each app a volume of its own, or say "shared": true in both.',
          place: job.source.placeOf(at),
        },
      ];
    }),
  );
}

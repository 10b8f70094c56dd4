import { findCycles } from '../../../../domain/job/graph.js';
import type { Job } from '../../../../domain/job/job.js';
import type { JobRef } from '../../../../domain/job/job-ref.js';
import type { Diagnostic } from '../../../../domain/source/diagnostic.js';
import { dependencies } from '../dependencies.js';
import { listAt, textAt } from './rule.js';

/** Codes of the rules over all jobs, for the catalogue. */
export const SET_RULES = [
  { code: 'marathon/dependency-cycle', summary: 'dependencies must not go in a circle' },
  { code: 'marathon/dependency-unknown', summary: 'a dependency that nobody states has no effect' },
  { code: 'marathon/id-is-group', summary: 'an id can not be an app and a group at once' },
  {
    code: 'marathon/enforced-role',
    summary: 'in a group with enforceRole apps have the role of the top-level group',
  },
  { code: 'marathon/app-outside-group', summary: 'apps inside a group are its direct children' },
  { code: 'marathon/server-field', summary: 'fields that only the server writes are ignored' },
];

/** Rules over all jobs of an environment. */
export function validateSet(jobs: readonly Job[]): Diagnostic[] {
  return [...cycles(jobs), ...unknown(jobs), ...groupsAndApps(jobs), ...roles(jobs)];
}

function cycles(jobs: readonly Job[]): Diagnostic[] {
  const byRef = new Map(jobs.map((job) => [job.ref, job]));
  const found = findCycles<JobRef>([...byRef.keys()], (ref) => {
    const job = byRef.get(ref);
    return job === undefined ? [] : dependencies(job, jobs);
  });
  return found.flatMap((cycle) =>
    [...new Set(cycle)].flatMap((ref): Diagnostic[] => {
      const job = byRef.get(ref);
      if (job === undefined) return [];
      const place = job.source.placeOf('/dependencies');
      return [
        {
          code: 'marathon/dependency-cycle',
          severity: 'error',
          message: `the dependencies go in a circle: ${cycle.join(' -> ')}`,
          fix: 'Remove one of them.',
          place,
        },
      ];
    }),
  );
}

function unknown(jobs: readonly Job[]): Diagnostic[] {
  return jobs.flatMap((job) =>
    listAt(job.spec, 'dependencies').flatMap((dependency, at): Diagnostic[] => {
      const id = typeof dependency === 'string' ? dependency : '';
      const stated = jobs.some((other) => other.id === id || other.id.startsWith(`${id}/`));
      if (stated || id === '') return [];
      return [
        {
          code: 'marathon/dependency-unknown',
          severity: 'warning',
          message: `nothing here is called ${id}`,
          fix: 'Marathon ignores a dependency that it does not know. Check the name.',
          place: job.source.placeOf(`/dependencies/${at}`),
        },
      ];
    }),
  );
}

function groupsAndApps(jobs: readonly Job[]): Diagnostic[] {
  const leaves = jobs.filter((job) => job.kind !== 'group');
  return leaves.flatMap((job): Diagnostic[] => {
    const below = jobs.find((other) => other.id.startsWith(`${job.id}/`));
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

function roles(jobs: readonly Job[]): Diagnostic[] {
  const enforced = new Set(
    jobs.filter((job) => job.kind === 'group' && job.spec['enforceRole'] === true).map((job) => job.id),
  );
  return jobs.flatMap((job): Diagnostic[] => {
    if (job.kind === 'group') return [];
    const top = `/${job.id.split('/')[1] ?? ''}`;
    const role = textAt(job.spec, 'role');
    if (!enforced.has(top) || role === undefined || role === top.slice(1)) return [];
    return [
      {
        code: 'marathon/enforced-role',
        severity: 'error',
        message: `the role must be "${top.slice(1)}", because the group ${top} enforces it`,
        fix: 'Remove the role, or write that one.',
        place: job.source.placeOf('/role'),
      },
    ];
  });
}

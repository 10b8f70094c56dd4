import { findCycles } from '../../../../../domain/job/graph.js';
import type { Job } from '../../../../../domain/job/job.js';
import type { JobRef } from '../../../../../domain/job/job-ref.js';
import { didYouMean } from '../../../../../domain/job/validate/did-you-mean.js';
import type { Diagnostic, Place } from '../../../../../domain/source/diagnostic.js';
import { groupsOver, needs } from '../../dependencies.js';
import { groupsAround } from '../../ids.js';
import { listAt } from '../rule.js';

/** Marathon refuses every change while dependencies go in a circle (422); a job of a group in it counts as well. */
export function checkCycles(jobs: readonly Job[]): Diagnostic[] {
  const byRef = new Map(jobs.map((job) => [job.ref, job]));
  const cycles = findCycles<JobRef>([...byRef.keys()], (ref) => {
    const job = byRef.get(ref);
    return job === undefined ? [] : needs(job, jobs);
  });
  return cycles.flatMap((cycle) =>
    cycle.slice(0, -1).flatMap((ref, at) => {
      const [job, next] = [byRef.get(ref), byRef.get(cycle[at + 1] ?? ref)];
      return job === undefined || next === undefined ? [] : cycleFinding(job, next, cycle, jobs);
    }),
  );
}

/** The place is the dependency that leads on, of the job or of a group that it is in. */
function cycleFinding(job: Job, next: Job, cycle: readonly JobRef[], jobs: readonly Job[]): Diagnostic[] {
  const at = entryFor(job, next);
  const group =
    at === undefined ? groupsOver(job, jobs).find((g) => entryFor(g, next) !== undefined) : undefined;
  const way = cycle.length <= 12 ? cycle : [...cycle.slice(0, 6), '…', ...cycle.slice(-5)];
  const loop = cycle.length === 2;
  return [
    {
      code: 'marathon/dependency-cycle',
      severity: 'error',
      message: loop
        ? `${job.ref} depends on itself${group === undefined ? '' : `, by the dependencies of its group ${group.id}`}`
        : `the dependencies go in a circle: ${way.join(' → ')}${group === undefined ? '' : ` (by the group ${group.id})`}`,
      fix:
        group === undefined
          ? 'Remove this dependency, or another of the circle.'
          : `Mend the dependencies of ${group.id}.`,
      place: job.source.placeOf(at === undefined ? '' : `/dependencies/${at}`),
    },
  ];
}

/** Position of the dependency of a job that names another job or a group around it. */
function entryFor(job: Job, next: Job): number | undefined {
  const named = new Set([next.id, ...groupsAround(next.id), '/']);
  const at = listAt(job.spec, 'dependencies').findIndex((d) => typeof d === 'string' && named.has(d));
  return at < 0 ? undefined : at;
}

/** Marathon ignores dependencies that it does not know, and those that it does not count. */
export function checkKnown(jobs: readonly Job[]): Diagnostic[] {
  const kinds = new Map(jobs.filter((job) => job.kind !== 'group').map((job) => [job.id, job.kind]));
  const groups = new Set(jobs.flatMap((job) => groupsAround(job.id)));
  jobs.filter((job) => job.kind === 'group').forEach((job) => groups.add(job.id));
  const known = [...kinds.keys(), ...groups].sort();
  return jobs.flatMap((job) =>
    listAt(job.spec, 'dependencies').flatMap((id, at) => {
      if (typeof id !== 'string' || id === '/') return [];
      const kind = groups.has(id) ? 'group' : kinds.get(id);
      const place = (): Place => job.source.placeOf(`/dependencies/${at}`);
      if (kind === undefined) return [unknown(id, known, place())];
      const counts = kind === 'group' || (kind === 'app' && job.kind !== 'group');
      return counts ? [] : [ignored(job, id, kind, place())];
    }),
  );
}

function unknown(id: string, known: readonly string[], place: Diagnostic['place']): Diagnostic {
  const meant = didYouMean(id, known);
  // web-1 and web-2 are two things, not a slip.
  const slip = meant !== undefined && meant.replace(/\d+/g, '#') !== id.replace(/\d+/g, '#');
  return {
    code: 'marathon/dependency-unknown',
    severity: slip ? 'error' : 'warning',
    message: `nothing here is called ${id}, and Marathon ignores a dependency that it does not know`,
    fix: meant === undefined ? 'Check the name, or remove it.' : `Did you mean ${meant}?`,
    place,
  };
}

function ignored(job: Job, id: string, kind: string, place: Diagnostic['place']): Diagnostic {
  const rule =
    job.kind === 'group' ? 'a group depends on groups only' : 'Marathon knows no dependencies on pods';
  return {
    code: 'marathon/dependency-ignored',
    severity: 'warning',
    message: `${id} is ${kind === 'pod' ? 'a pod' : 'an app'}, and ${rule}`,
    fix: 'Towline keeps to the order, Marathon alone would not. Remove it, or name a group.',
    place,
  };
}

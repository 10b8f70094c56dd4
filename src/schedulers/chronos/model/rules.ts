import { findCycles } from '../../../domain/job/graph.js';
import { didYouMean } from '../../../domain/job/validate/did-you-mean.js';
import { schemaRules } from '../../../domain/job/validate/schema-rules.js';
import { moves } from '../../../domain/job/image-ref.js';
import type { Job } from '../../../domain/job/job.js';
import { jobRef, type JobRef } from '../../../domain/job/job-ref.js';
import type { Diagnostic } from '../../../domain/source/diagnostic.js';
import { isObject, pointer, type Json, type JsonObject, type Pointer } from '../../../domain/source/json.js';
import { parseSchedule } from './schedule.js';

export const RULES: readonly { code: string; summary: string }[] = [
  ...schemaRules('chronos', [
    'type',
    'required',
    'unknown-field',
    'enum',
    'range',
    'length',
    'count',
    'pattern',
    'form',
    'more',
  ]),
  {
    code: 'chronos/kind',
    summary:
      'a job has a schedule or parents, not both and not neither: Chronos runs a job without either at once',
  },
  { code: 'chronos/schedule', summary: 'a schedule is an ISO 8601 repeating interval that Chronos survives' },
  { code: 'chronos/time-zone', summary: 'a time zone stands in the tz database; others silently mean GMT' },
  { code: 'chronos/null', summary: 'null is not absent for Chronos: it becomes the text "null", or false' },
  { code: 'chronos/uris-and-fetch', summary: 'uris and fetch exclude each other' },
  { code: 'chronos/command', summary: 'a job has a command' },
  {
    code: 'chronos/latest-tag',
    summary: 'an image has a tag that does not move, or a digest: else nobody can tell what runs',
  },
  { code: 'chronos/state-field', summary: 'state that the server keeps is ignored in a manifest' },
  {
    code: 'chronos/parent-unknown',
    summary: 'every parent is stated: a child without it is stored and never seen',
  },
  { code: 'chronos/cycle', summary: 'parents must not go in a circle: it stops the scheduler for good' },
  { code: 'chronos/twins', summary: 'names that differ by case only are two jobs' },
];

/** Rules for one job. What Chronos takes with a 204 and then does harm with is refused here as well. */
export function checkJob(job: Job): Diagnostic[] {
  const found: Diagnostic[] = [];
  const { spec } = job;
  const report = (code: string, at: Pointer, message: string, fix: string): void => {
    found.push({ code: `chronos/${code}`, severity: 'error', message, fix, place: job.source.placeOf(at) });
  };
  for (const at of nullsIn(spec, ''))
    report(
      'null',
      at,
      'null is not the same as absent here: it becomes "null" or false',
      'Remove the field.',
    );
  const [scheduled, dependent] = [spec['schedule'] !== undefined, spec['parents'] !== undefined];
  if (scheduled && dependent)
    report(
      'kind',
      '/schedule',
      'a job has a schedule or parents, not both: the schedule would be lost',
      'Remove one of them.',
    );
  if (!scheduled && !dependent)
    report(
      'kind',
      '',
      'the job has neither schedule nor parents: Chronos would run it at once',
      'Add "schedule" or "parents".',
    );
  const zone = typeof spec['scheduleTimeZone'] === 'string' ? spec['scheduleTimeZone'] : '';
  if (typeof spec['schedule'] === 'string') {
    const parsed = parseSchedule(spec['schedule'], zone);
    if ('problem' in parsed)
      report(
        parsed.problem.startsWith('the time zone') ? 'time-zone' : 'schedule',
        parsed.problem.startsWith('the time zone') ? '/scheduleTimeZone' : '/schedule',
        `the schedule can't be used: ${parsed.problem}`,
        parsed.fix,
      );
  }
  if (full(spec['uris']) && full(spec['fetch']))
    report('uris-and-fetch', '/uris', 'uris and fetch exclude each other', 'Move the URIs into fetch.');
  const container = isObject(spec['container']) ? spec['container'] : {};
  const image = container['image'];
  if (typeof image === 'string' && moves(image))
    found.push({
      code: 'chronos/latest-tag',
      severity: 'warning',
      message: `the image ${JSON.stringify(image)} can be another one tomorrow`,
      fix: 'Name a version, for example :1.4.2, or a digest; promotions keep it up to date.',
      place: job.source.placeOf('/container/image'),
    });
  const command = spec['command'];
  if (typeof command !== 'string' && spec['container'] === undefined && !full(spec['arguments']))
    report('command', '', 'the job has no command', 'Add "command".');
  return found;
}

/** Rules over all jobs. */
export function checkSet(jobs: readonly Job[]): Diagnostic[] {
  const found: Diagnostic[] = [];
  const byId = new Map(jobs.map((job) => [job.id, job]));
  const names = [...byId.keys()];
  for (const job of jobs) {
    parentsOf(job.spec).forEach((parent, at) => {
      if (byId.has(parent)) return;
      const meant = didYouMean(parent, names);
      found.push({
        code: 'chronos/parent-unknown',
        severity: 'error',
        message: `the parent "${parent}" is not stated anywhere`,
        fix: meant === undefined ? 'Check the name, or add a manifest for it.' : `Did you mean "${meant}"?`,
        place: job.source.placeOf(`/parents/${at}`),
      });
    });
  }
  const lower = new Map<string, Job>();
  for (const job of jobs) {
    const twin = lower.get(job.id.toLowerCase());
    if (twin !== undefined)
      found.push({
        code: 'chronos/twins',
        severity: 'warning',
        message: `"${job.id}" and "${twin.id}" differ by case only and are two jobs`,
        fix: 'Rename one of them.',
        place: job.source.placeOf('/name'),
      });
    lower.set(job.id.toLowerCase(), job);
  }
  const byRef = new Map(jobs.map((job) => [job.ref, job]));
  const cycles = findCycles<JobRef>([...byRef.keys()], (ref) => {
    const job = byRef.get(ref);
    return job === undefined ? [] : parentsOf(job.spec).map((p) => jobRef(job.scheduler, p));
  });
  for (const cycle of cycles)
    for (const ref of new Set(cycle)) {
      const job = byRef.get(ref);
      if (job !== undefined)
        found.push({
          code: 'chronos/cycle',
          severity: 'error',
          message: `the parents go in a circle: ${cycle.join(' -> ')}; Chronos would not come up again`,
          fix: 'Remove one of them.',
          place: job.source.placeOf('/parents'),
        });
    }
  return found;
}

export function parentsOf(spec: JsonObject): string[] {
  return Array.isArray(spec['parents']) ? spec['parents'].filter((p) => typeof p === 'string') : [];
}

function full(value: Json | undefined): boolean {
  return Array.isArray(value) && value.length > 0;
}

function nullsIn(value: Json, at: Pointer): Pointer[] {
  if (value === null) return [at];
  if (Array.isArray(value)) return value.flatMap((item, index) => nullsIn(item, at + pointer(index)));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => nullsIn(member, at + pointer(name)));
}

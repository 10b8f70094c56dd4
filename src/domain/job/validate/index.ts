import { byPlace, hasErrors, placeText, type Diagnostic } from '../../source/diagnostic.js';
import { isObject, type Json, type Pointer } from '../../source/json.js';
import type { Job, JobSource, ValidatedJob } from '../job.js';
import type { JobRef, SchedulerName } from '../job-ref.js';
import type { Manifest, ManifestDocument } from '../manifest.js';
import type { ModelContext, SchedulerModel } from '../scheduler-model.js';

/** What a set of manifests states, and everything that is wrong with it. */
export interface Validation {
  jobs: ValidatedJob[];
  /** Jobs that a manifest states and a rule refuses. They exist in Git: nobody may delete them for being absent. */
  rejected: { ref: JobRef; source: JobSource }[];
  diagnostics: Diagnostic[];
  /** False where a file could not be read or a document not be understood: then what is absent may still be there. */
  complete: boolean;
}

type Schedulers = ReadonlyMap<SchedulerName, { model: SchedulerModel; context: ModelContext }>;

/**
 * Schema, cross-field rules and cross-job rules over all manifests of an environment. All findings at once; a job with
 * an error is refused, the others stay good. This is the only place that makes a ValidatedJob.
 */
export function validateManifests(manifests: readonly Manifest[], schedulers: Schedulers): Validation {
  const stated = statedJobs(manifests, schedulers);
  const diagnostics = [...stated.diagnostics];
  const refused = new Map<JobRef, JobSource>();
  const refuse = (job: Job): void => void refused.set(job.ref, job.source);

  for (const job of stated.jobs) {
    const entry = schedulers.get(job.scheduler);
    if (entry === undefined) continue;
    const found = entry.model.validate(job, entry.context);
    diagnostics.push(...found);
    if (hasErrors(found) || stated.refused.has(job)) refuse(job);
  }
  const twice = duplicates(stated.jobs);
  diagnostics.push(...twice.diagnostics);
  twice.jobs.forEach(refuse);

  for (const [name, { model, context }] of schedulers) {
    // Rules over the set see every job that Git states, the refused ones too: a parent with a typo is not a missing one.
    const all = unique(stated.jobs.filter((job) => job.scheduler === name));
    const found = model.validateSet(all, context);
    diagnostics.push(...found);
    for (const finding of found.filter((d) => d.severity === 'error')) {
      const job = all.find((j) => ownsPlace(j, finding));
      if (job !== undefined) refuse(job);
    }
  }
  return {
    jobs: stated.jobs.filter((job) => !refused.has(job.ref)) as ValidatedJob[],
    rejected: [...refused].map(([ref, source]) => ({ ref, source })),
    diagnostics: diagnostics.sort(byPlace),
    complete: stated.complete,
  };
}

interface Stated {
  jobs: Job[];
  refused: Set<Job>;
  diagnostics: Diagnostic[];
  complete: boolean;
}

function statedJobs(manifests: readonly Manifest[], schedulers: Schedulers): Stated {
  const stated: Stated = { jobs: [], refused: new Set(), diagnostics: [], complete: true };
  for (const manifest of manifests) {
    stated.diagnostics.push(...manifest.diagnostics);
    if (hasErrors(manifest.diagnostics)) stated.complete = false;
    for (const document of manifest.documents) {
      const parts = Array.isArray(document.value)
        ? document.value.map((value, at) => ({ value, at: `/${at}` }))
        : [{ value: document.value, at: '' }];
      for (const { value, at } of parts) readPart(manifest, document, value, at, schedulers, stated);
    }
  }
  return stated;
}

function readPart(
  manifest: Manifest,
  document: ManifestDocument,
  value: Json,
  at: Pointer,
  schedulers: Schedulers,
  stated: Stated,
): void {
  if (isObject(value)) {
    for (const [name, { model }] of schedulers) {
      const kind = model.recognise(value);
      if (kind === undefined) continue;
      const { jobs, diagnostics } = model.jobsOf(manifest, document, at, kind);
      stated.diagnostics.push(...diagnostics);
      if (hasErrors(diagnostics)) {
        // A group whose parts could not all be read may state more than what came out of it.
        stated.complete = false;
        for (const job of jobs) stated.refused.add(job);
      }
      stated.jobs.push(...jobs.map((job) => ({ ...job, scheduler: name, ref: asRef(name, job) })));
      return;
    }
  }
  stated.complete = false;
  stated.diagnostics.push({
    code: 'manifest/unknown-shape',
    severity: 'error',
    message: isObject(value)
      ? 'this is no job that a scheduler of this environment knows'
      : 'a job must be an object',
    fix: 'A Marathon app has "id", a group "apps" or "groups", a pod "containers"; a Chronos job "name" and "schedule" or "parents".',
    place: document.placeOf(at),
  });
}

/** Models name jobs after their kind of scheduler; here they get the name that it has in the environment. */
function asRef(name: SchedulerName, job: Job): JobRef {
  return job.scheduler === name ? job.ref : (`${name}:${job.id}` as JobRef);
}

function duplicates(jobs: readonly Job[]): { jobs: Job[]; diagnostics: Diagnostic[] } {
  const byRef = new Map<JobRef, Job[]>();
  for (const job of jobs) byRef.set(job.ref, [...(byRef.get(job.ref) ?? []), job]);
  const twice = [...byRef.values()].filter((same) => same.length > 1);
  const diagnostics = twice.flatMap((same) =>
    same.map((job): Diagnostic => {
      const others = same.filter((other) => other !== job).map((other) => placeText(idPlace(other)));
      return {
        code: 'manifest/duplicate-job',
        severity: 'error',
        message: `${job.ref} is stated ${same.length} times; also at ${others.join(', ')}`,
        fix: 'Keep one of them, or give it another id.',
        place: idPlace(job),
      };
    }),
  );
  return { jobs: twice.flat(), diagnostics };
}

function idPlace(job: Job): ReturnType<JobSource['placeOf']> {
  return job.source.placeOf('id' in job.spec ? '/id' : 'name' in job.spec ? '/name' : '');
}

function unique(jobs: readonly Job[]): Job[] {
  return [...new Map(jobs.map((job) => [job.ref, job])).values()];
}

/** A finding belongs to the job at whose file and lines it points: to the last one that begins before it. */
function ownsPlace(job: Job, { place }: Diagnostic): boolean {
  if (job.source.file !== place.file) return false;
  if (place.pointer === undefined) return true;
  const own = job.source.placeOf('').pointer ?? job.source.pointer;
  return place.pointer === own || place.pointer.startsWith(`${own}/`) || own === '';
}

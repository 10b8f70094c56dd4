import { hasErrors, type Diagnostic } from '../../source/diagnostic.js';
import { isObject, type Json, type Pointer } from '../../source/json.js';
import { jobRef } from '../job-ref.js';
import type { Manifest, ManifestDocument } from '../manifest.js';
import { jobAt } from './owner.js';
import type { Schedulers, Stated, Understood } from './stated.js';
import { ValidationCache } from './validation-cache.js';

export type { Schedulers, Stated, Understood };

/**
 * The jobs that manifests state, unvalidated: a document, or every entry of an array, belongs to the first scheduler that
 * knows its shape.
 */
export function statedJobs(
  manifests: readonly Manifest[],
  schedulers: Schedulers,
  cache = new ValidationCache(),
): Stated {
  const stated: Stated = { jobs: [], refused: new Set(), diagnostics: [], complete: true };
  for (const manifest of manifests) {
    const own = cache.stated(manifest, () => statedBy(manifest, schedulers));
    stated.jobs.push(...own.jobs);
    own.refused.forEach((job) => stated.refused.add(job));
    stated.diagnostics.push(...own.diagnostics);
    if (!own.complete) stated.complete = false;
  }
  return stated;
}

/** The jobs that one manifest states. */
export function statedBy(manifest: Manifest, schedulers: Schedulers): Stated {
  const stated: Stated = { jobs: [], refused: new Set(), diagnostics: [], complete: true };
  stated.diagnostics.push(...manifest.diagnostics);
  if (hasErrors(manifest.diagnostics)) stated.complete = false;
  for (const document of manifest.documents) {
    const { value } = document;
    if (Array.isArray(value))
      value.forEach((each, index) =>
        readPart({ manifest, document, value: each, at: `/${index}` }, schedulers, stated),
      );
    else readPart({ manifest, document, value, at: '' }, schedulers, stated);
  }
  return stated;
}

interface Part {
  manifest: Manifest;
  document: ManifestDocument;
  value: Json;
  at: Pointer;
}

function readPart({ manifest, document, value, at }: Part, schedulers: Schedulers, stated: Stated): void {
  for (const [name, { model }] of schedulers) {
    const kind = isObject(value) ? model.recognise(value) : undefined;
    if (kind === undefined) continue;
    const found = model.jobsOf(manifest, document, at, kind);
    // Models name jobs after their kind of scheduler; here they get the name that it has in the environment.
    const jobs = found.jobs.map((job) => ({ ...job, scheduler: name, ref: jobRef(name, job.id) }));
    stated.jobs.push(...jobs);
    stated.diagnostics.push(...found.diagnostics);
    for (const finding of found.diagnostics.filter((d) => d.severity === 'error')) {
      // A group of which something could not be read may state more than what came out of it.
      stated.complete = false;
      const owner = jobAt(finding.place, jobs);
      for (const job of owner === undefined ? jobs : [owner]) stated.refused.add(job);
    }
    return;
  }
  stated.complete = false;
  stated.diagnostics.push(unknownShape({ manifest, document, value, at }, schedulers));
}

function unknownShape({ document, value, at }: Part, schedulers: Schedulers): Diagnostic {
  const shapes = [...schedulers].map(([name, { model }]) => model.shapes ?? `the jobs of ${name}`);
  return {
    code: 'manifest/unknown-shape',
    severity: 'error',
    message: isObject(value)
      ? 'this is no job that a scheduler of this environment knows'
      : 'a job must be an object, a document an object or an array of them',
    fix:
      shapes.length === 0
        ? 'Configure a scheduler for the environment.'
        : `Known are: ${shapes.join('; ')}. Files that hold no jobs belong outside the folder.`,
    place: document.placeOf(at),
  };
}

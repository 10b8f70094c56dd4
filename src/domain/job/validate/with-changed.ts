import type { Diagnostic } from '../../source/diagnostic.js';
import { canonicalJson, type JsonObject } from '../../source/json.js';
import type { Job, ValidatedJob } from '../job.js';
import type { JobRef } from '../job-ref.js';
import type { Manifest } from '../manifest.js';
import type { Stated } from './stated.js';
import type { Validation } from './validation.js';

/** Manifests that may differ; for more of them everything is judged. */
const FEW = 32;

interface Judging {
  stated(manifest: Manifest): Stated;
  findings(job: Job): readonly Diagnostic[];
  /** What the rules over a set look at; undefined: anything may matter. */
  facts(job: Job): JsonObject | undefined;
}

/**
 * The validation of manifests of which a few changed since the last one, where that can be told without looking at all of
 * them: the changed ones state the same jobs, nothing was or is wrong with them, and nothing changed that rules over
 * several jobs look at. Undefined where it can't.
 */
export function withChanged(
  before: { manifests: readonly Manifest[]; validation: Validation },
  manifests: readonly Manifest[],
  judging: Judging,
): Validation | undefined {
  if (before.manifests.length !== manifests.length) return undefined;
  const changed = manifests.flatMap((manifest, at) => {
    const old = before.manifests[at];
    return old === undefined || old === manifest ? [] : [[old, manifest] as const];
  });
  if (changed.length === 0) return before.validation;
  if (changed.length > FEW) return undefined;
  const { validation } = before;
  const files = new Set(changed.flatMap((pair) => pair.flatMap(filesOf)));
  if (validation.diagnostics.some(({ place }) => files.has(place.file))) return undefined;
  const replaced = new Map<JobRef, ValidatedJob>();
  for (const [old, now] of changed)
    if (!isSteady(judging.stated(old), judging.stated(now), old, now, judging, replaced)) return undefined;
  return {
    ...validation,
    jobs: validation.jobs.map((job) => replaced.get(job.ref) ?? job),
    mark: {},
    since: { mark: validation.mark, jobs: replaced },
  };
}

function isSteady(
  before: Stated,
  now: Stated,
  old: Manifest,
  manifest: Manifest,
  judging: Judging,
  replaced: Map<JobRef, ValidatedJob>,
): boolean {
  const plain = [before, now].every(({ complete, diagnostics }) => complete && diagnostics.length === 0);
  const silent = old.silences === undefined && manifest.silences === undefined;
  if (!plain || !silent || before.jobs.length !== now.jobs.length) return false;
  return now.jobs.every((job, at) => {
    const other = before.jobs[at];
    if (other === undefined || other.ref !== job.ref || other.kind !== job.kind) return false;
    const [was, is] = [judging.facts(other), judging.facts(job)];
    if (was === undefined || is === undefined || canonicalJson(was) !== canonicalJson(is)) return false;
    // It has no finding, and neither has any that it could cause elsewhere.
    replaced.set(job.ref, job as ValidatedJob);
    return judging.findings(job).length === 0 && judging.findings(other).length === 0;
  });
}

function filesOf({ path, documents }: Manifest): string[] {
  return [path, ...documents.flatMap(({ files }) => files)];
}

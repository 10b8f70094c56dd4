import { byPlace, hasErrors, placeText, type Diagnostic, type Place } from '../../source/diagnostic.js';
import { isObject, valueAt } from '../../source/json.js';
import type { Job, ValidatedJob } from '../job.js';
import type { JobRef } from '../job-ref.js';
import type { Manifest } from '../manifest.js';
import { jobAt } from './owner.js';
import type { Policy } from './policy.js';
import { EVERY_RULE, Judge, type RulePolicy } from './rule-policy.js';
import { statedBy, statedJobs, type Schedulers, type Understood } from './stated-jobs.js';
import { ValidationCache } from './validation-cache.js';
import type { Validation } from './validation.js';
import { withChanged } from './with-changed.js';

export { ValidationCache };
export type { Validation };

/**
 * Schema, cross-field rules and cross-job rules over all manifests of an environment. All findings at once; a job with
 * an error is refused, the others stay good, also those that depend on it. `policy` says what the rules weigh here. The
 * only place that makes a ValidatedJob.
 */
export function validateManifests(
  manifests: readonly Manifest[],
  schedulers: Schedulers,
  policy: RulePolicy = EVERY_RULE,
  cache = new ValidationCache(),
): Validation {
  const known = cache.for(schedulers, policy.policies);
  const before = known.last;
  const result =
    before === undefined
      ? undefined
      : withChanged(before, manifests, {
          stated: (manifest) => known.stated(manifest, () => statedBy(manifest, schedulers)),
          findings: (job) => findingsOf(job, schedulers, policy, known),
          facts: (job) => schedulers.get(job.scheduler)?.model.setFacts?.(job),
        });
  const validation = result ?? validateAll(manifests, schedulers, policy, known);
  known.last = { manifests, validation };
  return validation;
}

function findingsOf(
  job: Job,
  schedulers: Schedulers,
  policy: RulePolicy,
  known: ValidationCache,
): readonly Diagnostic[] {
  return known.findings(job, () => [
    ...jobFindings(job, schedulers),
    ...policy.policies.flatMap((each) => policyFindings(each, job)),
  ]);
}

function validateAll(
  manifests: readonly Manifest[],
  schedulers: Schedulers,
  policy: RulePolicy,
  known: ValidationCache,
): Validation {
  const stated = statedJobs(manifests, schedulers, known);
  const judge = new Judge(policy, manifests);
  const refused = new Set<JobRef>();
  const refuse = (job: Job): void => void refused.add(job.ref);
  stated.refused.forEach(refuse);
  // What could not be read is an error whatever a policy says: there is no whole job to let through.
  const diagnostics = stated.diagnostics.filter((d) => d.severity === 'error');
  const warnings = judge.judge(stated.diagnostics.filter((d) => d.severity === 'warning'));
  diagnostics.push(...warnings);
  for (const { place } of warnings.filter((d) => d.severity === 'error')) {
    const owner = jobAt(place, stated.jobs);
    if (owner === undefined) inFile(stated.jobs, place).forEach(refuse);
    else refuse(owner);
  }

  for (const job of stated.jobs) {
    const all = findingsOf(job, schedulers, policy, known);
    if (all.length === 0) continue;
    const found = judge.judge(all);
    diagnostics.push(...found);
    if (hasErrors(found)) refuse(job);
  }
  const twice = duplicates(stated.jobs);
  diagnostics.push(...twice.diagnostics);
  twice.jobs.forEach(refuse);

  for (const [name, scheduler] of schedulers) {
    // Rules over the set see every job that Git states, the refused ones too: a parent with a typo is not a missing one.
    const all = unique(stated.jobs.filter((job) => job.scheduler === name));
    const found = judge.judge(setFindings(all, scheduler));
    diagnostics.push(...found);
    for (const { place } of found.filter((d) => d.severity === 'error')) {
      const owner = jobAt(place, all);
      // An error that belongs to nobody must not let anybody through.
      if (owner === undefined) inFile(all, place).forEach(refuse);
      else refuse(owner);
    }
  }
  diagnostics.push(...judge.leftovers());
  return {
    jobs: stated.jobs.filter((job) => !refused.has(job.ref)) as ValidatedJob[],
    rejected: stated.jobs.filter((job) => refused.has(job.ref)),
    diagnostics: diagnostics.sort(byPlace),
    complete: stated.complete,
    mark: {},
  };
}

function jobFindings(job: Job, schedulers: Schedulers): Diagnostic[] {
  const scheduler = schedulers.get(job.scheduler);
  if (scheduler === undefined) return [];
  try {
    return scheduler.model.validate(job, scheduler.context).map((each) => withLayers(each, job));
  } catch (error) {
    return [failed(error, job.source.placeOf(''))];
  }
}

function policyFindings(policy: Policy, job: Job): Diagnostic[] {
  try {
    return policy.check(job).map((each) => withLayers(each, job));
  } catch (error) {
    return [failed(error, job.source.placeOf(''))];
  }
}

/**
 * What is wrong with a whole, and not with one value, may be the doing of any layer: the place is where the whole is
 * stated, the others are named.
 */
function withLayers(finding: Diagnostic, { source, spec }: Job): Diagnostic {
  const { file, pointer = '' } = finding.place;
  if (source.files.length === 1 || !source.files.includes(file)) return finding;
  const value = valueAt(spec, pointer.slice(source.pointer.length));
  if (value !== undefined && !isObject(value)) return finding;
  const others = source.files.filter((each) => each !== file);
  return { ...finding, message: `${finding.message} (merged with ${others.join(', ')})` };
}

function setFindings(jobs: readonly Job[], { model, context }: Understood): Diagnostic[] {
  if (jobs.length === 0) return [];
  try {
    return model.validateSet(jobs, context);
  } catch (error) {
    return jobs.map((job) => failed(error, job.source.placeOf('')));
  }
}

/** A rule that trips over a strange manifest must not let it pass, nor keep all others from being deployed. */
function failed(error: unknown, place: Place): Diagnostic {
  return {
    code: 'manifest/rule-failed',
    severity: 'error',
    message: `a rule could not be applied here: ${error instanceof Error ? error.message : String(error)}`,
    fix: 'This is a fault of Towline: report it, with this file.',
    place,
  };
}

/** Others are named so that nobody has to search for them, but not all of a thousand. */
const MOST_NAMED = 3;

function duplicates(jobs: readonly Job[]): { jobs: Job[]; diagnostics: Diagnostic[] } {
  const twice = [...byRef(jobs).values()].filter((same) => same.length > 1);
  const diagnostics = twice.flatMap((same) =>
    same.map((job, at): Diagnostic => {
      const others = same
        .slice(0, MOST_NAMED + 1)
        .filter((other) => other !== job)
        .slice(0, MOST_NAMED);
      const named = others.map((other) => placeText(idPlace(other))).join(', ');
      const more = same.length - 1 - others.length;
      return {
        code: 'manifest/duplicate-job',
        severity: 'error',
        message: `${job.ref} is stated ${same.length} times; also at ${named}${more > 0 ? ` and ${more} more places` : ''}`,
        fix: at === 0 ? 'Keep one of them, or give it another id.' : 'Remove it, or give it another id.',
        place: idPlace(job),
      };
    }),
  );
  return { jobs: twice.flat(), diagnostics };
}

function byRef(jobs: readonly Job[]): Map<JobRef, Job[]> {
  const found = new Map<JobRef, Job[]>();
  for (const job of jobs) {
    const same = found.get(job.ref);
    if (same === undefined) found.set(job.ref, [job]);
    else same.push(job);
  }
  return found;
}

function idPlace(job: Job): Place {
  return job.source.placeOf('id' in job.spec ? '/id' : 'name' in job.spec ? '/name' : '');
}

function unique(jobs: readonly Job[]): Job[] {
  return [...new Map(jobs.map((job) => [job.ref, job])).values()];
}

function inFile(jobs: readonly Job[], place: Place): readonly Job[] {
  const same = jobs.filter((job) => job.source.files.includes(place.file));
  return same.length > 0 ? same : jobs;
}

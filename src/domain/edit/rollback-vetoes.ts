import { releaseName } from '../job/image-ref.js';
import { isCalled, type JobRef } from '../job/job-ref.js';
import type { JobPlace } from '../job/validate/job-places.js';
import type { Schedulers } from '../job/validate/stated-jobs.js';
import type { Asked } from '../plan/asked.js';
import type { Veto } from '../plan/policy.js';
import { digest } from '../source/digest.js';
import { valueAt } from '../source/json.js';
import { short, type Revision } from '../source/revision.js';
import type { LayerTree } from '../source/tree.js';
import type { EditObserved, WayBack } from './edit-plan.js';

/** What is asked to go back: a job, or the environment. */
type Target = string | undefined;

/**
 * What must not come again once it was gone back from: the tip, or the definition of the job, and every release that is named
 * now and not in what is gone back to. What is the same before and after is not vetoed, else the way back would be.
 */
export function vetoesOfRollback(
  { revision, places, models, request }: EditObserved,
  back: WayBack,
  job: Target,
): Veto[] {
  const asked = reasoned(request.asked, back.to);
  const [now, then] = [meant(places, job), meant(back.then, job)];
  const before = new Set(releasesOf(then, models));
  const releases = [...new Set(releasesOf(now, models))].filter((name) => !before.has(name));
  const bad = job === undefined ? revisionVetoes(asked, revision, back) : jobVetoes(asked, now, then);
  return [...bad, ...releases.map((name): Veto => ({ ...asked, kind: 'release', name, digests: [] }))];
}

/** A veto that would hold what is gone back to, where it does not hold what is there now. */
export function vetoOnWayBack(
  { places, models }: Pick<EditObserved, 'places' | 'models'>,
  back: WayBack,
  job: Target,
): Veto | undefined {
  const [now, then] = [meant(places, job), meant(back.then, job)];
  const named = new Set(releasesOf(now, models));
  const releases = new Set(releasesOf(then, models).filter((name) => !named.has(name)));
  const changed = new Map(changedJobs(then, now));
  return back.vetoes.find(({ kind, name, digests }) => {
    if (kind === 'release') return releases.has(name);
    if (kind === 'job') return digests.includes(changed.get(name as JobRef) ?? '');
    return job === undefined && (name === back.to || sameTrees(digests, back.treesThen));
  });
}

/** Other jobs that name a release which is vetoed: their changes are held as well. */
export function alsoHeld({ places, models }: EditObserved, vetoes: readonly Veto[], job: Target): JobRef[] {
  const names = new Set(vetoes.flatMap(({ kind, name }) => (kind === 'release' ? [name] : [])));
  return places
    .filter((place) => job !== undefined && !isCalled(place.job, job))
    .filter((place) => releasesOf([place], models).some((name) => names.has(name)))
    .map((place) => place.job.ref);
}

export function vetoText({ kind, name }: Pick<Veto, 'kind' | 'name'>): string {
  if (kind === 'revision') return `revision ${short(name)}`;
  return kind === 'job' ? `this definition of ${name}` : `release ${name}`;
}

function reasoned({ by, at, reason }: Asked, to: Revision): Asked {
  return { by, at, reason: `rolled back to ${short(to)}${reason === undefined ? '' : `: ${reason}`}` };
}

function revisionVetoes(asked: Asked, revision: Revision, { treesNow, treesThen }: WayBack): Veto[] {
  const digests = treesNow.map(({ tree }) => tree);
  if (sameTrees(digests, treesThen)) return [];
  return [{ ...asked, kind: 'revision', name: revision, digests }];
}

function jobVetoes(asked: Asked, now: readonly JobPlace[], then: readonly JobPlace[]): Veto[] {
  return changedJobs(now, then).map(([name, definition]) => ({
    ...asked,
    kind: 'job',
    name,
    digests: [definition],
  }));
}

/** Jobs with the digests of their definitions, where these are others than in `others`. */
function changedJobs(places: readonly JobPlace[], others: readonly JobPlace[]): [JobRef, string][] {
  const known = new Map(others.map(({ job }) => [job.ref, digest(job.spec)]));
  return places
    .map(({ job }): [JobRef, string] => [job.ref, digest(job.spec)])
    .filter(([ref, definition]) => known.get(ref) !== definition);
}

function sameTrees(digests: readonly string[], trees: readonly LayerTree[]): boolean {
  return trees.length > 0 && trees.every(({ tree }) => digests.includes(tree));
}

function meant(places: readonly JobPlace[], job: Target): JobPlace[] {
  return places.filter((place) => job === undefined || isCalled(place.job, job));
}

function releasesOf(places: readonly JobPlace[], models: Schedulers): string[] {
  return places.flatMap(({ job }) =>
    (models.get(job.scheduler)?.model.images(job) ?? []).flatMap((at) => {
      const image = valueAt(job.spec, at);
      return (typeof image === 'string' ? releaseName(image) : undefined) ?? [];
    }),
  );
}

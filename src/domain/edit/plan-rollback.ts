import { isCalled } from '../job/job-ref.js';
import type { JobPlace } from '../job/validate/job-places.js';
import { short, type ObjectId } from '../source/revision.js';
import { pathIn, type TreeChange } from '../source/tree.js';
import { askedText } from '../plan/asked.js';
import { alsoHeld, vetoesOfRollback, vetoOnWayBack, vetoText } from './rollback-vetoes.js';
import { empty, refusedPlan, unknownJob, type EditObserved, type EditPlan } from './edit-plan.js';
import type { EditRequest } from './request.js';

/** The files of an environment, or of a job, as they were. */
export function planRollback(
  observed: EditObserved,
  { job, shared, veto = true }: Extract<EditRequest, { verb: 'rollback' }>,
): EditPlan {
  const { environment, back, places } = observed;
  const what = job === undefined ? environment : `${job} of ${environment}`;
  const plan = { ...empty(observed), subject: `Roll back ${what}` };
  if (back === undefined)
    return refusedPlan(
      plan,
      `the ledger knows no revision of ${what} that ended well and is another one`,
      'Say which: --to REVISION.',
    );
  const files = job === undefined ? undefined : filesOfJob(job, places, back.then);
  if (files?.size === 0) return unknownJob(observed, job ?? '', []);
  const jobs = [...places, ...back.then].filter((place) => job !== undefined && isCalled(place.job, job));
  const named = {
    ...plan,
    jobs: [...new Set(jobs.map((place) => place.job.ref))],
    subject: `${plan.subject} to ${short(back.to)}`,
  };
  const vetoed = vetoOnWayBack(observed, back, job);
  if (vetoed !== undefined)
    return refusedPlan(
      named,
      `${vetoText(vetoed)} is vetoed ${askedText(vetoed)}, and would be held`,
      `Where that is over: towline lift ${vetoed.name} --env ${environment}. Or say another one: --to REVISION.`,
    );
  const restores = new Map<string, ObjectId | null>();
  const foreign: string[] = [];
  for (const { folder, changes } of back.folders)
    for (const change of changes) {
      const path = pathOf(folder, change);
      if (files !== undefined && !files.has(path)) continue;
      if (observed.shared.includes(folder)) {
        if (shared === undefined) foreign.push(path);
        if (shared !== 'include') continue;
      }
      const odd = oddity(change);
      if (odd !== undefined) return refusedPlan(named, `${path} ${odd}`, 'Take it back by hand: git revert.');
      restores.set(path, change.kind === 'deleted' ? null : change.entry.id);
    }
  if (foreign.length > 0)
    return refusedPlan(
      named,
      `${foreign.slice(0, 3).join(', ')} would change too, and other environments are made of it as well`,
      'Add --shared include to take it back for all of them, or --shared leave to leave it as it is.',
    );
  const lines = [...restores].map(([path, id]) => `${path}: ${id === null ? 'removed' : 'as it was'}`);
  if (!veto || restores.size === 0) return { ...named, restores, lines };
  const vetoes = vetoesOfRollback(observed, back, job);
  const others = alsoHeld(observed, vetoes, job);
  return {
    ...named,
    restores,
    vetoes,
    lines: [
      ...lines,
      ...vetoes.map((each) => `vetoed until it is lifted: ${vetoText(each)}`),
      ...(others.length === 0 ? [] : [`changes of ${others.join(', ')} are held too: the same release`]),
    ],
  };
}

function oddity(change: TreeChange): string | undefined {
  if (change.kind === 'deleted')
    return change.pathHex === undefined ? undefined : 'has a name that is not valid UTF-8';
  const { mode, pathHex } = change.entry;
  if (pathHex !== undefined) return 'has a name that is not valid UTF-8';
  return mode === '120000' || mode === '160000' ? 'was a link' : undefined;
}

/** Path in the job repository of a change. */
export function pathOf(folder: string, change: TreeChange): string {
  return pathIn(folder, change.kind === 'deleted' ? change.path : change.entry.path);
}

/** The files that state a job, now or then. */
export function filesOfJob(job: string, ...places: (readonly JobPlace[])[]): Set<string> {
  return new Set(places.flat().flatMap((place) => (isCalled(place.job, job) ? place.job.source.files : [])));
}

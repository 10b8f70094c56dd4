import type { EditObserved, FolderChanges, WayBack } from '../../domain/edit/edit-plan.js';
import { filesOfJob, pathOf } from '../../domain/edit/plan-rollback.js';
import { vetoOnWayBack } from '../../domain/edit/rollback-vetoes.js';
import type { EditRequest } from '../../domain/edit/request.js';
import { isCalled } from '../../domain/job/job-ref.js';
import { jobPlaces, type JobPlace } from '../../domain/job/validate/job-places.js';
import type { FieldRule } from '../../domain/plan/field-rules.js';
import type { Revision } from '../../domain/source/revision.js';
import type { LayerTree } from '../../domain/source/tree.js';
import type { JobRepository } from '../../ports/job-repository.js';
import type { Ledger } from '../../ports/ledger.js';
import { declaredManifests, type Models } from '../../queries/declared.js';
import { branchTip } from '../../queries/branch-tip.js';
import { readHistory, type HistoryEntry } from '../../queries/history.js';
import { layersAt, type RevisionLayer } from '../../queries/revision-files.js';

export interface EditSources {
  environment: string;
  branch: string;
  /** Folders of the environment, in order. */
  layers: readonly string[];
  /** Those of them that other environments are made of as well. */
  shared: readonly string[];
  ignoreFields: readonly FieldRule[];
  repository: JobRepository;
  ledger: Ledger;
  models: Models;
}

/** Passes looked back at most for something to go back to. */
const PASSES = 200;

/** Reads the tip of the branch, and for a rollback what it was before. */
export async function observeEdit(
  sources: EditSources,
  request: EditRequest,
  signal: AbortSignal,
): Promise<EditObserved> {
  const { environment, branch, layers, repository, models, shared, ignoreFields } = sources;
  const revision = await branchTip(repository, branch, signal);
  const files = await layersAt(repository, revision, layers, signal);
  const places = placesOf(files, models);
  const own = new Set(files.at(-1)?.files.map(({ path }) => path));
  const observed = { environment, branch, revision, request, places, models, own, shared, ignoreFields };
  if (request.verb !== 'rollback') return observed;
  const back = await lookBack(sources, { observed, request, files }, signal);
  return back === undefined ? observed : { ...observed, back };
}

function placesOf(layers: readonly RevisionLayer[], models: Models): JobPlace[] {
  return jobPlaces(declaredManifests(layers, models), models);
}

interface Now {
  observed: EditObserved;
  request: Extract<EditRequest, { verb: 'rollback' }>;
  files: readonly RevisionLayer[];
}

/** The revision that was asked for, or the newest that ended well, is not vetoed, and of which something is another now. */
async function lookBack(sources: EditSources, now: Now, signal: AbortSignal): Promise<WayBack | undefined> {
  const { request, observed } = now;
  const { state } = await sources.ledger.head({ signal });
  const vetoes = Object.values(state?.vetoes ?? {});
  if (request.to !== undefined) return { ...(await difference(sources, now, request.to, signal)), vetoes };
  const history = await readHistory(sources.ledger, { signal, limit: PASSES });
  const seen = new Set<string>([observed.revision]);
  for (const entry of history) {
    if (seen.has(entry.revision) || !endedWell(entry, request.job)) continue;
    seen.add(entry.revision);
    const back = { ...(await difference(sources, now, entry.revision as Revision, signal)), vetoes };
    if (
      touches(back, observed.places, request.job) &&
      vetoOnWayBack(observed, back, request.job) === undefined
    )
      return back;
  }
  return undefined;
}

function endedWell({ phase, outcome, jobs }: HistoryEntry, job: string | undefined): boolean {
  if (phase !== 'outcome') return false;
  return job === undefined
    ? outcome === 'applied'
    : jobs.some(
        ({ ref, state }) =>
          state === 'applied' && isCalled({ ref, id: ref.slice(ref.indexOf(':') + 1) }, job),
      );
}

async function difference(
  { layers, repository, models, shared }: EditSources,
  { observed: { revision: from }, request, files: now }: Now,
  to: Revision,
  signal: AbortSignal,
): Promise<Omit<WayBack, 'vetoes'>> {
  const folders: FolderChanges[] = [];
  for (const folder of layers)
    folders.push({ folder, changes: await repository.diff(from, to, folder, { signal }) });
  const present: string[] = [];
  for (const folder of layers)
    if ((await repository.treeId(to, folder, { signal })) !== undefined) present.push(folder);
  const were = await layersAt(repository, to, present, signal);
  // A folder that is left to the others stays as it is now.
  const stays = (folder: string): boolean => request.shared === 'leave' && shared.includes(folder);
  const then = layers.flatMap((folder) =>
    (stays(folder) ? now : were).filter((layer) => layer.folder === folder),
  );
  return { to, folders, then: placesOf(then, models), treesNow: treesOf(now), treesThen: treesOf(then) };
}

function treesOf(layers: readonly RevisionLayer[]): LayerTree[] {
  return layers.map(({ folder, tree }) => ({ folder, tree }));
}

/** True where going back would change something of what is meant. */
function touches({ folders, then }: WayBack, now: readonly JobPlace[], job: string | undefined): boolean {
  const changed = folders.flatMap(({ folder, changes }) => changes.map((change) => pathOf(folder, change)));
  if (job === undefined) return changed.length > 0;
  const files = filesOfJob(job, now, then);
  return changed.some((path) => files.has(path));
}

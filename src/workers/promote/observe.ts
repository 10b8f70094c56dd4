import { parseRelease } from '../../domain/release/parse-release.js';
import type { Release } from '../../domain/release/release.js';
import { askedText } from '../../domain/plan/asked.js';
import type { Veto } from '../../domain/plan/policy.js';
import { valueAt } from '../../domain/source/json.js';
import type { Manifest } from '../../domain/job/manifest.js';
import { jobPlaces } from '../../domain/job/validate/job-places.js';
import type { Revision } from '../../domain/source/revision.js';
import type { JobRepository } from '../../ports/job-repository.js';
import type { KvStore } from '../../ports/kv-store.js';
import type { Ledger } from '../../ports/ledger.js';
import { TowlineError } from '../../runtime/errors.js';
import { declaredManifests, type Models } from '../../queries/declared.js';
import { branchTip } from '../../queries/branch-tip.js';
import { layersAt } from '../../queries/revision-files.js';
import type { Log } from '../../runtime/log.js';
import { vetoOf, type ImageUse, type PromoteObserved } from './plan.js';

export interface PromoteSources {
  environment: string;
  branch: string;
  /** Folders of the environment, in order; releases are committed into the last. */
  layers: readonly string[];
  automatic: readonly string[];
  /** Prefix of the releases in KV, ends in `/`. */
  releasesPrefix: string;
  repository: JobRepository;
  kv: KvStore;
  /** Tells what is vetoed. */
  ledger: Ledger;
  models: Models;
}

/** How far back a promotion is looked for. */
const HISTORY = 1000;

/** Reads the releases, the places that name images, and which releases were promoted before. */
export async function observePromote(
  sources: PromoteSources,
  { signal, log, asked }: { signal: AbortSignal; log: Log; asked?: Release },
): Promise<PromoteObserved | undefined> {
  const { environment, branch, layers, repository, automatic } = sources;
  const releases = asked === undefined ? await readReleases(sources, signal, log) : [asked];
  if (releases.length === 0) return undefined;
  const revision = await branchTip(repository, branch, signal);
  const files = await layersAt(repository, revision, layers, signal);
  const own = new Set(files.at(-1)?.files.map(({ path }) => path));
  const uses = imageUses(declaredManifests(files, sources.models), sources.models).map((use) =>
    own.has(use.path) ? use : { ...use, shared: true },
  );
  const vetoes = await vetoedReleases(sources.ledger, signal);
  if (asked !== undefined) refuseVetoed(asked, vetoes, environment);
  const promoted = asked === undefined ? await promotedBefore(sources, revision, signal) : new Set<string>();
  return {
    environment,
    branch,
    revision,
    releases,
    uses,
    promoted,
    automatic,
    vetoes,
    asked: asked !== undefined,
  };
}

/** Where the ledger can't be read nobody knows what is vetoed: that is an error, and nothing is promoted. */
async function vetoedReleases(ledger: Ledger, signal: AbortSignal): Promise<Map<string, Veto>> {
  const { state } = await ledger.head({ signal });
  const releases = Object.values(state?.vetoes ?? {}).filter(({ kind }) => kind === 'release');
  return new Map(releases.map((veto) => [veto.name, veto]));
}

function refuseVetoed(asked: Release, vetoes: ReadonlyMap<string, Veto>, environment: string): void {
  const veto = vetoOf(asked, vetoes);
  if (veto === undefined) return;
  throw new TowlineError(
    'release-vetoed',
    'refused',
    `${veto.name} is vetoed in ${environment} ${askedText(veto)}`,
    { help: `Where that is over: towline lift ${veto.name} --env ${environment}.` },
  );
}

async function readReleases(
  { kv, releasesPrefix }: PromoteSources,
  signal: AbortSignal,
  log: Log,
): Promise<Release[]> {
  const { value } = await kv.list(releasesPrefix, { signal });
  return value.flatMap((entry) => {
    const parsed = parseRelease(entry.key.slice(releasesPrefix.length), entry.value);
    if ('release' in parsed) return [parsed.release];
    log.warn({ key: entry.key, reason: parsed.reason }, 'not a release; left out');
    return [];
  });
}

/** Every place that names an image. A file that can't be read has none: it can't be edited either. */
export function imageUses(manifests: readonly Manifest[], models: Models): ImageUse[] {
  return jobPlaces(manifests, models).flatMap(({ job, document }) =>
    (models.get(job.scheduler)?.model.images(job) ?? []).flatMap((at): ImageUse[] => {
      const pointer = job.source.pointer + at;
      const image = valueAt(document.value, pointer);
      const { file: path, document: index } = document.originOf(pointer);
      return typeof image === 'string' ? [{ path, document: index, pointer, image, jobRef: job.ref }] : [];
    }),
  );
}

async function promotedBefore(
  { repository, environment }: PromoteSources,
  revision: Revision,
  signal: AbortSignal,
): Promise<Set<string>> {
  const commits = await repository.log(revision, { signal, limit: HISTORY, grep: 'Towline-Release:' });
  const promoted = new Set<string>();
  for (const { trailers } of commits) {
    const here = trailers.some((t) => t.key === 'Towline-Environment' && t.value === environment);
    if (here) for (const { key, value } of trailers) if (key === 'Towline-Release') promoted.add(value);
  }
  return promoted;
}

import { parseRelease, releaseText } from '../../domain/release/parse-release.js';
import type { PromotePolicy, ReadRule } from '../../domain/release/policy.js';
import { proposalBranch, type ProposalBranch } from '../../domain/release/proposal.js';
import type { Release } from '../../domain/release/release.js';
import { upstreamReleases, type Upstream } from '../../domain/release/upstream.js';
import { askedText } from '../../domain/plan/asked.js';
import type { Veto } from '../../domain/plan/policy.js';
import { valueAt } from '../../domain/source/json.js';
import type { Manifest } from '../../domain/job/manifest.js';
import { jobPlaces } from '../../domain/job/validate/job-places.js';
import type { JobRepository } from '../../ports/job-repository.js';
import type { KvStore } from '../../ports/kv-store.js';
import type { Ledger } from '../../ports/ledger.js';
import type { MergeRequests } from '../../ports/merge-requests.js';
import { TowlineError } from '../../runtime/errors.js';
import { declaredManifests, type Models } from '../../queries/declared.js';
import { branchTip } from '../../queries/branch-tip.js';
import { promotionsOf } from '../../queries/promotions.js';
import { layersAt } from '../../queries/revision-files.js';
import { upstreamOf, type UpstreamSources } from '../../queries/upstream.js';
import type { Log } from '../../runtime/log.js';
import { planPromote, vetoOf, type AskedFor, type ImageUse, type PromoteObserved } from './plan.js';

/** How promotions reach the branch of the environment. */
export type PromoteVia =
  | { by: 'push' }
  | { by: 'merge-request'; requests: MergeRequests }
  /** GitLab makes the request from what is said beside the push. */
  | { by: 'push-options' };

export interface PromoteSources {
  environment: string;
  branch: string;
  /** Folders of the environment, in order; releases are committed into the last. */
  layers: readonly string[];
  policy: Omit<PromotePolicy, 'rules'> & { rules: readonly ReadRule[] };
  /** The environment that the policy names. */
  upstream?: UpstreamSources;
  via: PromoteVia;
  author: { name: string; email: string };
  /** Prefix of the releases in KV, ends in `/`. */
  releasesPrefix: string;
  repository: JobRepository;
  kv: KvStore;
  /** Tells what is vetoed. */
  ledger: Ledger;
  models: Models;
}

/** Releases that a person asked for. */
export interface AskedReleases extends AskedFor {
  releases: readonly Release[];
}

/** Reads the releases, the places that name images, and which releases were promoted before. */
export async function observePromote(
  sources: PromoteSources,
  { signal, log, asked, now }: { signal: AbortSignal; log: Log; asked?: AskedReleases; now: number },
): Promise<PromoteObserved | undefined> {
  const { environment, branch, layers, repository, policy } = sources;
  const upstream =
    asked !== undefined || sources.upstream === undefined
      ? undefined
      : await upstreamOf(sources.upstream, signal);
  const releases = asked?.releases ?? candidates(await readReleases(sources, signal, log), upstream);
  if (releases.length === 0) return undefined;
  const revision = await branchTip(repository, branch, signal);
  const files = await layersAt(repository, revision, layers, signal);
  const own = new Set(files.at(-1)?.files.map(({ path }) => path));
  const uses = imageUses(declaredManifests(files, sources.models), sources.models).map((use) =>
    own.has(use.path) ? use : { ...use, shared: true },
  );
  const vetoes = await vetoedReleases(sources.ledger, signal);
  if (asked !== undefined) for (const each of asked.releases) refuseVetoed(each, vetoes, environment);
  const history = await promotionsOf(repository, { revision, environment }, signal);
  const observed: PromoteObserved = {
    environment,
    branch,
    revision,
    releases,
    uses,
    history,
    policy,
    ...(upstream === undefined ? {} : { upstream }),
    vetoes,
    ...(asked === undefined ? {} : { asked }),
    now,
  };
  return sources.via.by === 'push'
    ? observed
    : { ...observed, proposals: await proposalsOf(observed, sources, signal) };
}

/** Of an image that runs in the environment before, the release that runs there counts, and not the newest. */
function candidates(announced: readonly Release[], upstream: Upstream | undefined): readonly Release[] {
  if (upstream === undefined) return announced;
  const running = upstreamReleases(upstream, announced);
  const known = new Set(running.map(({ image, tag }) => `${image}:${tag}`));
  return [...running, ...announced.filter(({ image, tag }) => !known.has(`${image}:${tag}`))];
}

/** How the branches stand of all that is due; a forge is asked for nothing else. */
async function proposalsOf(
  observed: PromoteObserved,
  { repository, via, author }: PromoteSources,
  signal: AbortSignal,
): Promise<Map<string, ProposalBranch>> {
  const { environment, branch: target } = observed;
  const proposals = new Map<string, ProposalBranch>();
  for (const { release } of planPromote(observed).promotions) {
    const branch = proposalBranch(environment, release.image);
    const revision = await repository.resolve(branch, { signal });
    const [last] = revision === undefined ? [] : await repository.log(revision, { signal, limit: 1 });
    const ours =
      last?.author.email === author.email &&
      last.trailers.some((t) => t.key === 'Towline-Environment' && t.value === environment) &&
      last.trailers.some((t) => t.key === 'Towline-Release');
    proposals.set(releaseText(release), {
      branch,
      ...(revision === undefined || last === undefined
        ? {}
        : { tip: { revision, message: `${last.subject}\n\n${last.body}`, ours } }),
      ...(via.by === 'merge-request'
        ? { requests: await via.requests.find({ branch, target }, { signal }) }
        : {}),
    });
  }
  return proposals;
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

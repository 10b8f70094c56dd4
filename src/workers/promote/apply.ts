import { promotionBody, promotionMessage, promotionSubject } from '../../domain/release/message.js';
import { releaseText } from '../../domain/release/parse-release.js';
import type { Revision } from '../../domain/source/revision.js';
import type { GitStore } from '../../ports/git-store.js';
import type { Clock } from '../../ports/clock.js';
import { TowlineError } from '../../runtime/errors.js';
import { editedFiles } from '../edited-files.js';
import type { PromoteVia } from './observe.js';
import type { Promotion, PromotePlan } from './plan.js';

export interface PromoteTargets {
  repository: GitStore;
  via: PromoteVia;
  author: { name: string; email: string };
  clock: Clock;
  pass: string;
}

export interface PromoteApplied {
  /** `url`: of the merge request that proposes it; `branch`: where it stands, when that is not the environment's. */
  commits: { revision: Revision; release: string; files: string[]; branch?: string; url?: string }[];
  /** Releases whose manifests can't be edited safely, or that could not be proposed; the others were promoted. */
  refused: { release: string; error: TowlineError }[];
}

/**
 * One commit for each release, on top of each other, published together by compare-and-swap. When somebody else pushed
 * first, a `conflict` is thrown and the whole pass is done anew on the new tip. A manifest that can't be edited holds back
 * its own release and no other; where nothing else is left to do, that is the error of the pass. Proposals stand on
 * branches of their own, so one that does not work out concerns no other.
 */
export async function applyPromote(
  plan: PromotePlan,
  targets: PromoteTargets,
  signal: AbortSignal,
): Promise<PromoteApplied> {
  const applied: PromoteApplied = { commits: [], refused: [] };
  let tip = plan.revision;
  for (const promotion of plan.promotions) {
    const release = releaseText(promotion.release);
    try {
      if (promotion.proposal === undefined) {
        const made = await commitOn(tip, promotion, plan, targets, signal);
        tip = made.revision;
        applied.commits.push({ release, ...made });
      } else applied.commits.push({ release, ...(await proposed(promotion, plan, targets, signal)) });
    } catch (error) {
      if (!(error instanceof TowlineError && error.kind === 'refused')) throw error;
      applied.refused.push({ release, error });
    }
  }
  const [first] = applied.refused;
  if (applied.commits.length === 0 && first !== undefined) throw first.error;
  if (tip !== plan.revision)
    await targets.repository.publish(plan.branch, tip, { expected: plan.revision, runHooks: true, signal });
  return applied;
}

async function commitOn(
  tip: Revision,
  promotion: Promotion,
  { environment }: PromotePlan,
  { repository, author, clock, pass }: PromoteTargets,
  signal: AbortSignal,
): Promise<{ revision: Revision; files: string[] }> {
  const files = await editedFiles(promotion.edits, tip, repository, signal);
  const message = promotionMessage({ ...promotion, environment }, pass);
  const commit = { base: tip, parents: [tip], files, message, author, at: clock.now() };
  return { revision: await repository.writeCommit(commit, { signal }), files: [...files.keys()] };
}

/** The branch first, then the request for it: what a crash leaves between the two is completed by the next pass. */
async function proposed(
  promotion: Promotion,
  plan: PromotePlan,
  targets: PromoteTargets,
  signal: AbortSignal,
): Promise<Omit<PromoteApplied['commits'][number], 'release'>> {
  const { environment, branch: target, revision: base } = plan;
  const { proposal } = promotion;
  if (proposal === undefined) throw new Error('the promotion is no proposal');
  const { branch, expected, push, request } = proposal;
  const { repository, via } = targets;
  const text = {
    title: promotionSubject({ ...promotion, environment }),
    body: promotionBody({ ...promotion, environment }).join('\n'),
  };
  const made =
    push || expected === undefined
      ? await commitOn(base, promotion, plan, targets, signal)
      : { revision: expected, files: [...new Set(promotion.edits.map(({ path }) => path))] };
  if (push)
    await repository.publish(branch, made.revision, {
      expected,
      runHooks: true,
      signal,
      ...(via.by === 'push-options' ? { pushOptions: gitlabOptions(target, text) } : {}),
    });
  if (via.by !== 'merge-request') return { ...made, branch };
  const { url } =
    request === undefined
      ? await via.requests.create({ branch, target }, text, { signal })
      : await via.requests.update(request.id, text, { signal });
  return { ...made, branch, url };
}

/** An option holds no line break; GitLab takes `\n` for one in a description. */
function gitlabOptions(target: string, { title, body }: { title: string; body: string }): string[] {
  return [
    'merge_request.create',
    `merge_request.target=${target}`,
    `merge_request.title=${title}`,
    `merge_request.description=${body.replaceAll('\n', '\\n')}`,
  ];
}

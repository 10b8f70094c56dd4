import { askedText } from '../../domain/plan/asked.js';
import type { Veto } from '../../domain/plan/policy.js';
import {
  imageEdits,
  type ImageEdit,
  type ImageEdits,
  type ImageUse,
} from '../../domain/release/image-edits.js';
import { promotionMessage } from '../../domain/release/message.js';
import { releaseText } from '../../domain/release/parse-release.js';
import { whyNotByRules, type PromotePolicy, type ReadRule } from '../../domain/release/policy.js';
import type { PastPromotion } from '../../domain/release/position.js';
import { propose, type Proposal, type ProposalBranch } from '../../domain/release/proposal.js';
import type { Release } from '../../domain/release/release.js';
import { whyNotUpstream, type Upstream } from '../../domain/release/upstream.js';
import type { Revision } from '../../domain/source/revision.js';

export type { ImageEdit, ImageUse };

export interface PromoteObserved {
  environment: string;
  branch: string;
  revision: Revision;
  releases: readonly Release[];
  uses: readonly ImageUse[];
  /** What commits of this branch have promoted into this environment before, oldest first. */
  history: readonly PastPromotion[];
  policy: Omit<PromotePolicy, 'rules'> & { rules: readonly ReadRule[] };
  /** What runs in the environment that the policy names. */
  upstream?: Upstream;
  /** Releases that are not to be promoted, by what names them. */
  vetoes: ReadonlyMap<string, Veto>;
  /** A person asked for these: any tag, also again. */
  asked?: AskedFor;
  /** Where promotions are proposed instead of pushed: the branches of those that are due, by release. */
  proposals?: ReadonlyMap<string, ProposalBranch>;
  /** In ms since the epoch. */
  now: number;
}

/** What a person said beside the release. */
export interface AskedFor {
  /** The environment that it runs in. */
  from?: string;
  allowDowngrade: boolean;
}

export interface Promotion {
  release: Release;
  edits: ImageEdit[];
  /** The environment that it ran in first. */
  from?: string;
  /** Present: it is proposed on a branch of its own. */
  proposal?: Proposal;
}

export interface Held {
  release: string;
  /** In plain words, with what to do. */
  reason: string;
  /** It is proposed already: people have to merge it. */
  proposed?: true;
}

export interface PromotePlan {
  environment: string;
  branch: string;
  revision: Revision;
  promotions: Promotion[];
  /** Releases that fit and are left out on purpose, with the reason. */
  held: Held[];
}

/**
 * Which releases go into which manifests. A release is promoted once: when somebody reverts the promotion commit, the
 * revert stands, because Git is the only way to say what runs.
 */
export function planPromote(observed: PromoteObserved): PromotePlan {
  const { environment, branch, revision, releases } = observed;
  const plan: PromotePlan = { environment, branch, revision, promotions: [], held: [] };
  for (const release of releases) planRelease(observed, release, plan);
  return plan;
}

function planRelease(observed: PromoteObserved, release: Release, plan: PromotePlan): void {
  const { environment, policy, asked, uses, history } = observed;
  const text = releaseText(release);
  const again = history.some((past) => past.release === text);
  const found = imageEdits(uses, release, {
    pin: policy.pin,
    history,
    allowDowngrade: asked?.allowDowngrade === true,
    again,
  });
  const { edits, left } = found;
  const hold = (reason: string): void => void plan.held.push({ release: text, reason });
  if (edits.length === 0 && left.length === 0) return;
  const veto = vetoOf(release, observed.vetoes);
  const shared = edits.filter((edit) => edit.shared === true);
  const unasked = asked === undefined ? whyNotByItself(observed, release, again) : undefined;
  if (veto !== undefined)
    return hold(
      `it is vetoed ${askedText(veto)}; to lift that: towline lift ${veto.name} --env ${environment}`,
    );
  if (unasked !== undefined) return hold(unasked);
  if (left.length > 0) hold(leftReason(left, asked !== undefined));
  if (edits.length === 0) return;
  if (shared.length > 0) return hold(sharedReason(shared));
  const from = asked === undefined ? policy.from?.environment : asked.from;
  const promotion: Promotion = { release, edits, ...(from === undefined ? {} : { from }) };
  const at = observed.proposals?.get(text);
  if (at === undefined) return void plan.promotions.push(promotion);
  const message = promotionMessage({ ...promotion, environment }, '');
  const proposal = propose({ message, release: text, asked: asked !== undefined }, at);
  if ('why' in proposal)
    plan.held.push({
      release: text,
      reason: proposal.why,
      ...(proposal.stands === undefined ? {} : { proposed: true }),
    });
  else plan.promotions.push({ ...promotion, proposal });
}

/** What keeps a release out that no person asked for. */
function whyNotByItself(
  { environment, policy, upstream, now }: PromoteObserved,
  release: Release,
  again: boolean,
): string | undefined {
  const { rules, from } = policy;
  const byHand = `use towline promote ${release.image}:${release.tag} --env ${environment}`;
  const rule = whyNotByRules(release, rules, from);
  if (rule !== undefined) return `${rule}; ${byHand}`;
  if (again) return 'it was promoted before and taken back since';
  if (from === undefined) return undefined;
  if (upstream === undefined) return `nobody can tell what runs in ${from.environment}; ${byHand}`;
  const why = whyNotUpstream(release, upstream, from, now);
  return why === undefined ? undefined : `${why}; to promote it now, ${byHand}`;
}

/** The veto of a release, whichever digest its tag has now. */
export function vetoOf(
  { image, tag }: Pick<Release, 'image' | 'tag'>,
  vetoes: ReadonlyMap<string, Veto>,
): Veto | undefined {
  return vetoes.get(`${image}:${tag}`);
}

function leftReason(left: ImageEdits['left'], asked: boolean): string {
  const sentences = [...new Set(left.map(({ why }) => why))];
  const files = [...new Set(left.map(({ use }) => use.path))].join(' and ');
  const downgrade = asked
    ? 'add --allow-downgrade to go back'
    : 'to go back, use towline promote with --allow-downgrade, or towline rollback';
  const help = [
    ...(left.some(({ kind }) => kind === 'older') ? [downgrade] : []),
    ...(left.some(({ kind }) => kind === 'no-digest')
      ? ['images are pinned there, so release it with its digest (towline release --digest)']
      : []),
  ];
  return `${files} stays as it is: ${sentences.join(', ')}; ${help.join('; ')}`;
}

function sharedReason(edits: readonly ImageEdit[]): string {
  const files = [...new Set(edits.map(({ path }) => path))].join(' and ');
  return `its image stands in ${files}, which other environments may share; state it in the last layer, under the same path`;
}

/** True where no manifest has to change. */
export function nothingToPromote(plan: PromotePlan): boolean {
  return plan.promotions.length === 0;
}

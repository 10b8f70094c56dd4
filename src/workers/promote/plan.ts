import { oneLine } from '../../domain/source/one-line.js';
import { imageRefText, parseImageRef } from '../../domain/job/image-ref.js';
import type { JobRef } from '../../domain/job/job-ref.js';
import { askedText } from '../../domain/plan/asked.js';
import type { Veto } from '../../domain/plan/policy.js';
import { releaseText, tagMatches } from '../../domain/release/parse-release.js';
import type { Release } from '../../domain/release/release.js';
import type { Pointer } from '../../domain/source/json.js';
import type { Revision } from '../../domain/source/revision.js';

/** A place in a manifest that names an image. */
export interface ImageUse {
  /** Path in the job repository. */
  path: string;
  document: number;
  pointer: Pointer;
  image: string;
  /** It stands in an earlier layer, which other environments may share: an edit there would reach them too. */
  shared?: boolean;
  jobRef: JobRef;
}

export interface PromoteObserved {
  environment: string;
  branch: string;
  revision: Revision;
  releases: readonly Release[];
  uses: readonly ImageUse[];
  /** Releases (as text) that a commit of this branch has promoted into this environment before. */
  promoted: ReadonlySet<string>;
  /** Tag patterns that are promoted without a person. */
  automatic: readonly string[];
  /** Releases that are not to be promoted, by what names them. */
  vetoes: ReadonlyMap<string, Veto>;
  /** A person asked for these: any tag, also again. */
  asked: boolean;
}

export interface ImageEdit extends ImageUse {
  /** The image reference that will stand there. */
  value: string;
}

export interface Promotion {
  release: Release;
  edits: ImageEdit[];
}

export interface PromotePlan {
  environment: string;
  branch: string;
  revision: Revision;
  promotions: Promotion[];
  /** Releases that fit and are left out on purpose, with the reason. */
  held: { release: string; reason: string }[];
}

/**
 * Which releases go into which manifests. A release is promoted once: when somebody reverts the promotion commit, the
 * revert stands, because Git is the only way to say what runs.
 */
export function planPromote(observed: PromoteObserved): PromotePlan {
  const { environment, branch, revision, releases, uses, promoted, automatic, asked } = observed;
  const promotions: Promotion[] = [];
  const held: PromotePlan['held'] = [];
  for (const release of releases) {
    const edits = uses.flatMap((use) => editOf(use, release) ?? []);
    if (edits.length === 0) continue;
    const text = releaseText(release);
    const veto = vetoOf(release, observed.vetoes);
    const shared = edits.filter((edit) => edit.shared === true);
    if (veto !== undefined) {
      held.push({
        release: text,
        reason: `it is vetoed ${askedText(veto)}; to lift that: towline lift ${veto.name} --env ${environment}`,
      });
    } else if (!asked && !tagMatches(release.tag, automatic)) {
      held.push({ release: text, reason: 'its tag is not promoted automatically here; use towline promote' });
    } else if (!asked && promoted.has(text)) {
      held.push({ release: text, reason: 'it was promoted before and taken back since' });
    } else if (shared.length > 0) {
      held.push({ release: text, reason: sharedReason(shared) });
    } else {
      promotions.push({ release, edits });
    }
  }
  return { environment, branch, revision, promotions, held };
}

/** The veto of a release, whichever digest its tag has now. */
export function vetoOf(
  { image, tag }: Pick<Release, 'image' | 'tag'>,
  vetoes: ReadonlyMap<string, Veto>,
): Veto | undefined {
  return vetoes.get(`${image}:${tag}`);
}

function sharedReason(edits: readonly ImageEdit[]): string {
  const files = [...new Set(edits.map(({ path }) => path))].join(' and ');
  return `its image stands in ${files}, which other environments may share; state it in the last layer, under the same path`;
}

/** True where no manifest has to change. */
export function nothingToPromote(plan: PromotePlan): boolean {
  return plan.promotions.length === 0;
}

/** Undefined where the place names another image, or this release already. A pinned place stays pinned. */
function editOf(use: ImageUse, release: Release): ImageEdit | undefined {
  const now = parseImageRef(use.image);
  if (now?.name !== release.image) return undefined;
  const pin = now.digest === undefined ? undefined : release.digest;
  if (now.digest !== undefined && pin === undefined) return undefined;
  const value = imageRefText({
    name: release.image,
    tag: release.tag,
    ...(pin === undefined ? {} : { digest: pin }),
  });
  return value === use.image ? undefined : { ...use, value };
}

/** Message of a promotion commit: a subject for people, trailers for tools. */
export function promotionMessage({ release, edits }: Promotion, environment: string, pass: string): string {
  const jobs = [...new Set(edits.map((edit) => edit.jobRef))];
  const lines = [
    `Promote ${release.image} ${release.tag} to ${environment}`,
    '',
    ...edits.map(({ path, image, value }) => oneLine(`${path}: ${image} -> ${value}`)),
    '',
    `Towline-Release: ${releaseText(release)}`,
    `Towline-Environment: ${environment}`,
    `Towline-Pass: ${pass}`,
    ...jobs.flatMap((ref) => trailer('Towline-Job', ref)),
    ...trailer('Towline-Source-Commit', release.sourceCommit),
    ...trailer('Towline-Source-Repository', release.sourceRepository),
    ...trailer('Towline-Build', release.buildUrl),
    ...trailer('Towline-Released-By', release.by),
    ...trailer('Towline-Released-At', release.at),
  ];
  return `${lines.join('\n')}\n`;
}

function trailer(key: string, value = ''): string[] {
  const clean = oneLine(value);
  return clean === '' ? [] : [`${key}: ${clean}`];
}

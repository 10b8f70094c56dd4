import { imageRefText, parseImageRef } from '../job/image-ref.js';

/** What a build's tags and labels are made from; what is not known is absent. */
export interface SourceState {
  /** Full id of the source commit. */
  commit?: string;
  branch?: string;
  /** Names of the tags that the commit has. */
  gitTags: readonly string[];
  /** Files under version control differ from the commit. */
  changed: boolean;
}

/** Rules by which tags are made; every other word is a tag itself. */
export const TAG_RULES = ['commit', 'commit-short', 'branch', 'semver'] as const;

const SEMVER =
  /^v?(?<core>(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*))(?:-(?<pre>[0-9A-Za-z.-]+))?(?:\+(?<build>[0-9A-Za-z.-]+))?$/;
/** Digits of a commit in a short tag. Not git's own choice, which depends on how many objects a repository has. */
const SHORT = 12;

/**
 * The tag that a rule makes, or why there is none. A tag that names a commit ends in `-dirty` where files were changed since.
 * `literal:TEXT` is TEXT as it is; other rules and words become valid tags.
 */
export function tagOf(rule: string, source: SourceState): { tag: string } | { reason: string } {
  const { commit, branch, changed } = source;
  switch (rule) {
    case 'commit':
    case 'commit-short':
      if (commit === undefined) return { reason: 'no source commit is known here' };
      return {
        tag: `${rule === 'commit' ? commit : commit.slice(0, SHORT)}${changed ? '-dirty' : ''}`,
      };
    case 'branch':
      if (branch === undefined) return { reason: 'no branch is checked out, and no CI system names one' };
      return validTag(branch);
    case 'semver': {
      if (changed) return { reason: 'files were changed since the commit that has the version' };
      const version = newestVersion(source.gitTags);
      return version === undefined
        ? { reason: 'the source commit has no tag that is a version, as v1.4.2' }
        : validTag(version);
    }
    default:
      return validTag(rule.startsWith('literal:') ? rule.slice('literal:'.length) : rule);
  }
}

/** The highest version among git tags, without its `v`. */
export function newestVersion(gitTags: readonly string[]): string | undefined {
  const versions = gitTags.filter((tag) => SEMVER.test(tag)).map((tag) => tag.replace(/^v/, ''));
  return versions.sort(compareVersions).at(-1);
}

/** `NAME:TAG` for each rule, each once; or why a rule makes none. */
export function taggedNames(
  name: string,
  rules: readonly string[],
  source: SourceState,
): { names: string[] } | { rule: string; reason: string } {
  const names = new Set<string>();
  for (const rule of rules) {
    const made = tagOf(rule, source);
    if ('reason' in made) return { rule, reason: made.reason };
    names.add(imageRefText({ name, tag: made.tag }));
  }
  return { names: [...names] };
}

/** A text as a tag: what a tag can't hold becomes `-`, and no tag begins with a dot or a dash. */
function validTag(text: string): { tag: string } | { reason: string } {
  const tag = text
    .replace(/[^A-Za-z0-9_.-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 128);
  return parseImageRef(`x:${tag}`)?.tag === undefined
    ? { reason: `"${text.slice(0, 80)}" has nothing that a tag can be made of` }
    : { tag };
}

/** By the rules of semantic versions; what they say nothing of, by the text, so that the order is always the same. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [SEMVER.exec(a)?.groups, SEMVER.exec(b)?.groups];
  return (
    comparePieces(left?.['core'] ?? '', right?.['core'] ?? '') ||
    Number(left?.['pre'] === undefined) - Number(right?.['pre'] === undefined) ||
    comparePieces(left?.['pre'] ?? '', right?.['pre'] ?? '') ||
    (a < b ? -1 : a > b ? 1 : 0)
  );
}

function comparePieces(a: string, b: string): number {
  const [left, right] = [a.split('.'), b.split('.')];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const [one, other] = [left[at], right[at]];
    if (one === undefined || other === undefined) return one === undefined ? -1 : 1;
    if (one === other) continue;
    const [first, second] = [isNumber(one), isNumber(other)];
    if (first && second) return one.length - other.length || (one < other ? -1 : 1);
    if (first !== second) return first ? -1 : 1;
    return one < other ? -1 : 1;
  }
  return 0;
}

function isNumber(text: string): boolean {
  return /^(0|[1-9]\d*)$/.test(text);
}

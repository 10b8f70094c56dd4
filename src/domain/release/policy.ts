import { tagMatches } from './parse-release.js';
import type { Release } from './release.js';
import { parseRange, tagInRange, type SemverRange } from './semver-range.js';

/** A rule as it is configured: all that it names must hold. */
export interface PromoteRule {
  /** Pattern of image names; `*` stands for any characters. Absent: all images. */
  images?: string;
  /** Pattern of tags; `*` stands for any characters. */
  tag?: string;
  /** Range of versions, as npm writes it. */
  semver?: string;
  /** Regular expression for the whole tag. */
  match?: string;
  /** Branch of the source that it was built from; `*` stands for any characters. */
  branch?: string;
  /** Whatever was announced last. */
  newest?: true;
  /** Nothing but a person promotes these images, whatever other rules say. */
  manual?: true;
}

/** A release runs in another environment first. */
export interface PromoteFrom {
  environment: string;
  /** For how long it must have run there, healthy, in ms. */
  healthyForMs: number;
}

/** What an environment lets in without a person. */
export interface PromotePolicy {
  rules: readonly PromoteRule[];
  from?: PromoteFrom;
  /** Whether images are written with their digest. `keep`: where one stands already. */
  pin: 'digest' | 'keep';
}

/** A rule with its range and its expression read, once for all releases. */
export interface ReadRule extends Omit<PromoteRule, 'semver' | 'match'> {
  semver?: { text: string; range: SemverRange };
  match?: { text: string; expression: RegExp };
}

/** Tags are no longer than this (the grammar of image references), so an expression looks at no more. */
const LONGEST_TAG = 128;
/** Longer names of branches are not looked at: they come from outside. */
const LONGEST_BRANCH = 255;
const LONGEST_EXPRESSION = 256;

/** Reads a rule, or says which of its members is wrong and how. */
export function readRule(rule: PromoteRule): ReadRule | { at: 'semver' | 'match'; message: string } {
  const { semver, match, ...rest } = rule;
  const range = semver === undefined ? undefined : parseRange(semver);
  if (semver !== undefined && range === undefined)
    return { at: 'semver', message: `"${semver}" is no range of versions` };
  const expression = match === undefined ? undefined : readExpression(match);
  if (typeof expression === 'string') return { at: 'match', message: expression };
  return {
    ...rest,
    ...(semver === undefined || range === undefined ? {} : { semver: { text: semver, range } }),
    ...(match === undefined || expression === undefined ? {} : { match: { text: match, expression } }),
  };
}

/** One that repeats a repetition or a choice may take for ever on a short tag: it is refused, as is what is none. */
function readExpression(text: string): RegExp | string {
  if (text.length > LONGEST_EXPRESSION) return `it is longer than ${LONGEST_EXPRESSION} characters`;
  const plain = text.replace(/\\./g, '.').replace(/\[[^\]]*\]/g, '.');
  if (/[*+}]\)+[*+{]/.test(plain) || /\|[^()]*\)+[*+{]/.test(plain))
    return 'it repeats a repetition or a choice, which may take for ever';
  try {
    return new RegExp(`^(?:${text})$`);
  } catch {
    return `"${text}" is no regular expression`;
  }
}

/** Why no rule lets a release in without a person; undefined: one does. `from` alone lets in every tag. */
export function whyNotByRules(
  release: Pick<Release, 'image' | 'tag' | 'sourceBranch'>,
  rules: readonly ReadRule[],
  from: PromoteFrom | undefined,
): string | undefined {
  const mine = rules.filter(({ images }) => images === undefined || tagMatches(release.image, [images]));
  if (mine.some(({ manual }) => manual === true)) return 'only people promote this image here';
  const others = mine.filter(({ manual }) => manual !== true);
  if (others.some((rule) => fits(release, rule))) return undefined;
  const asking = rules.some(({ manual }) => manual !== true);
  if (!asking) return from === undefined ? 'nothing is promoted automatically here' : undefined;
  if (others.length === 0) return 'its image is not promoted automatically here';
  if (release.sourceBranch === undefined && others.every(({ branch }) => branch !== undefined))
    return `its tag is not promoted automatically here: it does not say which branch it was built from (${texts(others)})`;
  return `its tag is not promoted automatically here: it fits none of ${texts(others)}`;
}

function fits({ tag, sourceBranch }: Pick<Release, 'tag' | 'sourceBranch'>, rule: ReadRule): boolean {
  if (tag.length > LONGEST_TAG || (sourceBranch?.length ?? 0) > LONGEST_BRANCH) return false;
  return (
    (rule.tag === undefined || tagMatches(tag, [rule.tag])) &&
    (rule.semver === undefined || tagInRange(tag, rule.semver.range)) &&
    (rule.match === undefined || rule.match.expression.test(tag)) &&
    (rule.branch === undefined || (sourceBranch !== undefined && tagMatches(sourceBranch, [rule.branch])))
  );
}

function texts(rules: readonly ReadRule[]): string {
  return rules.map(ruleText).join(', or ');
}

/** A rule in words: `semver ^1.2 and branch main`. */
function ruleText({ tag, semver, match, branch, newest }: ReadRule): string {
  const parts = [
    ...(tag === undefined ? [] : [`tag ${tag}`]),
    ...(semver === undefined ? [] : [`semver ${semver.text}`]),
    ...(match === undefined ? [] : [`match ${match.text}`]),
    ...(branch === undefined ? [] : [`branch ${branch}`]),
    ...(newest === undefined ? [] : ['newest']),
  ];
  return parts.length === 0 ? 'any tag' : parts.join(' and ');
}

import { compareVersions, parseVersion, type Version } from './semver.js';

interface Comparator {
  op: '<' | '<=' | '>' | '>=' | '=';
  version: Version;
}

/** Sets of comparators: one of the sets must hold as a whole. */
export type SemverRange = readonly (readonly Comparator[])[];

const PART = '(?:0|[1-9][0-9]{0,14}|[xX*])';
const PARTIAL = `v?(${PART})(?:\\.(${PART})(?:\\.(${PART})(?:-([0-9A-Za-z.-]+))?(?:\\+[0-9A-Za-z.-]+)?)?)?`;
const HYPHEN = new RegExp(`^${PARTIAL}\\s+-\\s+${PARTIAL}$`);
const SIMPLE = new RegExp(`^(<=|>=|<|>|=|~>|~|\\^|)\\s*${PARTIAL}(?=\\s|$)\\s*`);

/** A version of which the end may be left open: `1.2` or `1.x`. */
interface Partial {
  /** Its numbers; as many as are stated. */
  parts: number[];
  pre: readonly string[];
}

/**
 * A range as npm writes it: comparators, `^`, `~`, x-ranges, `A - B`, and `||` between alternatives. Undefined: the text
 * is none.
 */
export function parseRange(text: string): SemverRange | undefined {
  if (text.length > 256) return undefined;
  const sets: Comparator[][] = [];
  for (const each of text.split('||')) {
    const set = parseSet(each.trim());
    if (set === undefined) return undefined;
    sets.push(set);
  }
  return sets;
}

/** True where a version is in a range. A prerelease is only where the range names one of the same three numbers. */
export function inRange(version: Version, range: SemverRange): boolean {
  return range.some(
    (set) =>
      set.every((comparator) => holds(version, comparator)) &&
      (version.pre.length === 0 ||
        set.some(
          (comparator) => comparator.version.pre.length > 0 && sameNumbers(comparator.version, version),
        )),
  );
}

/** True where a tag is a version in a range. */
export function tagInRange(tag: string, range: SemverRange): boolean {
  const version = parseVersion(tag);
  return version !== undefined && inRange(version, range);
}

function holds(version: Version, { op, version: limit }: Comparator): boolean {
  const order = compareVersions(version, limit);
  if (order === 0) return op === '=' || op === '<=' || op === '>=';
  return order < 0 ? op.startsWith('<') : op.startsWith('>');
}

function sameNumbers(a: Version, b: Version): boolean {
  return a.major === b.major && a.minor === b.minor && a.patch === b.patch;
}

function parseSet(text: string): Comparator[] | undefined {
  const hyphen = HYPHEN.exec(text);
  if (hyphen !== null) {
    const from = partialOf(hyphen.slice(1, 5));
    const to = partialOf(hyphen.slice(5, 9));
    return from === undefined || to === undefined ? undefined : [...atLeast(from), ...atMost(to)];
  }
  const set: Comparator[] = [];
  for (let rest = text; rest !== '';) {
    const found = SIMPLE.exec(rest);
    const partial = found === null ? undefined : partialOf(found.slice(2, 6));
    if (found === null || partial === undefined) return undefined;
    set.push(...comparatorsOf(found[1] ?? '', partial));
    rest = rest.slice(found[0].length);
  }
  return set;
}

/** What stands behind an `x` says nothing. */
function partialOf([major, minor, patch, pre]: readonly (string | undefined)[]): Partial | undefined {
  const stated = [major, minor, patch];
  const open = stated.findIndex((part) => part === undefined || /^[xX*]$/.test(part));
  if (open >= 0) return { parts: stated.slice(0, open).map(Number), pre: [] };
  const version = parseVersion(`${stated.join('.')}${pre === undefined ? '' : `-${pre}`}`);
  return version === undefined
    ? undefined
    : { parts: [version.major, version.minor, version.patch], pre: version.pre };
}

function comparatorsOf(op: string, partial: Partial): Comparator[] {
  const whole = partial.parts.length === 3;
  switch (op) {
    case '^':
      return caret(partial);
    case '~':
    case '~>':
      return partial.parts.length === 0
        ? []
        : [...atLeast(partial), below(partial, Math.min(1, partial.parts.length - 1))];
    case '>=':
      return atLeast(partial);
    case '<=':
      return atMost(partial);
    case '>':
      if (whole) return [{ op: '>', version: lowest(partial) }];
      return partial.parts.length === 0
        ? [NOTHING]
        : [{ op: '>=', version: next(partial, partial.parts.length - 1) }];
    case '<':
      if (whole) return [{ op: '<', version: lowest(partial) }];
      return [{ op: '<', version: { ...lowest(partial), pre: ['0'] } }];
    default:
      if (whole) return [{ op: '=', version: lowest(partial) }];
      return [...atLeast(partial), ...atMost(partial)];
  }
}

/** `<0.0.0-0`: no version comes before it. */
const NOTHING: Comparator = { op: '<', version: { major: 0, minor: 0, patch: 0, pre: ['0'] } };

/** Up to the next change of the first number that is not 0. */
function caret(partial: Partial): Comparator[] {
  const { parts } = partial;
  if (parts.length === 0) return [];
  const first = parts.findIndex((part) => part > 0);
  return [...atLeast(partial), below(partial, first < 0 ? parts.length - 1 : first)];
}

function atLeast(partial: Partial): Comparator[] {
  return partial.parts.length === 0 ? [] : [{ op: '>=', version: lowest(partial) }];
}

function atMost(partial: Partial): Comparator[] {
  const { length } = partial.parts;
  if (length === 0) return [];
  return [length === 3 ? { op: '<=', version: lowest(partial) } : below(partial, length - 1)];
}

/** Below the version in which the number at `at` is one more, its prereleases included. */
function below(partial: Partial, at: number): Comparator {
  return { op: '<', version: { ...next(partial, at), pre: ['0'] } };
}

function next({ parts }: Partial, at: number): Version {
  return lowest({ parts: [...parts.slice(0, at), (parts[at] ?? 0) + 1], pre: [] });
}

function lowest({ parts: [major = 0, minor = 0, patch = 0], pre }: Partial): Version {
  return { major, minor, patch, pre };
}

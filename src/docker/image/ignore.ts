import path from 'node:path';
import { TowlineError } from '../../runtime/errors.js';

/** What a context leaves out. */
export interface Ignore {
  /** True where the file or folder at this path (with `/`, relative to the context) is not sent. */
  ignores(file: string): boolean;
  /** True where something below an ignored folder may be sent all the same. */
  mayHoldMore(folder: string): boolean;
}

interface Rule {
  negated: boolean;
  pattern: string;
  matches: (file: string) => boolean;
}

/** Characters that mean nothing in a pattern but something in a regular expression. */
const LITERAL = /[.+()|{}$^/]/;
const BYTE_ORDER_MARK = /^\uFEFF/;

/**
 * Reads a `.dockerignore` as Docker does (moby/patternmatcher): the last rule that fits wins, what lies in an ignored
 * folder is ignored, `*` and `?` stop at `/`, `**` does not. `kept` are files that are sent whatever the rules say.
 */
export function parseIgnore(text: string, { file, kept }: { file: string; kept: readonly string[] }): Ignore {
  const rules = text
    .replace(BYTE_ORDER_MARK, '')
    .split('\n')
    .flatMap((line, at) => ruleOf(line, `${file}:${at + 1}`));
  const negations = rules.filter(({ negated }) => negated).map(({ pattern }) => pattern.split('/'));
  const known = new Map<string, { hits: readonly boolean[]; ignored: boolean }>();
  const judged = (of: string): { hits: readonly boolean[]; ignored: boolean } => {
    const found = known.get(of);
    if (found !== undefined) return found;
    const parent = path.posix.dirname(of);
    const above = parent === '.' ? undefined : judged(parent);
    let ignored = false;
    const hits = rules.map((rule, at) => {
      // As there: a rule that would change nothing is not asked, and so does not count for what lies below either.
      const hit = above?.hits[at] === true || (rule.negated === ignored && rule.matches(of));
      if (hit) ignored = !rule.negated;
      return hit;
    });
    known.set(of, { hits, ignored });
    return { hits, ignored };
  };
  return {
    ignores: (of) => !kept.includes(of) && judged(of).ignored,
    mayHoldMore: (folder) =>
      kept.some((name) => name.startsWith(`${folder}/`)) ||
      negations.some((pattern) => mayReach(pattern, folder.split('/'))),
  };
}

function ruleOf(line: string, where: string): Rule[] {
  if (line.startsWith('#')) return [];
  let text = line.trim();
  const negated = text.startsWith('!');
  if (negated) {
    text = text.slice(1).trim();
    if (/^\/*$/.test(text)) throw invalid(where, '"!" alone names nothing');
  }
  if (text === '') return [];
  const clean = path.posix.normalize(text);
  const pattern = clean.length > 1 ? clean.replace(/^\//, '').replace(/\/$/, '') : clean;
  return [{ negated, pattern, matches: matcher(pattern, where) }];
}

/** False where no path below the folder can fit a pattern; a pattern is known only up to its first special character. */
function mayReach(pattern: readonly string[], folder: readonly string[]): boolean {
  for (const [at, part] of pattern.entries()) {
    if (/[*?[\\]/.test(part) || at >= folder.length) return true;
    if (part !== folder[at]) return false;
  }
  return true;
}

function matcher(pattern: string, where: string): (file: string) => boolean {
  // Docker's quirks: such patterns are compared as texts, and no character of theirs is special.
  if (pattern === '**') return () => true;
  const rest = pattern.slice(2);
  if (pattern.startsWith('**') && !/[*?[\]\\]/.test(rest))
    return (file) => file.endsWith(rest) || (rest.startsWith('/') && file === rest.slice(1));
  const source = sourceOf(pattern, where);
  try {
    const expression = new RegExp(`^${source}$`, 'su');
    return (file) => expression.test(file);
  } catch (cause) {
    throw invalid(where, `"${pattern}" is no pattern`, cause);
  }
}

function sourceOf(pattern: string, where: string): string {
  const characters = [...pattern];
  let source = '';
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';
    if (character === '*' && characters[at + 1] === '*') {
      at += characters[at + 2] === '/' ? 2 : 1;
      source += at + 1 >= characters.length ? '.*' : '(?:.*/)?';
    } else if (character === '*') source += '[^/]*';
    else if (character === '?') source += '[^/]';
    else if (character === '[') {
      const end = classEnd(characters, at);
      if (end === undefined)
        throw invalid(where, `"${pattern}" has a "[" that begins no class of characters`);
      source += classOf(characters.slice(at + 1, end));
      at = end;
    } else if (character === '\\') {
      at += 1;
      const escaped = characters[at];
      if (escaped === undefined) throw invalid(where, `"${pattern}" ends in "\\"`);
      source += literal(escaped);
    } else source += literal(character);
  }
  return source;
}

/** Where a class of characters ends; `\` lets the next one be itself. */
function classEnd(characters: readonly string[], from: number): number | undefined {
  for (let at = from + 1; at < characters.length; at++) {
    if (characters[at] === '\\') at += 1;
    else if (characters[at] === ']') return at > from + 1 ? at : undefined;
  }
  return undefined;
}

function classOf(inside: readonly string[]): string {
  const negated = inside[0] === '^';
  const rest = (negated ? inside.slice(1) : inside).join('');
  return `[${negated ? '^' : ''}${rest.replace(/\\(.)|([[\]])/gsu, (_all, escaped: string | undefined, bracket: string | undefined) => `\\${literalInClass(escaped ?? bracket ?? '')}`)}]`;
}

function literalInClass(character: string): string {
  return /[\\\]^[-]/.test(character) ? character : `u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

function literal(character: string): string {
  return LITERAL.test(character) || /[*?[\]\\]/.test(character) ? `\\${character}` : character;
}

function invalid(where: string, why: string, cause?: unknown): TowlineError {
  return new TowlineError('image-ignore', 'invalid', `${where}: ${why}`, {
    help: 'See docs/images.md for what a .dockerignore may say.',
    ...(cause === undefined ? {} : { cause }),
  });
}

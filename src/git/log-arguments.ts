import { parseRevision, type Revision } from '../domain/source/revision.js';
import type { LogOptions } from '../ports/job-repository.js';
import { LOG_FORMAT } from './parse.js';

/** True where the commit itself is all that is asked for. */
export function isOneCommit(revision: Revision, options: LogOptions): boolean {
  const { limit, paths = [], grep, line, exclude, skip, since, until } = options;
  const chosen = [grep, line, exclude, skip, since, until].some((each) => each !== undefined);
  return limit === 1 && !chosen && paths.length === 0 && parseRevision(revision) !== undefined;
}

/** `git log` for these options, printed in LOG_FORMAT. */
export function logArguments(revision: Revision, options: LogOptions): string[] {
  const { limit, firstParent = false, paths = [], grep, line, exclude, skip, since, until } = options;
  return [
    'log',
    '-z',
    `--format=${LOG_FORMAT}`,
    `--max-count=${limit}`,
    ...(firstParent ? ['--first-parent'] : []),
    ...(skip === undefined ? [] : [`--skip=${skip}`]),
    ...timeArguments(since, until),
    '--basic-regexp',
    '--all-match',
    ...(grep === undefined ? [] : [`--grep=${literally(grep)}`]),
    ...(line === undefined ? [] : [`--grep=^${literally(line)}$`]),
    '--end-of-options',
    revision,
    ...(exclude === undefined ? [] : [`^${exclude}`]),
    '--',
    ...paths.map((file) => `:(literal)${file}`),
  ];
}

/** Git takes less than that for something else than seconds since the epoch. */
const FIRST_SECOND = 100_000_000;

/** A text as a basic regular expression for it. */
function literally(text: string): string {
  return text.replace(/[\\.[\]*^$]/g, '\\$&');
}

/** Whole seconds, as commits have them. */
function timeArguments(since: number | undefined, until: number | undefined): string[] {
  const seconds = (time: number): number => Math.max(FIRST_SECOND, Math.floor(time / 1000));
  return [
    ...(since === undefined ? [] : [`--since=@${seconds(since)}`]),
    ...(until === undefined ? [] : [`--until=@${seconds(until)}`]),
  ];
}

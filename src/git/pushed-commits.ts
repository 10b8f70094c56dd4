import { parseRevision, type Revision } from '../domain/source/revision.js';
import type { PushedCommit, PushedCommits } from '../ports/pushed-commits.js';
import { TowlineError } from '../runtime/errors.js';
import { openRepository, type Place } from './open.js';
import { git, type GitPlace } from './run.js';

/** What was pushed as refs/replace must not stand in for what is judged. */
const UNREPLACED = { GIT_NO_REPLACE_OBJECTS: '1' };

/** Commits of a push by git's command line, with the objects that are still in quarantine. */
export function pushedCommits(place: Place): PushedCommits {
  return {
    async between(to, without, { paths, limit, firstParent = false, signal }) {
      const at = await openRepository(place, { signal });
      const { stdout } = await git(
        at,
        [
          'rev-list',
          '--parents',
          ...(firstParent ? ['--first-parent'] : []),
          `--max-count=${limit + 1}`,
          '--end-of-options',
          to,
          ...without.map((id) => `^${id}`),
        ],
        { signal, env: UNREPLACED },
      );
      const commits = stdout
        .toString('latin1')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split(' ').map(revision));
      if (commits.length > limit)
        throw new TowlineError('push-too-many', 'invalid', `a push may bring ${limit} commits at most`, {
          help: 'Push in parts: git push origin COMMIT:BRANCH, oldest first.',
        });
      const plain = commits.filter((commit) => commit.length <= 2);
      const changed = paths ? await changedBy(at, plain, signal) : new Map<Revision, string[]>();
      const result: PushedCommit[] = [];
      for (const [id, ...parents] of commits) {
        if (id === undefined) continue;
        const decided = !paths || parents.length < 2 ? undefined : await decidedBy(at, id, parents, signal);
        result.push({ id, paths: decided ?? changed.get(id) ?? [] });
      }
      return result;
    },
  };
}

/** Paths of commits with one parent or none, all in one call. */
async function changedBy(
  at: GitPlace,
  commits: readonly (readonly Revision[])[],
  signal: AbortSignal,
): Promise<Map<Revision, string[]>> {
  const changed = new Map<Revision, string[]>();
  if (commits.length === 0) return changed;
  const { stdout } = await git(at, ['diff-tree', '--stdin', '-r', '-z', '--raw', '--no-renames', '--root'], {
    signal,
    env: UNREPLACED,
    input: commits.map(([id]) => `${id ?? ''}\n`).join(''),
  });
  let current: string[] = [];
  const pieces = stdout.toString('utf8').split('\0');
  for (let index = 0; index < pieces.length; index += 1) {
    const piece = pieces[index] ?? '';
    // A line of modes is followed by its path, whatever that is; between them stand ids of commits.
    if (piece.startsWith(':')) current.push(pieces[(index += 1)] ?? '');
    else if (piece !== '') changed.set(revision(piece.trim()), (current = []));
  }
  return changed;
}

/**
 * Paths that a merge decided: neither side has its content, or it took the side that had not changed against what both
 * come from (as `-s ours` can undo a change of the other side). With more than two sides or no single base: all paths in
 * which it differs from any side.
 */
async function decidedBy(
  at: GitPlace,
  merge: Revision,
  parents: readonly Revision[],
  signal: AbortSignal,
): Promise<string[]> {
  const differing = await Promise.all(parents.map((parent) => differ(at, parent, merge, signal)));
  const all = [...new Set(differing.flatMap((paths) => [...paths]))];
  const [first, second, third] = parents;
  if (first === undefined || second === undefined || third !== undefined || all.length === 0) return all;
  const { stdout } = await git(at, ['merge-base', '--all', '--end-of-options', first, second], {
    signal,
    env: UNREPLACED,
    allow: [0, 1],
  });
  const [base, other] = stdout
    .toString('latin1')
    .split('\n')
    .filter((line) => line !== '')
    .map(revision);
  if (base === undefined || other !== undefined) return all;
  const [byFirst, bySecond] = await Promise.all(
    [first, second].map((parent) => differ(at, base, parent, signal)),
  );
  const [fromFirst, fromSecond] = differing;
  return all.filter((path) => {
    const [notFirst, notSecond] = [fromFirst?.has(path) === true, fromSecond?.has(path) === true];
    if (notFirst && notSecond) return true;
    // It has the content of one side: fair where the other side had left the path alone.
    return notFirst ? byFirst?.has(path) === true : bySecond?.has(path) === true;
  });
}

async function differ(at: GitPlace, from: Revision, to: Revision, signal: AbortSignal): Promise<Set<string>> {
  const args = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--end-of-options', from, to];
  const { stdout } = await git(at, args, { signal, env: UNREPLACED });
  return new Set(
    stdout
      .toString('utf8')
      .split('\0')
      .filter((path) => path !== ''),
  );
}

function revision(text: string): Revision {
  const parsed = parseRevision(text);
  if (parsed === undefined) throw new Error('git wrote something that is no id of a commit');
  return parsed;
}

import type { Revision } from '../domain/source/revision.js';
import type { Waiting } from '../ports/kv-store.js';
import { TowlineError } from '../runtime/errors.js';
import type { RefUpdates } from './ref-updates.js';
import { failure, git, type OpenRepository } from './run.js';

interface Publishing extends Waiting {
  branch: string;
  revision: Revision;
  /** What the branch points to now; undefined: it does not exist. */
  expected: Revision | undefined;
  runHooks: boolean;
  pushOptions?: readonly string[];
}

/**
 * Moves a branch by compare-and-swap. A remote is pushed to with a lease; a repository in place gets a push to itself,
 * so that its hooks run as for everybody, or a plain ref update where hooks must not run (the ledger).
 */
export async function publishCommit(
  place: OpenRepository,
  updates: RefUpdates,
  publishing: Publishing,
): Promise<void> {
  if (place.remote !== undefined) {
    await push(place, place.remote, publishing);
    // What was pushed is known to be there. Where this does not work out, a fetch finds it as well.
    await updates.move(`refs/remotes/origin/${publishing.branch}`, publishing.revision, undefined);
    return;
  }
  if (publishing.runHooks || publishing.pushOptions !== undefined)
    return push(place, place.gitDir, publishing);
  await updateRef(place, updates, publishing);
}

async function push(
  place: OpenRepository,
  target: string,
  { branch, revision, expected, signal, pushOptions = [] }: Publishing,
): Promise<void> {
  const ref = `refs/heads/${branch}`;
  const args = [
    'push',
    '--porcelain',
    `--force-with-lease=${ref}:${expected ?? ''}`,
    ...pushOptions.map((option) => `--push-option=${option}`),
    '--end-of-options',
    target,
    `${revision}:${ref}`,
  ];
  const result = await git(place, args, {
    signal,
    allow: [0, 1, 128],
    env: place.remoteEnv,
    remote: place.remote !== undefined,
  });
  const said = `${result.stdout.toString('utf8')}\n${result.stderr}`;
  if (result.exitCode === 0) return;
  if (
    /stale info|fetch first|non-fast-forward|cannot lock ref|failed to update ref|reference already exists/i.test(
      said,
    )
  )
    throw lostRace(branch);
  if (/does not support push options/i.test(said))
    throw new TowlineError('git-push-options', 'refused', 'the server takes no push options', {
      help: 'Set promote.via to push or merge-request; of a repository of your own, set receive.advertisePushOptions.',
    });
  if (/refusing to update checked out branch/i.test(said)) {
    throw new TowlineError(
      'git-checked-out',
      'refused',
      `${branch} is checked out in the repository's work tree`,
      {
        help: 'Let Towline work on a bare repository (repository.url), or set receive.denyCurrentBranch to updateInstead.',
      },
    );
  }
  if (/\[remote rejected\]|hook declined|pre-receive/i.test(said)) {
    const remote = result.stderr
      .split('\n')
      .filter((line) => line.startsWith('remote:'))
      .map((line) => line.slice(7).trim())
      .filter((line) => line !== '');
    throw new TowlineError(
      'git-rejected',
      'refused',
      `the push to ${branch} was rejected: ${remote.slice(0, 5).join(' | ') || 'by a hook or a protection'}`,
      {
        help: 'A hook or a branch protection of the job repository stands against it.',
        details: remote,
      },
    );
  }
  throw failure(args, result.exitCode, said);
}

async function updateRef(
  place: OpenRepository,
  updates: RefUpdates,
  { branch, revision, expected, signal }: Publishing,
): Promise<void> {
  signal.throwIfAborted();
  const zero = '0'.repeat(place.format === 'sha256' ? 64 : 40);
  const problem = await updates.move(`refs/heads/${branch}`, revision, expected ?? zero);
  if (problem === undefined) return;
  if (/cannot lock ref|unable to resolve|reference already exists|but expected/i.test(problem))
    throw lostRace(branch);
  throw failure(['update-ref'], 128, problem);
}

function lostRace(branch: string): TowlineError {
  return new TowlineError('git-lost-race', 'conflict', `somebody else moved ${branch} first`, {
    help: 'The work is done again on top of it.',
  });
}

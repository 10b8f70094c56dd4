import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Revision } from '../domain/source/revision.js';
import type { NewCommit, Publishing as PublishOptions } from '../ports/git-store.js';
import { TowlineError } from '../runtime/errors.js';
import { NearRemotes } from './near-remote.js';
import { RefUpdates } from './ref-updates.js';
import type { Upkeep } from './upkeep.js';
import { failure, git, type OpenRepository } from './run.js';
import type { MadeCommit } from './write-commit.js';

/** Which branch, and the port's own options. */
interface Publishing extends PublishOptions {
  branch: string;
}

/** Moves branches by compare-and-swap, and keeps what that needs between two times. */
export class Publisher {
  readonly #updates: RefUpdates;
  readonly #near: NearRemotes;

  constructor(
    readonly place: OpenRepository,
    readonly upkeep: Upkeep,
    storeDir: string,
  ) {
    this.#updates = new RefUpdates(place);
    this.#near = new NearRemotes(place, storeDir);
  }

  /**
   * A remote is pushed to with a lease; a repository in place gets a push to itself, so that its hooks run as for
   * everybody, or a plain ref update where hooks must not run (the ledger).
   */
  async publish(revision: Revision, publishing: Publishing): Promise<void> {
    const { place } = this;
    if (place.remote !== undefined) {
      await push(place, place.remote, revision, publishing);
      return this.#isThere(revision, publishing.branch);
    }
    if (publishing.runHooks || publishing.pushOptions !== undefined) {
      await push(place, place.gitDir, revision, publishing);
      return this.upkeep.published(place);
    }
    await updateRef(this.#updates, revision, publishing);
    this.upkeep.published(place);
  }

  /** Makes a commit and publishes it. */
  async append(
    { base, parents }: Pick<NewCommit, 'base' | 'parents'>,
    make: () => Promise<MadeCommit>,
    publishing: Publishing,
  ): Promise<Revision> {
    const { branch, expected, runHooks, pushOptions } = publishing;
    const { revision, objects, stored } = await make();
    // Everything that the commit has beside `objects` has to be there already; and `pre-push` is a hook of this side.
    const isPlain = base !== undefined && base === expected && !runHooks && pushOptions === undefined;
    const near = isPlain && objects !== undefined ? await this.#near.find(publishing) : undefined;
    const [isStored] = await Promise.all([near?.store(objects ?? [], parents), stored()]);
    if (near === undefined || isStored !== true) await this.publish(revision, publishing);
    else {
      await updateRef(near.updates, revision, publishing);
      await this.#isThere(revision, branch);
      this.upkeep.published(near.place);
    }
    return revision;
  }

  close(): void {
    this.#updates.close();
    this.#near.close();
  }

  /** What was pushed is known to be there. Where this does not work out, a fetch finds it as well. */
  async #isThere(revision: Revision, branch: string): Promise<void> {
    await this.#updates.move(`refs/remotes/origin/${branch}`, revision, undefined);
  }
}

async function push(
  place: OpenRepository,
  target: string,
  revision: Revision,
  { branch, expected, signal, pushOptions = [] }: Publishing,
): Promise<void> {
  const ref = `refs/heads/${branch}`;
  const args = [
    'push',
    '--porcelain',
    `--force-with-lease=${ref}:${expected ?? ''}`,
    ...(place.remote === undefined && !place.bare ? await intoWorkTree(place, ref, signal) : []),
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
  if (result.exitCode === 0) return;
  const said = `${result.stdout.toString('utf8')}\n${result.stderr}`;
  const hooks = result.stderr
    .split('\n')
    .flatMap((line) => (line.startsWith('remote:') ? [line.slice(7)] : []));
  throw refusal(branch, said, hooks) ?? failure(args, result.exitCode, said);
}

/**
 * In a work tree whose branch is checked out, what is committed is checked out as well, as `git commit` would leave it;
 * git refuses that where something is changed there. A setting of the repository's own counts more.
 */
async function intoWorkTree(place: OpenRepository, ref: string, signal: AbortSignal): Promise<string[]> {
  const head = await readFile(path.join(place.gitDir, 'HEAD'), 'utf8').catch(() => '');
  if (head.trim() !== `ref: ${ref}`) return [];
  const args = ['config', '--get', 'receive.denyCurrentBranch'];
  if ((await git(place, args, { signal, allow: [0, 1] })).exitCode === 0) return [];
  return ['--receive-pack=git -c receive.denyCurrentBranch=updateInstead receive-pack'];
}

/** What it means that a push was refused; undefined: that it was not git's or a hook's refusal. */
function refusal(branch: string, said: string, hooks: readonly string[]): TowlineError | undefined {
  if (
    /stale info|fetch first|non-fast-forward|cannot lock ref|failed to update ref|reference already exists/i.test(
      said,
    )
  )
    return lostRace(branch);
  if (/does not support push options/i.test(said))
    return new TowlineError('git-push-options', 'refused', 'the server takes no push options', {
      help: 'Set promote.via to push or merge-request; of a repository of your own, set receive.advertisePushOptions.',
    });
  if (/working directory has (un)?staged changes|could not update working tree/i.test(said))
    return new TowlineError(
      'git-checked-out',
      'refused',
      `${branch} is checked out in a work tree in which something is changed`,
      { help: 'Commit or stash what is changed there, and say it again.' },
    );
  if (/refusing to update checked out branch/i.test(said)) {
    return new TowlineError(
      'git-checked-out',
      'refused',
      `${branch} is checked out in the repository's work tree`,
      {
        help: 'Let Towline work on a bare repository (repository.url), or set receive.denyCurrentBranch to updateInstead.',
      },
    );
  }
  if (/\[remote rejected\]|hook declined|pre-receive/i.test(said)) {
    const remote = hooks.map((line) => line.trim()).filter((line) => line !== '');
    return new TowlineError(
      'git-rejected',
      'refused',
      `the push to ${branch} was rejected: ${remote.slice(0, 5).join(' | ') || 'by a hook or a protection'}`,
      {
        help: 'A hook or a branch protection of the job repository stands against it.',
        details: remote,
      },
    );
  }
  return undefined;
}

async function updateRef(
  updates: RefUpdates,
  revision: Revision,
  { branch, expected, signal }: Publishing,
): Promise<void> {
  signal.throwIfAborted();
  const problem = await updates.move(
    `refs/heads/${branch}`,
    revision,
    expected ?? '0'.repeat(revision.length),
  );
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

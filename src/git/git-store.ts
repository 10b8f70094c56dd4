import { randomUUID } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  formatOf,
  isZeroId,
  parseObjectId,
  parseRevision,
  type ObjectFormat,
  type ObjectId,
  type Revision,
} from '../domain/source/revision.js';
import type { Tree } from '../domain/source/tree.js';
import type { GitStore, NewCommit } from '../ports/git-store.js';
import type { Waiting } from '../ports/kv-store.js';
import { TowlineError } from '../runtime/errors.js';
import type { Log } from '../runtime/log.js';
import { redact } from '../runtime/redact.js';
import { CatFile } from './cat-file.js';
import { isRefName, LOG_FORMAT, parseLog, parseLsTree } from './parse.js';
import { publishCommit } from './publish.js';
import { git, repositoryAway, type GitPlace, type OpenRepository } from './run.js';
import { treeDiff } from './tree-diff.js';
import { writeCommit } from './write-commit.js';

export interface GitStoreOptions {
  /** A path (bare or with a work tree, used in place) or a remote URL (copied into `storeDir`). */
  location: string;
  storeDir: string;
  author: { name: string; email: string };
  log: Log;
  /** Inside `pre-receive`. */
  quarantine?: boolean;
}

/** The git command line as GitStore: fast, and knows every transport, credential helper, signature and object format. */
export function gitStore(options: GitStoreOptions): GitStore & { close(): Promise<void> } {
  const { location, log } = options;
  let opening: Promise<OpenRepository> | undefined;
  let catFile: CatFile | undefined;
  /** Inode of the git folder, when it was last looked at. */
  let folder: number | undefined;
  const open = async (waiting: Waiting): Promise<OpenRepository> => {
    opening ??= openRepository(options, waiting);
    try {
      return await opening;
    } catch (error) {
      opening = undefined;
      throw error;
    }
  };
  const objects = (place: OpenRepository): CatFile => (catFile ??= new CatFile(place));
  const text = (bytes: Buffer): string => bytes.toString('utf8').trim();

  const resolve = async (name: string, waiting: Waiting): Promise<Revision | undefined> => {
    const place = await open(waiting);
    if (name.startsWith('-')) throw badName(name);
    if (!isRefName(name)) return undefined;
    const names =
      place.remote === undefined
        ? [`refs/heads/${name}`, `refs/tags/${name}`]
        : [`refs/remotes/origin/${name}`, `refs/tags/${name}`];
    if (parseRevision(name) !== undefined || name === 'HEAD' || name.startsWith('refs/')) names.unshift(name);
    for (const candidate of names) {
      // HEAD of a repository without a commit, and what is no commit: there is none.
      const found = await objects(place).ask(`${candidate}^{commit}`);
      const revision = found?.type === 'commit' ? parseRevision(found.id) : undefined;
      if (revision !== undefined && !isZeroId(revision)) return revision;
    }
    return undefined;
  };

  const resolveExpression = async (expression: string, waiting: Waiting): Promise<Revision | undefined> => {
    const named = await resolve(expression, waiting);
    if (named !== undefined) return named;
    const result = await git(
      await open(waiting),
      ['rev-parse', '--verify', '--quiet', '--end-of-options', `${expression}^{commit}`],
      { ...waiting, allow: [0, 1, 128] },
    );
    return result.exitCode === 0 ? parseRevision(text(result.stdout)) : undefined;
  };

  const treeOf = async (
    place: OpenRepository,
    revision: Revision,
    folder: string,
    waiting: Waiting,
  ): Promise<ObjectId | undefined> => {
    const found = await objects(place).ask(folder === '' ? `${revision}^{tree}` : `${revision}:${folder}`);
    waiting.signal.throwIfAborted();
    return found?.type === 'tree' ? found.id : undefined;
  };

  /** A long-lived process stays in the folder that it was started in, wherever that goes; the path is what counts. */
  const lookAtPlace = async ({ gitDir }: OpenRepository): Promise<void> => {
    const now = await stat(gitDir).catch(() => undefined);
    if (now === undefined || (folder !== undefined && folder !== now.ino)) {
      catFile?.close();
      catFile = undefined;
    }
    folder = now?.ino;
    if (now === undefined) throw repositoryAway(gitDir);
  };

  return {
    location: redact(location),

    async fetch(waiting) {
      const place = await open(waiting);
      if (place.remote === undefined) return lookAtPlace(place);
      await git(
        place,
        [
          'fetch',
          '--prune',
          '--force',
          '--no-tags',
          '--quiet',
          '--end-of-options',
          place.remote,
          '+refs/heads/*:refs/remotes/origin/*',
          '+refs/tags/*:refs/tags/*',
        ],
        waiting,
      );
      log.debug({ remote: redact(place.remote) }, 'fetched');
    },

    resolve,
    resolveExpression,

    async readTree(revision, folder, waiting): Promise<Tree> {
      const place = await open(waiting);
      const id = await treeOf(place, revision, folder, waiting);
      if (id === undefined) {
        throw new TowlineError(
          'git-folder-missing',
          'invalid',
          `revision ${revision} has no folder "${folder}"`,
          {
            help: "Check the environment's folder in towline.yaml. Nothing is changed because of it.",
          },
        );
      }
      const { stdout } = await git(place, ['ls-tree', '-r', '-l', '-z', '--full-tree', id], waiting);
      return { id, format: place.format, entries: parseLsTree(stdout) };
    },

    async treeId(revision, folder, waiting) {
      return treeOf(await open(waiting), revision, folder, waiting);
    },

    async diff(from, to, folder, waiting) {
      const place = await open(waiting);
      const [a, b] = await Promise.all([
        treeOf(place, from, folder, waiting),
        treeOf(place, to, folder, waiting),
      ]);
      if (a === b) return [];
      return treeDiff(objects(place), a, b, { format: place.format, signal: waiting.signal });
    },

    async *readBlobs(ids, { signal }) {
      const place = await open({ signal });
      yield* objects(place).read(ids, signal);
    },

    async readFile(revision, file, waiting) {
      const place = await open(waiting);
      const { stdout } = await git(
        place,
        ['ls-tree', '-z', '--full-tree', revision, '--', `:(literal)${file}`],
        { ...waiting, allow: [0, 128] },
      );
      const entry =
        stdout.byteLength === 0 ? undefined : /^(\d+) blob ([0-9a-f]+)\t/.exec(stdout.toString('latin1'));
      const id = entry?.[2] === undefined ? undefined : parseObjectId(entry[2]);
      if (id === undefined) return undefined;
      for await (const { bytes } of objects(place).read([id], waiting.signal)) return bytes;
      return undefined;
    },

    async log(revision, { signal, limit, firstParent = false, paths = [], grep }) {
      const place = await open({ signal });
      const args = [
        'log',
        '-z',
        `--format=${LOG_FORMAT}`,
        `--max-count=${limit}`,
        ...(firstParent ? ['--first-parent'] : []),
        ...(grep === undefined ? [] : ['--fixed-strings', `--grep=${grep}`]),
        '--end-of-options',
        revision,
        '--',
        ...paths.map((file) => `:(literal)${file}`),
      ];
      return parseLog((await git(place, args, { signal })).stdout);
    },

    async isAncestor(ancestor, descendant, waiting) {
      const place = await open(waiting);
      const result = await git(place, ['merge-base', '--is-ancestor', ancestor, descendant], {
        ...waiting,
        allow: [0, 1],
      });
      return result.exitCode === 0;
    },

    async writeCommit(commit: NewCommit, waiting) {
      const place = await open(waiting);
      return writeCommit(place, commit, waiting);
    },

    async publish(branch, revision, publishing) {
      const place = await open(publishing);
      await publishCommit(place, { branch, revision, ...publishing });
    },

    async close() {
      catFile?.close();
    },
  };
}

function badName(name: string): TowlineError {
  return new TowlineError('git-name', 'invalid', `"${name}" is no branch name`, {
    help: 'A name never begins with "-".',
  });
}

/** Opens a repository in place, or the local copy of a remote one; the copy is made at the first use. */
async function openRepository(
  { location, storeDir, quarantine = false }: GitStoreOptions,
  waiting: Waiting,
): Promise<OpenRepository> {
  const remote = isRemote(location) ? location : undefined;
  const gitDir =
    remote === undefined ? await localGitDir(location, waiting) : await copyOf(remote, storeDir, waiting);
  const place: GitPlace = { gitDir, quarantine: quarantine && remote === undefined };
  const config = async (name: string): Promise<string> =>
    (await git(place, ['config', '--get', name], { ...waiting, allow: [0, 1] })).stdout
      .toString('utf8')
      .trim();
  const format: ObjectFormat = (await config('extensions.objectFormat')) === 'sha256' ? 'sha256' : 'sha1';
  return { ...place, remote, format, bare: (await config('core.bare')) === 'true' };
}

function isRemote(location: string): boolean {
  return (
    /^[a-z][a-z0-9+.-]*:\/\//i.test(location) ||
    (/^[^/\\]+@[^/\\:]+:/.test(location) && !path.isAbsolute(location))
  );
}

/** The git folder of a path: the path itself when it is bare, else what git finds from there upward. */
async function localGitDir(location: string, waiting: Waiting): Promise<string> {
  const absolute = path.resolve(location);
  const found = await stat(absolute).catch(() => undefined);
  if (found?.isDirectory() !== true) {
    throw new TowlineError('git-remote-away', 'unavailable', `there is no job repository at ${absolute}`, {
      help: 'Check repository.url. Nothing is changed while it is away.',
    });
  }
  for (const candidate of [absolute, path.join(absolute, '.git')]) {
    const head = await stat(path.join(candidate, 'HEAD')).catch(() => undefined);
    const objects = await stat(path.join(candidate, 'objects')).catch(() => undefined);
    if (head?.isFile() === true && objects?.isDirectory() === true) return candidate;
  }
  const { execa } = await import('execa');
  const result = await execa('git', ['-C', absolute, 'rev-parse', '--absolute-git-dir'], {
    reject: false,
    cancelSignal: waiting.signal,
    env: { GIT_DIR: undefined, GIT_WORK_TREE: undefined, LC_ALL: 'C' },
  });
  if (result.exitCode === 0 && result.stdout !== '') return result.stdout;
  throw new TowlineError('git-no-repository', 'invalid', `${absolute} is not inside a Git repository`, {
    help: 'Run this inside the job repository, or name it by repository.url in towline.yaml.',
  });
}

async function copyOf(remote: string, storeDir: string, waiting: Waiting): Promise<string> {
  const { createHash } = await import('node:crypto');
  const gitDir = path.join(storeDir, `${createHash('sha256').update(remote).digest('hex').slice(0, 16)}.git`);
  const ready = await stat(path.join(gitDir, 'HEAD')).catch(() => undefined);
  if (ready !== undefined) return gitDir;
  // Made aside and moved into place: a copy that was cut off is never taken for a whole one.
  const fresh = `${gitDir}.${randomUUID()}`;
  await mkdir(fresh, { recursive: true });
  try {
    const format = await remoteFormat(remote, fresh, waiting);
    await git(
      { gitDir: fresh, quarantine: false },
      ['init', '--quiet', '--bare', `--object-format=${format}`],
      waiting,
    );
    const { rename } = await import('node:fs/promises');
    await rename(fresh, gitDir).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return gitDir;
}

async function remoteFormat(remote: string, cwd: string, waiting: Waiting): Promise<ObjectFormat> {
  const { stdout } = await git(
    { gitDir: cwd, quarantine: false },
    ['ls-remote', '--heads', '--end-of-options', remote],
    { ...waiting, env: { GIT_DIR: undefined } },
  );
  const first = /^([0-9a-f]+)\t/.exec(stdout.toString('latin1'))?.[1];
  const id = first === undefined ? undefined : parseObjectId(first);
  return id === undefined ? 'sha1' : formatOf(id);
}

import { stat } from 'node:fs/promises';
import {
  isZeroId,
  parseObjectId,
  parseRevision,
  type ObjectId,
  type Revision,
} from '../domain/source/revision.js';
import type { Tree } from '../domain/source/tree.js';
import type { GitStore, NewCommit } from '../ports/git-store.js';
import type { Waiting } from '../ports/kv-store.js';
import { orAbort } from '../runtime/abort.js';
import { TowlineError } from '../runtime/errors.js';
import type { Log } from '../runtime/log.js';
import { redact } from '../runtime/redact.js';
import { CatFile } from './cat-file.js';
import { commitInfo } from './commit-info.js';
import { Fetcher, parseRefs } from './fetcher.js';
import { isRefName, parseLog, parseLsTree } from './parse.js';
import { Publisher } from './publish.js';
import { isOneCommit, logArguments } from './log-arguments.js';
import { openRepository, type Place } from './open.js';
import { PLAIN_ACCESS } from './remote-access.js';
import { git, gitOutput, repositoryAway, type OpenRepository } from './run.js';
import { treeDiff } from './tree-diff.js';
import { Upkeep } from './upkeep.js';
import type { RawCommits } from './signatures.js';
import { CommitWriter, type MadeCommit } from './write-commit.js';

export interface GitStoreOptions extends Place {
  author: { name: string; email: string };
  log: Log;
}

/** The git command line as GitStore: fast, and knows every transport, credential helper, signature and object format. */
export function gitStore(options: GitStoreOptions): GitStore & RawCommits & { close(): Promise<void> } {
  const { location, log, access = PLAIN_ACCESS } = options;
  let opening: Promise<OpenRepository> | undefined;
  let catFile: CatFile | undefined;
  let commits: CommitWriter | undefined;
  let publisher: Publisher | undefined;
  const closing = new AbortController();
  const upkeep = new Upkeep(log);
  let fetcher: Fetcher | undefined;
  /** Inode of the git folder, when it was last looked at. */
  let folder: number | undefined;
  const open = async (waiting: Waiting): Promise<OpenRepository> => {
    // Opened once for all who ask: that one of them gives up must not fail the others.
    opening ??= openRepository(options, { signal: closing.signal }).catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return orAbort(opening, waiting.signal);
  };
  const remoteOf = async (place: OpenRepository): Promise<Fetcher | undefined> => {
    const { remote } = place;
    if (remote === undefined) return undefined;
    return (fetcher ??= new Fetcher({ place: { ...place, remote }, access, log }));
  };
  const objects = (place: OpenRepository): CatFile => (catFile ??= new CatFile(place));
  const commitsOf = async (waiting: Waiting): Promise<CommitWriter> => {
    const place = await open(waiting);
    return (commits ??= new CommitWriter(place, () => objects(place)));
  };
  const publisherOf = (place: OpenRepository): Publisher =>
    (publisher ??= new Publisher(place, upkeep, options.storeDir));
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
    if (/^[0-9a-f]{4,64}$/.test(expression)) {
      const found = await objects(await open(waiting)).ask(`${expression}^{commit}`);
      waiting.signal.throwIfAborted();
      return found === undefined ? undefined : parseRevision(found.id);
    }
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
      publisher?.close();
      publisher = undefined;
      catFile = undefined;
    }
    folder = now?.ino;
    if (now === undefined) throw repositoryAway(gitDir);
  };

  return {
    location: redact(location),

    async fetch({ signal, name }) {
      const place = await open({ signal });
      const remote = await remoteOf(place);
      if (remote === undefined) return lookAtPlace(place);
      await remote.fetch(name, signal);
    },

    async refs(waiting) {
      const place = await open(waiting);
      const remote = await remoteOf(place);
      if (remote !== undefined) return remote.refs(waiting.signal);
      await lookAtPlace(place);
      const { stdout } = await git(
        place,
        ['for-each-ref', '--format=%(objectname)%09%(refname)%0a%(*objectname)%09%(refname)^{}', ...REFS],
        waiting,
      );
      return parseRefs(stdout.toString('utf8'));
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
      const output = gitOutput(place, ['ls-tree', '-r', '-l', '-z', '--full-tree', id], waiting);
      return { id, format: place.format, entries: await parseLsTree(output) };
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
      // Git takes a name that begins with a dot and a slash for one below the current folder.
      if (!/[\n\0]|^\.{1,2}\//.test(file)) {
        const found = await objects(place).ask(`${revision}:${file}`);
        waiting.signal.throwIfAborted();
        return found?.type === 'blob' ? found.bytes : undefined;
      }
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

    async commitBytes(id, waiting) {
      const found = await objects(await open(waiting)).ask(id);
      waiting.signal.throwIfAborted();
      return found?.type === 'commit' ? found.bytes : undefined;
    },

    async log(revision, options) {
      const { signal } = options;
      const place = await open(options);
      const only = isOneCommit(revision, options) ? await commitInfo(objects(place), revision) : undefined;
      signal.throwIfAborted();
      if (only !== undefined) return [only];
      return parseLog((await git(place, logArguments(revision, options), { signal })).stdout);
    },

    async isAncestor(ancestor, descendant, waiting) {
      if (ancestor === descendant) return true;
      const place = await open(waiting);
      const result = await git(place, ['merge-base', '--is-ancestor', ancestor, descendant], {
        ...waiting,
        allow: [0, 1],
      });
      return result.exitCode === 0;
    },

    async writeCommit(commit: NewCommit, waiting: Waiting) {
      return (await commitsOf(waiting)).write(commit, waiting);
    },

    async publish(branch, revision, publishing) {
      const publisher = publisherOf(await open(publishing));
      await publisher.publish(revision, { branch, ...publishing });
    },

    async append(branch, commit, publishing) {
      const publisher = publisherOf(await open(publishing));
      const commits = await commitsOf(publishing);
      const make = (): Promise<MadeCommit> => commits.make(commit, publishing);
      return publisher.append(commit, make, { branch, ...publishing });
    },

    async close() {
      closing.abort(new DOMException('the repository is closed', 'AbortError'));
      await fetcher?.close();
      await upkeep.close();
      publisher?.close();
      catFile?.close();
    },
  };
}

const REFS = ['refs/heads', 'refs/tags'];

function badName(name: string): TowlineError {
  return new TowlineError('git-name', 'invalid', `"${name}" is no branch name`, {
    help: 'A name never begins with "-".',
  });
}

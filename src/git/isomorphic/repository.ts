import fs from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import * as isomorphic from 'isomorphic-git';
import { parseRevision, type ObjectId, type Revision } from '../../domain/source/revision.js';
import type { FileMode, Tree, TreeChange, TreeEntry } from '../../domain/source/tree.js';
import { clockTime } from '../commit-info.js';
import type { CommitInfo, JobRepository, RefInfo } from '../../ports/job-repository.js';
import { TowlineError } from '../../runtime/errors.js';
import { parseTrailers } from '../../domain/source/trailers.js';

export interface IsomorphicOptions {
  /** A local repository: its git folder, or a folder in its work tree. */
  location: string;
  /** It is a copy: brings it up to date with its remote, whose branches are below `refs/remotes/origin`. */
  bring?(signal: AbortSignal): Promise<void>;
}

/**
 * The same reads without a git program, for slim containers. SHA-1 repositories only; objects in a quarantine and
 * names that are not UTF-8 are not seen (reference: dependencies.md §2), so hooks and mirrors of such trees need git.
 */
export function isomorphicRepository({ location, bring }: IsomorphicOptions): JobRepository {
  // One cache for all calls: without it every read would hash the whole pack again.
  let cache = {};
  const at = async (): Promise<{ fs: typeof fs; gitdir: string; cache: object }> => ({
    fs,
    gitdir: await gitFolder(location),
    cache,
  });

  const branches = bring === undefined ? 'refs/heads' : 'refs/remotes/origin';

  const resolve = async (name: string): Promise<Revision | undefined> => {
    const repository = await at();
    const isWhole = parseRevision(name) !== undefined || name === 'HEAD' || name.startsWith('refs/');
    for (const ref of [...(isWhole ? [name] : []), `${branches}/${name}`, `refs/tags/${name}`]) {
      try {
        const oid = parseRevision(name) ?? (await isomorphic.resolveRef({ ...repository, ref }));
        const { oid: commit } = await isomorphic.readCommit({ ...repository, oid });
        return parseRevision(commit);
      } catch (error) {
        if (!(error instanceof isomorphic.Errors.NotFoundError)) throw broken(error);
      }
    }
    return undefined;
  };

  /** `NAME~2`, `NAME^` and the first digits of an id; what else git understands is not known here. */
  const resolveExpression = async (expression: string): Promise<Revision | undefined> => {
    const named = await resolve(expression);
    if (named !== undefined) return named;
    const repository = await at();
    const parent = /^(.+)(?:~(\d*)|\^)$/.exec(expression);
    try {
      if (parent === null)
        return /^[0-9a-f]{4,64}$/.test(expression)
          ? await resolve(await isomorphic.expandOid({ ...repository, oid: expression }))
          : undefined;
      let revision = await resolveExpression(parent[1] ?? '');
      const steps = parent[2] === undefined || parent[2] === '' ? 1 : Number(parent[2]);
      for (let step = 0; step < steps && revision !== undefined; step++) {
        const { commit } = await isomorphic.readCommit({ ...repository, oid: revision });
        revision = parseRevision(commit.parent[0] ?? '');
      }
      return revision;
    } catch (error) {
      if (
        error instanceof isomorphic.Errors.NotFoundError ||
        error instanceof isomorphic.Errors.AmbiguousError
      )
        return undefined;
      throw broken(error);
    }
  };

  const rootOf = async (
    revision: Revision,
    folder: string,
  ): Promise<isomorphic.ReadTreeResult | undefined> => {
    try {
      return await isomorphic.readTree({
        ...(await at()),
        oid: revision,
        ...(folder === '' ? {} : { filepath: folder }),
      });
    } catch (error) {
      if (
        error instanceof isomorphic.Errors.NotFoundError ||
        error instanceof isomorphic.Errors.ObjectTypeError
      )
        return undefined;
      throw broken(error);
    }
  };

  const entriesOf = async (revision: Revision, folder: string): Promise<Tree | undefined> => {
    const repository = await at();
    const root = await rootOf(revision, folder);
    if (root === undefined) return undefined;
    const entries: TreeEntry[] = [];
    const waiting = [{ prefix: '', tree: root.tree }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for (const { mode, path: name, oid, type } of next.tree) {
        const full = next.prefix + name;
        if (type === 'tree')
          waiting.push({
            prefix: `${full}/`,
            tree: (await isomorphic.readTree({ ...repository, oid })).tree,
          });
        else entries.push({ path: full, mode: fileMode(mode), id: oid as ObjectId });
      }
    }
    return {
      id: root.oid as ObjectId,
      format: 'sha1',
      entries: entries.sort((a, b) => (a.path < b.path ? -1 : 1)),
    };
  };

  return {
    location,

    async fetch({ signal }) {
      await bring?.(signal);
      // What came meanwhile may stand in new packs.
      cache = {};
    },

    async refs({ signal }) {
      await bring?.(signal);
      return refsOf(await at(), branches);
    },

    resolve,
    resolveExpression,

    async treeId(revision, folder) {
      return (await rootOf(revision, folder))?.oid as ObjectId | undefined;
    },

    async readTree(revision, folder) {
      const tree = await entriesOf(revision, folder);
      if (tree !== undefined) return tree;
      throw new TowlineError(
        'git-folder-missing',
        'invalid',
        `revision ${revision} has no folder "${folder}"`,
        {
          help: "Check the environment's folder in towline.yaml. Nothing is changed because of it.",
        },
      );
    },

    async diff(from, to, folder) {
      const [a, b] = [await entriesOf(from, folder), await entriesOf(to, folder)];
      const before = new Map((a?.entries ?? []).map((e) => [e.path, e]));
      const changes: TreeChange[] = [];
      for (const entry of b?.entries ?? []) {
        const old = before.get(entry.path);
        before.delete(entry.path);
        if (old === undefined) changes.push({ kind: 'added', entry });
        else if (old.id !== entry.id || old.mode !== entry.mode) changes.push({ kind: 'modified', entry });
      }
      for (const { path: gone } of before.values()) changes.push({ kind: 'deleted', path: gone });
      return changes;
    },

    async *readBlobs(ids, { signal }) {
      const repository = await at();
      for (const id of ids) {
        signal.throwIfAborted();
        let blob;
        try {
          ({ blob } = await isomorphic.readBlob({ ...repository, oid: id }));
        } catch (cause) {
          throw new TowlineError(
            'git-object-missing',
            'invalid',
            `the object ${id} is not in the repository`,
            { cause, help: 'The repository is shallow or damaged: git fsck.' },
          );
        }
        yield { id, bytes: blob };
      }
    },

    async readFile(revision, file) {
      try {
        return (await isomorphic.readBlob({ ...(await at()), oid: revision, filepath: file })).blob;
      } catch (error) {
        if (
          error instanceof isomorphic.Errors.NotFoundError ||
          error instanceof isomorphic.Errors.ObjectTypeError
        )
          return undefined;
        throw broken(error);
      }
    },

    async log(revision, { limit, paths, grep, line, firstParent = false, exclude, skip = 0, since, until }) {
      const repository = await at();
      const found: CommitInfo[] = [];
      let left = skip;
      const excluded = new Set<string>();
      if (exclude !== undefined)
        for await (const { oid } of walkBack(repository, exclude, false)) excluded.add(oid);
      for await (const commit of walkBack(repository, revision, firstParent)) {
        if (found.length >= limit) break;
        if (excluded.has(commit.oid)) continue;
        if (grep !== undefined && !commit.message.includes(grep)) continue;
        if (line !== undefined && !commit.message.split('\n').includes(line)) continue;
        if (!isWithin(commit.committer.timestamp, since, until)) continue;
        if (paths !== undefined && !(await touchesAny(repository, commit, paths))) continue;
        if (left-- > 0) continue;
        found.push(toInfo(commit));
      }
      return found;
    },

    async isAncestor(ancestor, descendant) {
      if (ancestor === descendant) return true;
      return isomorphic.isDescendent({ ...(await at()), oid: descendant, ancestor, depth: -1 });
    },
  };
}

interface Commit {
  oid: string;
  message: string;
  parent: string[];
  author: { name: string; email: string; timestamp: number; timezoneOffset: number };
  committer: { timestamp: number };
}

async function touchesAny(
  repository: Repository,
  commit: Commit,
  paths: readonly string[],
): Promise<boolean> {
  for (const file of paths) if (await touches(repository, commit, file)) return true;
  return false;
}

type Repository = { fs: typeof fs; gitdir: string; cache: object };

/** Newest first by commit time, as git does. */
async function* walkBack(
  repository: Repository,
  from: Revision,
  firstParent: boolean,
): AsyncIterable<Commit> {
  const cut = await cutOff(repository.gitdir);
  const seen = new Set<string>([from]);
  const waiting = [await read(repository, from, cut)];
  while (waiting.length > 0) {
    waiting.sort((a, b) => b.time - a.time);
    const next = waiting.shift();
    if (next === undefined) return;
    yield next.commit;
    for (const parent of firstParent ? next.commit.parent.slice(0, 1) : next.commit.parent) {
      if (seen.has(parent)) continue;
      seen.add(parent);
      waiting.push(await read(repository, parent, cut));
    }
  }
}

/** Commits whose parents a copy without its whole history does not have. */
async function cutOff(gitdir: string): Promise<ReadonlySet<string>> {
  const text = await readFile(path.join(gitdir, 'shallow'), 'utf8').catch(() => '');
  return new Set(text.split('\n'));
}

async function read(
  repository: Repository,
  oid: string,
  cut: ReadonlySet<string>,
): Promise<{ commit: Commit; time: number }> {
  const { commit } = await isomorphic.readCommit({ ...repository, oid });
  return {
    commit: {
      oid,
      message: commit.message,
      parent: cut.has(oid) ? [] : commit.parent,
      author: commit.author,
      committer: commit.committer,
    },
    time: commit.committer.timestamp,
  };
}

async function touches(repository: Repository, { oid, parent }: Commit, file: string): Promise<boolean> {
  const now = await blobAt(repository, oid, file);
  if (parent.length === 0) return now !== undefined;
  const before = await Promise.all(parent.map((p) => blobAt(repository, p, file)));
  return before.every((id) => id !== now);
}

async function blobAt(repository: Repository, oid: string, file: string): Promise<string | undefined> {
  try {
    return (await isomorphic.readBlob({ ...repository, oid, filepath: file })).oid;
  } catch (error) {
    if (
      error instanceof isomorphic.Errors.NotFoundError ||
      error instanceof isomorphic.Errors.ObjectTypeError
    )
      return undefined;
    throw broken(error);
  }
}

function toInfo({ oid, message, parent, author }: Commit): CommitInfo {
  const [subject = '', ...body] = message.split('\n');
  return {
    revision: oid as Revision,
    parents: parent as Revision[],
    author: { name: author.name, email: author.email },
    // Minutes before UTC are counted as in `Date`: less is further east.
    at: clockTime(author.timestamp, -author.timezoneOffset) ?? '',
    subject,
    body: body.join('\n').trim(),
    trailers: parseTrailers(message),
  };
}

function fileMode(mode: string): FileMode {
  const padded = mode.padStart(6, '0');
  return padded === '120000' || padded === '160000' || padded === '100755' ? padded : '100644';
}

/** The git folder of a path: the path itself when it is bare, else the one of the work tree that it is in. */
export async function gitFolder(location: string): Promise<string> {
  const isGitFolder = async (folder: string): Promise<boolean> => {
    const [head, objects] = await Promise.all(
      ['HEAD', 'objects'].map((name) => stat(path.join(folder, name)).catch(() => undefined)),
    );
    return head?.isFile() === true && objects?.isDirectory() === true;
  };
  let folder = path.resolve(location);
  if (await isGitFolder(folder)) return folder;
  for (; ; folder = path.dirname(folder)) {
    const inside = path.join(folder, '.git');
    if (await isGitFolder(inside)) return inside;
    if (path.dirname(folder) === folder) break;
  }
  throw new TowlineError('git-remote-away', 'unavailable', `there is no job repository at ${location}`, {
    help: 'Check repository.url. Nothing is changed while it is away.',
  });
}

function broken(cause: unknown): unknown {
  if (cause instanceof TowlineError) return cause;
  return new TowlineError(
    'git-failed',
    'invalid',
    `the repository can't be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause, help: 'Check it with git fsck.' },
  );
}

async function refsOf(repository: Repository, branches: string): Promise<RefInfo[]> {
  const refs: RefInfo[] = [];
  const remote = branches === 'refs/heads' ? {} : { remote: 'origin' };
  for (const kind of ['branch', 'tag'] as const) {
    const names =
      kind === 'branch'
        ? (await isomorphic.listBranches({ ...repository, ...remote })).filter((name) => name !== 'HEAD')
        : await isomorphic.listTags(repository);
    for (const name of names) {
      const here = `${kind === 'branch' ? branches : 'refs/tags'}/${name}`;
      const ref = `refs/${kind === 'branch' ? 'heads' : 'tags'}/${name}`;
      const oid = await isomorphic.resolveRef({ ...repository, ref: here });
      const { type } = await isomorphic.readObject({ ...repository, oid, format: 'parsed' });
      refs.push({ ref, name, kind, id: oid as ObjectId, annotated: type === 'tag' });
    }
  }
  return refs;
}

/** `seconds` as commits have them; the bounds in ms. */
function isWithin(seconds: number, since = -Infinity, until = Infinity): boolean {
  return seconds >= Math.floor(since / 1000) && seconds <= Math.floor(until / 1000);
}

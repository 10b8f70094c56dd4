import fs from 'node:fs';
import * as isomorphic from 'isomorphic-git';
import { parseRevision, type ObjectId, type Revision } from '../../domain/source/revision.js';
import type { FileMode, Tree, TreeChange, TreeEntry } from '../../domain/source/tree.js';
import type { CommitInfo, JobRepository, RefInfo } from '../../ports/job-repository.js';
import { TowlineError } from '../../runtime/errors.js';
import { isWithin, toInfo, touchesAny, walkBack } from './commits.js';
import { gitFolder, ifThere, type Opened } from './opened.js';

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
  let cache = {};
  const at = async (): Promise<Opened> => ({ fs, gitdir: await gitFolder(location), cache });
  const branches = bring === undefined ? 'refs/heads' : 'refs/remotes/origin';

  const resolve = async (name: string): Promise<Revision | undefined> => {
    const repository = await at();
    const id = parseRevision(name);
    const isWhole = id !== undefined || name === 'HEAD' || name.startsWith('refs/');
    for (const ref of [...(isWhole ? [name] : []), `${branches}/${name}`, `refs/tags/${name}`]) {
      const oid = id ?? (await ifThere(isomorphic.resolveRef({ ...repository, ref })));
      const found =
        oid === undefined ? undefined : await ifThere(isomorphic.readCommit({ ...repository, oid }));
      if (found !== undefined) return parseRevision(found.oid);
    }
    return undefined;
  };

  /** `NAME~2`, `NAME^` and the first digits of an id; what else git understands is not known here. */
  const resolveExpression = async (expression: string): Promise<Revision | undefined> => {
    const named = await resolve(expression);
    if (named !== undefined) return named;
    const repository = await at();
    const [, start, count] = /^(.+)(?:~(\d*)|\^)$/.exec(expression) ?? [];
    if (start === undefined) {
      const isShort = /^[0-9a-f]{4,64}$/.test(expression);
      const oid = isShort
        ? await ifThere(isomorphic.expandOid({ ...repository, oid: expression }))
        : undefined;
      return oid === undefined ? undefined : resolve(oid);
    }
    const begin = await resolveExpression(start);
    let left = count === undefined || count === '' ? 1 : Number(count);
    if (begin !== undefined)
      for await (const { oid } of walkBack(repository, begin, true))
        if (left-- === 0) return parseRevision(oid);
    return undefined;
  };

  const rootOf = async (revision: Revision, folder: string): Promise<isomorphic.ReadTreeResult | undefined> =>
    ifThere(
      isomorphic.readTree({
        ...(await at()),
        oid: revision,
        ...(folder === '' ? {} : { filepath: folder }),
      }),
    );

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
      const reading = isomorphic.readBlob({ ...(await at()), oid: revision, filepath: file });
      return (await ifThere(reading))?.blob;
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

function fileMode(mode: string): FileMode {
  const padded = mode.padStart(6, '0');
  return padded === '120000' || padded === '160000' || padded === '100755' ? padded : '100644';
}

async function refsOf(repository: Opened, branches: string): Promise<RefInfo[]> {
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

import { parseCommitObject } from '../domain/source/commit-object.js';
import { parseObjectId, type ObjectId } from '../domain/source/revision.js';
import type { CommitWalk, DamagedObject, PathChange, WalkedCommit } from '../ports/commit-walk.js';
import { isAbort } from '../runtime/errors.js';
import { CatFile } from './cat-file.js';
import { openRepository, type Place } from './open.js';
import { git, type OpenRepository } from './run.js';
import { FOLDER, type TreeLine } from './tree-lines.js';
import { VerifiedObjects } from './verified-objects.js';

/** Commits looked at together. */
const BATCH = 256;

interface Opened {
  place: OpenRepository;
  objects: VerifiedObjects;
  catFile: CatFile;
}

/** The git command line as CommitWalk: two processes, however many commits there are. A remote one is read as it was fetched. */
export function commitWalk(options: Place): CommitWalk {
  let opening: Promise<Opened> | undefined;
  const open = (signal: AbortSignal): Promise<Opened> =>
    (opening ??= openRepository(options, { signal }).then((place) => {
      const catFile = new CatFile(place);
      return { place, catFile, objects: new VerifiedObjects(catFile, place.format) };
    }));

  return {
    get format() {
      return open(new AbortController().signal).then(({ place }) => place.format);
    },

    async *walk(tip, { signal }) {
      const { place, objects } = await open(signal);
      const ids = await firstParents(place, objects, tip, signal);
      let before: ObjectId | undefined;
      for (let from = 0; from < ids.length; from += BATCH) {
        const commits: WalkedCommit[] = [];
        for await (const object of objects.read(ids.slice(from, from + BATCH), signal)) {
          const bytes = 'problem' in object || object.type !== 'commit' ? undefined : object.bytes;
          const tree = bytes === undefined ? undefined : parseCommitObject(bytes)?.tree;
          const damaged = 'problem' in object ? [object] : tree === undefined ? [noCommit(object.id)] : [];
          commits.push({ id: object.id, bytes, tree, changes: [], damaged });
        }
        before = await findChanges(objects, before, commits, signal);
        yield* commits;
      }
    },

    async ancestors(tip, { signal }) {
      const { place } = await open(signal);
      return idsIn((await git(place, [...LIST, '--end-of-options', tip], { signal })).stdout);
    },

    async *objects(ids, { signal }) {
      yield* (await open(signal)).objects.read(ids, signal);
    },

    async damagedBelow(trees, { signal }) {
      return (await open(signal)).objects.damagedBelow(trees, signal);
    },

    async close() {
      (await opening?.catch(() => undefined))?.catFile.close();
    },
  };
}

/** What a file beside the objects says of parents is not asked. */
const LIST = ['-c', 'core.commitGraph=false', '--no-replace-objects', 'rev-list'];

/** Oldest first. Where git can't list them, one by one as far as they can be read: the first one is the damaged one then. */
async function firstParents(
  place: OpenRepository,
  objects: VerifiedObjects,
  tip: ObjectId,
  signal: AbortSignal,
): Promise<ObjectId[]> {
  try {
    const { stdout } = await git(place, [...LIST, '--first-parent', '--end-of-options', tip], { signal });
    return idsIn(stdout).reverse();
  } catch (error) {
    if (isAbort(error)) throw error;
  }
  const ids: ObjectId[] = [];
  let next: ObjectId | undefined = tip;
  while (next !== undefined) {
    ids.push(next);
    const found = await objects.one(next, signal);
    next = 'problem' in found ? undefined : parseCommitObject(found.bytes)?.parents[0];
  }
  return ids.reverse();
}

function idsIn(stdout: Buffer): ObjectId[] {
  return stdout
    .toString('latin1')
    .split('\n')
    .flatMap((line) => parseObjectId(line) ?? []);
}

function noCommit(id: ObjectId): DamagedObject {
  return { id, problem: 'it is no commit' };
}

/** Two trees below a path, of a commit and of the one before it. */
interface Pair {
  commit: WalkedCommit;
  path: string;
  before: ObjectId | undefined;
  after: ObjectId | undefined;
}

/** Compares each tree with the one before it, level by level for all of them together. Answers the last tree. */
async function findChanges(
  objects: VerifiedObjects,
  first: ObjectId | undefined,
  commits: readonly WalkedCommit[],
  signal: AbortSignal,
): Promise<ObjectId | undefined> {
  let before = first;
  let pairs: Pair[] = [];
  for (const commit of commits) {
    if (commit.tree === undefined) continue;
    pairs.push({ commit, path: '', before, after: commit.tree });
    before = commit.tree;
  }
  while (pairs.length > 0) {
    pairs = pairs.filter((pair) => pair.before !== pair.after);
    const wanted = pairs.flatMap((pair) => [pair.before ?? [], pair.after ?? []].flat());
    const { lines, damaged } = await objects.trees(wanted, signal);
    const below: Pair[] = [];
    for (const pair of pairs) {
      const found = pair.after === undefined ? undefined : damaged.get(pair.after);
      // A damaged one before was told at the commit that made it.
      if (found !== undefined) pair.commit.damaged.push(found);
      else if (pair.before === undefined || !damaged.has(pair.before)) compare(pair, lines, below);
    }
    pairs = below;
  }
  return before;
}

function compare(pair: Pair, lines: ReadonlyMap<ObjectId, Map<string, TreeLine>>, below: Pair[]): void {
  const { commit, path } = pair;
  const [before, after] = [linesOf(lines, pair.before), linesOf(lines, pair.after)];
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [a, b] = [before.get(name), after.get(name)];
    if (a?.id === b?.id && a?.mode === b?.mode) continue;
    const folders = [folderOf(a), folderOf(b)] as const;
    const at = `${path}${name}`;
    if (folders[0] !== undefined || folders[1] !== undefined)
      below.push({ commit, path: `${at}/`, before: folders[0], after: folders[1] });
    const change = changeOf(
      at,
      folders[0] === undefined ? a : undefined,
      folders[1] === undefined ? b : undefined,
    );
    if (change !== undefined) commit.changes.push(change);
  }
}

function linesOf(
  lines: ReadonlyMap<ObjectId, Map<string, TreeLine>>,
  id: ObjectId | undefined,
): Map<string, TreeLine> {
  return (id === undefined ? undefined : lines.get(id)) ?? new Map<string, TreeLine>();
}

function folderOf(line: TreeLine | undefined): ObjectId | undefined {
  return line?.mode === FOLDER ? line.id : undefined;
}

function changeOf(path: string, a: TreeLine | undefined, b: TreeLine | undefined): PathChange | undefined {
  if (a === undefined && b === undefined) return undefined;
  return {
    path: Buffer.from(path, 'latin1').toString('utf8'),
    ...(a === undefined ? {} : { before: a.id }),
    ...(b === undefined ? {} : { after: b.id, mode: b.mode }),
  };
}

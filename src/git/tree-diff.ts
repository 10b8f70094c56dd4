import type { ObjectFormat, ObjectId } from '../domain/source/revision.js';
import type { TreeChange } from '../domain/source/tree.js';
import type { CatFile } from './cat-file.js';
import { fileMode, pathOf } from './parse.js';
import { FOLDER, treeLines, type TreeLine } from './tree-lines.js';

/**
 * What differs between two trees, by reading only the trees that differ: the work grows with the change and not with the
 * repository. Undefined stands for the empty tree. In the order of the paths' bytes.
 */
export async function treeDiff(
  objects: CatFile,
  from: ObjectId | undefined,
  to: ObjectId | undefined,
  { format, signal }: { format: ObjectFormat; signal: AbortSignal },
): Promise<TreeChange[]> {
  const changes: [path: string, change: TreeChange][] = [];
  let waiting: [path: string, from: ObjectId | undefined, to: ObjectId | undefined][] = [['', from, to]];
  while (waiting.length > 0) {
    signal.throwIfAborted();
    const level = await Promise.all(
      waiting.map(async ([path, a, b]) => {
        const [before, after] = await Promise.all([
          treeLines(objects, a, format),
          treeLines(objects, b, format),
        ]);
        return { path, before, after };
      }),
    );
    waiting = [];
    for (const { path, before, after } of level)
      for (const name of new Set([...before.keys(), ...after.keys()]))
        compare(`${path}${name}`, before.get(name), after.get(name));
  }
  return changes.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, change]) => change);

  function compare(path: string, a: TreeLine | undefined, b: TreeLine | undefined): void {
    if (a?.id === b?.id && a?.mode === b?.mode) return;
    const [folderBefore, folderNow] = [
      a?.mode === FOLDER ? a.id : undefined,
      b?.mode === FOLDER ? b.id : undefined,
    ];
    if (folderBefore !== undefined || folderNow !== undefined)
      waiting.push([`${path}/`, folderBefore, folderNow]);
    const [fileBefore, fileNow] = [a?.mode === FOLDER ? undefined : a, b?.mode === FOLDER ? undefined : b];
    const names = pathOf(Buffer.from(path, 'latin1'));
    if (fileNow !== undefined)
      changes.push([
        path,
        {
          kind: fileBefore === undefined ? 'added' : 'modified',
          entry: { ...names, mode: fileMode(fileNow.mode), id: fileNow.id },
        },
      ]);
    else if (fileBefore !== undefined) changes.push([path, { kind: 'deleted', ...names }]);
  }
}

import picomatch from 'picomatch';
import { treeId } from './tree-id.js';
import type { Tree } from './tree.js';

/** Which paths are wanted: `include` (empty: all) without `exclude`. A pattern without `/` fits the name in any folder. */
export interface Selection {
  include: readonly string[];
  exclude: readonly string[];
}

export function selectsAll({ include, exclude }: Selection): boolean {
  return include.length === 0 && exclude.length === 0;
}

/** The files of a tree that are wanted, as a tree of its own: its id is that of a Git tree with these entries alone. */
export function selectTree(tree: Tree, selection: Selection): Tree {
  const wanted = matcher(selection);
  const entries = tree.entries.filter(({ path }) => wanted(path));
  return { ...tree, id: treeId(entries, tree.format), entries };
}

/** True for names that one of the patterns fits, as branches and tags are chosen. `*` stays within one part. */
export function matchesAny(patterns: readonly string[], name: string): boolean {
  return patterns.length > 0 && picomatch.isMatch(name, [...patterns], { dot: true });
}

function matcher({ include, exclude }: Selection): (path: string) => boolean {
  const fits = (patterns: readonly string[]): ((path: string) => boolean) => {
    const whole = patterns.filter((pattern) => pattern.includes('/'));
    const names = patterns.filter((pattern) => !pattern.includes('/'));
    const inFolder = picomatch(whole, { dot: true });
    const named = picomatch(names, { dot: true });
    return (path) =>
      (whole.length > 0 && inFolder(path)) ||
      (names.length > 0 && path.split('/').some((part) => named(part)));
  };
  const [included, excluded] = [fits(include), fits(exclude)];
  return (path) => (include.length === 0 || included(path)) && !excluded(path);
}

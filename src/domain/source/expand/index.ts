import { unaddressable } from '../kv-layout.js';
import type { ObjectFormat, ObjectId } from '../revision.js';
import type { Tree, TreeEntry } from '../tree.js';
import { blobId, treeId } from '../tree-id.js';
import { documentOf } from './documents.js';
import { leavesOf, type ArrayStyle, type Leaf } from './leaves.js';
import { filledIn, parseProperties } from './properties.js';

export type { ArrayStyle };

/** How files become keys. */
export interface ExpandOptions {
  arrays: ArrayStyle;
  /** `app.yml` becomes `app/…` instead of `app.yml/…`. */
  ignoreExtension: boolean;
  /** Path in the folder of a properties file whose values fill `${name}` in the others. */
  commonProperties?: string;
}

const EXPANDABLE = /\.(json|ya?ml|properties)$/i;

export function isExpandable({ path, mode, pathHex }: TreeEntry): boolean {
  return EXPANDABLE.test(path) && mode.startsWith('100') && pathHex === undefined;
}

/** Two files that want the same key; the first one in the order of Git has it. */
export interface Collision {
  path: string;
  key: string;
  with: string;
}

/** A tree as it stands in KV: files that hold a document are folders of its leaves. */
export interface ExpandedTree {
  /** The id is that of a Git tree with these entries, so a reader proves it as any other. */
  tree: Tree;
  /** Values that are no blobs of the repository. */
  contents: Map<ObjectId, Uint8Array>;
  collisions: Collision[];
  /** Files that could not be understood, and stand there as they are. */
  flat: string[];
}

/** `contents` holds what the expandable files of the tree say. */
export function expandTree(
  { entries, format }: Tree,
  contents: ReadonlyMap<ObjectId, Uint8Array>,
  options: ExpandOptions,
): ExpandedTree {
  const common = commonOf(entries, contents, options);
  const values = new Map<ObjectId, Uint8Array>();
  const taken = new Map<string, { entry: TreeEntry; file: string }>();
  const collisions: Collision[] = [];
  const flat: string[] = [];
  for (const file of entries) {
    const bytes = isExpandable(file) ? contents.get(file.id) : undefined;
    const leaves = bytes === undefined ? undefined : leavesOfFile(file.path, bytes, common, options);
    if (bytes !== undefined && leaves === undefined) flat.push(file.path);
    for (const entry of leaves === undefined ? [file] : leafEntries(file, leaves, options, format, values)) {
      const name = entry.pathHex ?? entry.path;
      const other = taken.get(name);
      if (other === undefined) taken.set(name, { entry, file: file.path });
      else if (other.file !== file.path)
        collisions.push({ path: file.path, key: entry.path, with: other.file });
    }
  }
  const all = withoutBlocked([...taken.values()], collisions);
  return { tree: { id: treeId(all, format), format, entries: all }, contents: values, collisions, flat };
}

function leavesOfFile(
  path: string,
  bytes: Uint8Array,
  common: ReadonlyMap<string, string> | undefined,
  { arrays }: ExpandOptions,
): Leaf[] | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
  if (/\.properties$/i.test(path)) return leavesOfProperties(text, common);
  const document = documentOf(path, text);
  return document === undefined ? undefined : leavesOf(document, arrays);
}

function leavesOfProperties(
  text: string,
  common: ReadonlyMap<string, string> | undefined,
): Leaf[] | undefined {
  const entries = parseProperties(text);
  if (entries === undefined) return undefined;
  const leaves: Leaf[] = [];
  for (const [name, value] of entries) {
    const filled = common === undefined ? value : filledIn(value, common);
    if (filled === undefined) return undefined;
    leaves.push({ path: encodeURIComponent(name), value: filled });
  }
  return leaves;
}

/** Undefined: none are wanted. A file that is missing or broken fills nothing in, so what needs it stays as it is. */
function commonOf(
  entries: readonly TreeEntry[],
  contents: ReadonlyMap<ObjectId, Uint8Array>,
  { commonProperties }: ExpandOptions,
): ReadonlyMap<string, string> | undefined {
  if (commonProperties === undefined) return undefined;
  const entry = entries.find(({ path }) => path === commonProperties);
  const bytes = entry === undefined ? undefined : contents.get(entry.id);
  return (bytes === undefined ? undefined : parseProperties(new TextDecoder().decode(bytes))) ?? new Map();
}

function leafEntries(
  file: TreeEntry,
  leaves: readonly Leaf[],
  { ignoreExtension }: ExpandOptions,
  format: ObjectFormat,
  values: Map<ObjectId, Uint8Array>,
): TreeEntry[] {
  const folder = ignoreExtension ? file.path.replace(EXPANDABLE, '') : file.path;
  return leaves.flatMap(({ path, value }): TreeEntry[] => {
    const bytes = new TextEncoder().encode(value);
    const id = blobId(bytes, format);
    const whole = `${folder}/${path}`;
    // An empty name, or one of dots, is no name of a file: Git has no such tree, and Consul no such URL.
    if (path.split('/').includes('') || unaddressable(whole) !== undefined) return [];
    values.set(id, bytes);
    return [{ path: whole, mode: '100644', id, size: bytes.byteLength }];
  });
}

/** No tree holds a file and a folder of one name: `a` as a leaf beside `a/b` of another file loses its place. */
function withoutBlocked(
  all: readonly { entry: TreeEntry; file: string }[],
  collisions: Collision[],
): TreeEntry[] {
  const folders = new Map<string, string>();
  for (const { entry, file } of all) {
    const names = entry.path.split('/').slice(0, -1);
    for (let at = 1; at <= names.length; at++) {
      const folder = names.slice(0, at).join('/');
      if (!folders.has(folder)) folders.set(folder, file);
    }
  }
  return all.flatMap(({ entry, file }) => {
    const other = folders.get(entry.path);
    if (other === undefined) return [entry];
    collisions.push({ path: file, key: entry.path, with: other });
    return [];
  });
}

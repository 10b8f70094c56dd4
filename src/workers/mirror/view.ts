import { isUtf8 } from 'node:buffer';
import { expandTree, isExpandable, type ExpandOptions } from '../../domain/source/expand/index.js';
import { isLfsPointer, MOST_POINTER_BYTES, namesLfs } from '../../domain/source/lfs.js';
import type { ObjectId, Revision } from '../../domain/source/revision.js';
import { fillSecrets } from '../../domain/source/secrets.js';
import { selectsAll, selectTree, type Selection } from '../../domain/source/select.js';
import { blobId, treeId } from '../../domain/source/tree-id.js';
import type { Tree, TreeEntry } from '../../domain/source/tree.js';
import type { JobRepository } from '../../ports/job-repository.js';
import { TowlineError } from '../../runtime/errors.js';
import type { Log } from '../../runtime/log.js';

/** How a folder is seen before it becomes keys. Whatever changes it gives it a tree id of its own. */
export interface View {
  select?: Selection;
  /** True: a link to a file of the same folder is a copy of it. Other links are never followed. */
  followLinks?: boolean;
  /** Values for `{{{NAME}}}`. */
  secrets?: Readonly<Record<string, string>>;
  /** True: texts lose the white space around them. */
  trim?: boolean;
  /** Files that hold a document become keys of its leaves. */
  expand?: ExpandOptions;
}

/** True where KV holds exactly what Git does, so that what Git changed is what changes there. */
export function isPlain({ select, followLinks = false, secrets, trim = false, expand }: View): boolean {
  const everything = select === undefined || selectsAll(select);
  return everything && !followLinks && !trim && secrets === undefined && expand === undefined;
}

interface Sources {
  repository: JobRepository;
  revision: Revision;
  folder: string;
  /** Takes in values that are no blobs of the repository. */
  contents: Map<ObjectId, Uint8Array>;
  signal: AbortSignal;
  log: Log;
}

/** The tree as it is to stand in KV. */
export async function viewOf(tree: Tree, view: View, sources: Sources): Promise<Tree> {
  const sized = await withSizes(tree, sources);
  const marked = await withLfs(sized, sources);
  const { select, followLinks = false, secrets, trim = false, expand } = view;
  const plain = withPlainModes(marked);
  const linked = followLinks ? await withLinks(plain, sources) : plain;
  const chosen = select === undefined || selectsAll(select) ? linked : selectTree(linked, select);
  const filled = secrets === undefined ? chosen : await withSecrets(chosen, secrets, sources);
  const trimmed = trim ? await withTexts(filled, sources, trimText) : filled;
  return expand === undefined ? trimmed : expanded(trimmed, expand, sources);
}

/** The tree as its leaves. What can't be read as a document stands there as it is, and is named. */
async function expanded(tree: Tree, options: ExpandOptions, sources: Sources): Promise<Tree> {
  const { contents, log } = sources;
  const files = await bytesOf(tree.entries.filter(isExpandable), sources);
  const result = expandTree(tree, files, options);
  for (const [id, bytes] of result.contents) contents.set(id, bytes);
  for (const collision of result.collisions)
    log.warn(collision, 'two files want the same key; the first has it');
  if (result.flat.length > 0)
    log.warn(
      { files: result.flat.slice(0, 20), count: result.flat.length },
      'not a document; mirrored as it is',
    );
  return result.tree;
}

async function withSecrets(
  tree: Tree,
  secrets: Readonly<Record<string, string>>,
  sources: Sources,
): Promise<Tree> {
  const missing: string[] = [];
  const filled = await withTexts(tree, sources, (bytes, { path }) => {
    const result = fillSecrets(bytes, secrets);
    if ('bytes' in result) return result.bytes;
    missing.push(...result.missing.map((name) => `${path}: {{{${name}}}}`));
    return bytes;
  });
  if (missing.length === 0) return filled;
  throw new TowlineError(
    'mirror-secret',
    'invalid',
    `${missing.length} places name a secret that has no value; nothing was written`,
    { help: 'Add them to secretsFile, or correct the names.', details: missing.slice(0, 20) },
  );
}

/** Files with other contents than they have in Git; what comes back as it was given stays a blob of the repository. */
async function withTexts(
  tree: Tree,
  sources: Sources,
  change: (bytes: Uint8Array, entry: TreeEntry) => Uint8Array,
): Promise<Tree> {
  const isFile = ({ mode, lfs }: TreeEntry): boolean => mode.startsWith('100') && lfs !== true;
  const files = await bytesOf(tree.entries.filter(isFile), sources);
  const entries = tree.entries.map((entry) => {
    const bytes = isFile(entry) ? files.get(entry.id) : undefined;
    const changed = bytes === undefined ? undefined : change(bytes, entry);
    if (changed === undefined || changed === bytes) return entry;
    const id = blobId(changed, tree.format);
    sources.contents.set(id, changed);
    return { ...entry, id, size: changed.byteLength };
  });
  return { ...tree, id: treeId(entries, tree.format), entries };
}

/** As git2consul does, but for texts alone: what is no UTF-8 stays as it is. */
function trimText(bytes: Uint8Array): Uint8Array {
  if (!isUtf8(bytes)) return bytes;
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const trimmed = text.trim();
  return trimmed === text ? bytes : new TextEncoder().encode(trimmed);
}

/** Links may lead to links; one that turns in a circle leads nowhere. */
const MOST_LINKS = 10;

async function withLinks(tree: Tree, sources: Sources): Promise<Tree> {
  const links = tree.entries.filter(({ mode }) => mode === '120000');
  if (links.length === 0) return tree;
  const targets = await bytesOf(links, sources);
  const byPath = new Map(tree.entries.map((entry) => [entry.path, entry]));
  const entries = tree.entries.map((entry): TreeEntry => {
    let at: TreeEntry | undefined = entry;
    for (let hops = 0; at?.mode === '120000' && hops < MOST_LINKS; hops++)
      at = byPath.get(linkedPath(at.path, targets.get(at.id)) ?? '');
    return at === undefined || at === entry || !at.mode.startsWith('100')
      ? entry
      : { ...at, path: entry.path };
  });
  return { ...tree, id: treeId(entries, tree.format), entries };
}

/** The path in the folder that a link names; undefined where it leads out of it. */
function linkedPath(from: string, target: Uint8Array | undefined): string | undefined {
  const text = target === undefined ? '/' : new TextDecoder().decode(target);
  if (text.startsWith('/')) return undefined;
  const parts = from.split('/').slice(0, -1);
  for (const part of text.split('/')) {
    if (part === '..' && parts.pop() === undefined) return undefined;
    if (part !== '..' && part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}

/** Files with the executable bit that `.ref` names one by one: it is a single value, with the limits of one. */
const MOST_EXECUTABLES = 500;

/** KV knows no modes. Where very many files are executable, the tree is that of plain ones. */
function withPlainModes(tree: Tree): Tree {
  const isExecutable = ({ mode }: TreeEntry): boolean => mode === '100755';
  if (tree.entries.filter(isExecutable).length <= MOST_EXECUTABLES) return tree;
  const entries = tree.entries.map((entry): TreeEntry =>
    isExecutable(entry) ? { ...entry, mode: '100644' } : entry,
  );
  return { ...tree, id: treeId(entries, tree.format), entries };
}

/** Marks the files whose content Git LFS keeps elsewhere. They are only looked for where `.gitattributes` speaks of them. */
async function withLfs(tree: Tree, sources: Sources): Promise<Tree> {
  if (!(await speaksOfLfs(tree, sources))) return tree;
  const small = tree.entries.filter(
    ({ mode, size }) => mode.startsWith('100') && (size ?? Infinity) < MOST_POINTER_BYTES,
  );
  const files = await bytesOf(small, sources);
  const entries = tree.entries.map((entry): TreeEntry => {
    const bytes = entry.mode.startsWith('100') ? files.get(entry.id) : undefined;
    return bytes !== undefined && isLfsPointer(bytes) ? { ...entry, lfs: true } : entry;
  });
  return { ...tree, entries };
}

async function speaksOfLfs({ entries }: Tree, sources: Sources): Promise<boolean> {
  const { repository, revision, folder, signal } = sources;
  const inside = entries.filter(
    ({ path, mode }) =>
      mode.startsWith('100') && (path === '.gitattributes' || path.endsWith('/.gitattributes')),
  );
  for (const bytes of (await bytesOf(inside, sources)).values()) if (namesLfs(bytes)) return true;
  const above = folder === '' ? [] : folder.split('/');
  for (let depth = 0; depth < above.length; depth++) {
    const file = [...above.slice(0, depth), '.gitattributes'].join('/');
    const bytes = await repository.readFile(revision, file, { signal });
    if (bytes !== undefined && namesLfs(bytes)) return true;
  }
  return false;
}

/** Contents of files, as far as they are known already or in the repository. */
async function bytesOf(
  entries: readonly TreeEntry[],
  { repository, contents, signal }: Sources,
): Promise<Map<ObjectId, Uint8Array>> {
  const files = new Map<ObjectId, Uint8Array>();
  const ids = new Set<ObjectId>();
  for (const { id } of entries) {
    const known = contents.get(id);
    if (known === undefined) ids.add(id);
    else files.set(id, known);
  }
  for await (const { id, bytes } of repository.readBlobs([...ids], { signal })) files.set(id, bytes);
  return files;
}

/** Fills in the sizes that an adapter does not know: a value that is too large must be known before the plan. */
async function withSizes(tree: Tree, { repository, signal }: Sources): Promise<Tree> {
  const unknown = tree.entries.filter((e) => e.size === undefined && e.mode.startsWith('100'));
  if (unknown.length === 0) return tree;
  const sizes = new Map<ObjectId, number>();
  const ids = [...new Set(unknown.map((e) => e.id))];
  for await (const { id, bytes } of repository.readBlobs(ids, { signal })) sizes.set(id, bytes.byteLength);
  const entries = tree.entries.map((e) => {
    const size = e.size ?? sizes.get(e.id);
    return size === undefined ? e : { ...e, size };
  });
  return { ...tree, entries };
}

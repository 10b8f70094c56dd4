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
  /** Values for `{{{NAME}}}`. */
  secrets?: Readonly<Record<string, string>>;
  /** Files that hold a document become keys of its leaves. */
  expand?: ExpandOptions;
}

/** True where KV holds exactly what Git does, so that what Git changed is what changes there. */
export function isPlain({ select, secrets, expand }: View): boolean {
  return (select === undefined || selectsAll(select)) && secrets === undefined && expand === undefined;
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
  const chosen =
    view.select === undefined || selectsAll(view.select) ? marked : selectTree(marked, view.select);
  const filled = view.secrets === undefined ? chosen : await withSecrets(chosen, view.secrets, sources);
  return view.expand === undefined ? filled : expanded(filled, view.expand, sources);
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
  const files = await bytesOf(
    tree.entries.filter(({ mode }) => mode.startsWith('100')),
    sources,
  );
  const missing: string[] = [];
  const entries = tree.entries.map((entry) => {
    const bytes = files.get(entry.id);
    const filled = bytes === undefined ? undefined : fillSecrets(bytes, secrets);
    if (filled === undefined) return entry;
    if ('missing' in filled) {
      missing.push(...filled.missing.map((name) => `${entry.path}: {{{${name}}}}`));
      return entry;
    }
    if (filled.bytes === bytes) return entry;
    const id = blobId(filled.bytes, tree.format);
    sources.contents.set(id, filled.bytes);
    return { ...entry, id, size: filled.bytes.byteLength };
  });
  if (missing.length > 0)
    throw new TowlineError(
      'mirror-secret',
      'invalid',
      `${missing.length} places name a secret that has no value; nothing was written`,
      { help: 'Add them to secretsFile, or correct the names.', details: missing.slice(0, 20) },
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

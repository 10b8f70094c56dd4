import { blobId, treeId } from '../../src/domain/source/tree-id.js';
import type { ObjectId, Revision } from '../../src/domain/source/revision.js';
import type { FileMode, Tree, TreeEntry, TreeChange } from '../../src/domain/source/tree.js';
import type { CommitInfo, JobRepository, RefInfo } from '../../src/ports/job-repository.js';
import { createHash } from 'node:crypto';
import { TowlineError } from '../../src/runtime/errors.js';

export type Files = Record<string, string | Uint8Array | { mode: FileMode; text: string }>;

/** A repository of one branch whose commits are plain maps of files. */
export class MemoryRepository implements JobRepository {
  readonly location = 'memory';
  readonly #commits = new Map<Revision, Map<string, TreeEntry>>();
  readonly #blobs = new Map<ObjectId, Uint8Array>();
  #tip: Revision | undefined;
  /** Set to make every read fail, as a missing remote does. */
  broken: TowlineError | undefined;
  blobReads = 0;
  readonly named = new Map<string, RefInfo>();
  /** Names that were fetched. */
  readonly fetched: string[] = [];
  /** Set to say that no commit follows from another one. */
  rewritten = false;

  commit(files: Files): Revision {
    const entries = new Map<string, TreeEntry>();
    for (const [path, content] of Object.entries(files)) {
      const plain = typeof content === 'string' || content instanceof Uint8Array;
      const bytes =
        typeof content === 'string' ? Buffer.from(content) : plain ? content : Buffer.from(content.text);
      const id = blobId(bytes, 'sha1');
      this.#blobs.set(id, bytes);
      entries.set(path, { path, id, mode: plain ? '100644' : content.mode, size: bytes.byteLength });
    }
    const tree = treeId([...entries.values()], 'sha1');
    const revision = createHash('sha1').update(`${tree}${this.#commits.size}`).digest('hex') as Revision;
    this.#commits.set(revision, entries);
    this.#tip = revision;
    return revision;
  }

  async fetch({ name = '' }: { name?: string } = {}): Promise<void> {
    this.fetched.push(name);
    if (this.broken !== undefined) throw this.broken;
  }

  async refs(): Promise<RefInfo[]> {
    if (this.broken !== undefined) throw this.broken;
    const main = this.#tip === undefined || this.named.size > 0 ? [] : [branch('main', this.#tip)];
    return [...main, ...this.named.values()];
  }

  async resolve(name: string): Promise<Revision | undefined> {
    return this.named.size === 0 ? this.#tip : (this.named.get(name)?.id as Revision | undefined);
  }

  /** Gives a commit a name. From then on only what has a name is there. */
  point(name: string, revision: Revision, kind: RefInfo['kind'] = 'branch', annotated = false): void {
    this.named.set(name, { ...branch(name, revision), kind, annotated });
  }

  async resolveExpression(): Promise<Revision | undefined> {
    return this.#tip;
  }

  async readTree(revision: Revision, folder: string): Promise<Tree> {
    const prefix = folder === '' ? '' : `${folder}/`;
    const entries = [...this.#entries(revision).values()]
      .filter((e) => e.path.startsWith(prefix))
      .map((e) => ({ ...e, path: e.path.slice(prefix.length) }));
    if (entries.length === 0 && folder !== '')
      throw new TowlineError('git-folder-missing', 'invalid', `no folder ${folder}`);
    return { id: treeId(entries, 'sha1'), format: 'sha1', entries };
  }

  async treeId(revision: Revision, folder: string): Promise<ObjectId | undefined> {
    if (!this.#commits.has(revision)) return undefined;
    try {
      return (await this.readTree(revision, folder)).id;
    } catch {
      return undefined;
    }
  }

  async diff(from: Revision, to: Revision, folder: string): Promise<TreeChange[]> {
    const [a, b] = await Promise.all([this.#below(from, folder), this.#below(to, folder)]);
    const changes: TreeChange[] = [];
    for (const [path, entry] of b) {
      const old = a.get(path);
      if (old === undefined) changes.push({ kind: 'added', entry });
      else if (old.id !== entry.id || old.mode !== entry.mode) changes.push({ kind: 'modified', entry });
    }
    for (const path of a.keys()) if (!b.has(path)) changes.push({ kind: 'deleted', path });
    return changes;
  }

  async #below(revision: Revision, folder: string): Promise<Map<string, TreeEntry>> {
    const id = await this.treeId(revision, folder);
    if (id === undefined) return new Map();
    return new Map((await this.readTree(revision, folder)).entries.map((entry) => [entry.path, entry]));
  }

  async *readBlobs(ids: readonly ObjectId[]): AsyncIterable<{ id: ObjectId; bytes: Uint8Array }> {
    for (const id of ids) {
      const bytes = this.#blobs.get(id);
      if (bytes === undefined) throw new Error(`no blob ${id}`);
      this.blobReads += 1;
      yield { id, bytes };
    }
  }

  async readFile(revision: Revision, path: string): Promise<Uint8Array | undefined> {
    const entry = this.#entries(revision).get(path);
    return entry === undefined ? undefined : this.#blobs.get(entry.id);
  }

  async log(): Promise<CommitInfo[]> {
    return [];
  }

  async isAncestor(): Promise<boolean> {
    return !this.rewritten;
  }

  #entries(revision: Revision): Map<string, TreeEntry> {
    const entries = this.#commits.get(revision);
    if (entries === undefined) throw new Error(`no commit ${revision}`);
    return entries;
  }
}

function branch(name: string, id: string): RefInfo {
  return { ref: `refs/heads/${name}`, name, kind: 'branch', id: id as ObjectId, annotated: false };
}

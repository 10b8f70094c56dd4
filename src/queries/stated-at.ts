import type { JobRef } from '../domain/job/job-ref.js';
import type { Job } from '../domain/job/job.js';
import { sameJson } from '../domain/source/compare-json.js';
import type { Json } from '../domain/source/json.js';
import type { Revision } from '../domain/source/revision.js';
import type { CommitInfo, JobRepository } from '../ports/job-repository.js';
import { declaredJobs, ManifestCache, type LayerFiles, type Models, type SourceFile } from './declared.js';
import { layersAt } from './revision-files.js';

/** Commits looked at for one that set a value. */
const MOST_COMMITS = 200;
/** Looked at first: nearly always it is the last commit of the file, and a long history takes git its time. */
const FIRST_COMMITS = 4;

/** Which commit set a value; undecided: so many commits were looked at, and it may be any one before them. */
export type Setter = { kind: 'commit'; commit: CommitInfo } | { kind: 'undecided'; commits: number };

/** What the manifests of an environment stated of single jobs at revisions of the past. Nothing is read twice. */
export class StatedAt {
  readonly #known = new Map<string, Promise<Job | undefined>>();
  readonly #cache = new ManifestCache();

  constructor(
    readonly repository: JobRepository,
    readonly layers: readonly string[],
    readonly models: Models,
  ) {}

  /** The job as it was stated then; undefined where it was not. Throws where the revision can't be read. */
  job(ref: JobRef, revision: Revision, signal: AbortSignal): Promise<Job | undefined> {
    return this.#once(`${ref} ${revision}`, async () => {
      const folders = await this.#foldersAt(revision, signal);
      const layers = await layersAt(this.repository, revision, folders, signal);
      return this.#find(ref, likely(layers, ref)) ?? this.#find(ref, layers);
    });
  }

  /** The same, looked for in some files first. */
  async jobIn(
    files: readonly string[],
    ref: JobRef,
    revision: Revision,
    signal: AbortSignal,
  ): Promise<Job | undefined> {
    const found = await this.#once(`${ref} ${revision} ${files.join('\n')}`, async () => {
      const read = await Promise.all(
        files.map(async (path) => ({
          path,
          bytes: await this.repository.readFile(revision, path, { signal }),
        })),
      );
      const there = read.flatMap(({ path, bytes }) => (bytes === undefined ? [] : [{ path, bytes }]));
      return this.#find(ref, inLayers(there, this.layers));
    });
    return found ?? this.job(ref, revision, signal);
  }

  /**
   * The commit at or before a revision since which `valueOf` the job has been what it is there: it holds the value, and
   * none of its parents does. Undefined where the revision does not state the job.
   */
  async setter(
    ref: JobRef,
    revision: Revision,
    valueOf: (job: Job) => Json | undefined,
    signal: AbortSignal,
  ): Promise<Setter | undefined> {
    const job = await this.job(ref, revision, signal);
    if (job === undefined) return undefined;
    const value = valueOf(job);
    const files = new Set(job.source.files);
    const holds = async (at: Revision): Promise<boolean> => {
      const stated = await this.jobIn([...files], ref, at, signal);
      if (stated !== undefined) for (const file of stated.source.files) files.add(file);
      return stated !== undefined && sameJson(valueOf(stated), value);
    };
    const seen = new Set<string>();
    for (let [size, limit] = [0, FIRST_COMMITS]; ;) {
      const options = { signal, limit, paths: [...files] };
      const commits = await this.repository.log(revision, options);
      for (const commit of commits) {
        if (seen.has(commit.revision)) continue;
        seen.add(commit.revision);
        if (!(await holds(commit.revision))) continue;
        const before = await Promise.all(commit.parents.map(holds));
        if (!before.includes(true)) return { kind: 'commit', commit };
      }
      // It was in another file before: the commits of that one count as well.
      const [whole, nothingNew] = [limit === MOST_COMMITS, files.size === size];
      if (whole && (nothingNew || seen.size >= MOST_COMMITS))
        return { kind: 'undecided', commits: seen.size };
      [size, limit] = [files.size, MOST_COMMITS];
    }
  }

  /** A folder that was not there yet stated nothing. */
  async #foldersAt(revision: Revision, signal: AbortSignal): Promise<string[]> {
    const there = await Promise.all(
      this.layers.map(async (folder) => ({
        folder,
        id: folder === '' ? '' : await this.repository.treeId(revision, folder, { signal }),
      })),
    );
    return there.flatMap(({ folder, id }) => (id === undefined ? [] : [folder]));
  }

  #find(ref: JobRef, layers: readonly LayerFiles[]): Job | undefined {
    const { jobs, rejected } = declaredJobs(layers, this.models, { cache: this.#cache });
    return [...jobs, ...rejected].find((job) => job.ref === ref);
  }

  #once(key: string, read: () => Promise<Job | undefined>): Promise<Job | undefined> {
    const known = this.#known.get(key) ?? read();
    this.#known.set(key, known);
    return known;
  }
}

/** Files that hold the last part of the job's name, and those that are merged with them: nearly always enough. */
function likely(layers: readonly LayerFiles[], ref: JobRef): LayerFiles[] {
  const name = ref.split(/[:/]/).at(-1) ?? ref;
  const inLayer = (folder: string, path: string): string =>
    folder === '' ? path : path.slice(folder.length);
  const paths = new Set(
    layers.flatMap(({ folder, files }) =>
      files
        .filter(({ bytes }) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(name))
        .map(({ path }) => inLayer(folder, path).replace(/\.[^./]+$/, '')),
    ),
  );
  return layers.map((layer) => ({
    ...layer,
    files: layer.files.filter(({ path }) => paths.has(inLayer(layer.folder, path).replace(/\.[^./]+$/, ''))),
  }));
}

/** Each file in the innermost layer that it lies in. */
function inLayers(files: readonly SourceFile[], folders: readonly string[]): LayerFiles[] {
  const layerOf = (path: string): string | undefined =>
    folders
      .filter((folder) => folder === '' || path.startsWith(`${folder}/`))
      .sort((a, b) => b.length - a.length)[0];
  return folders.map((folder) => ({ folder, files: files.filter(({ path }) => layerOf(path) === folder) }));
}

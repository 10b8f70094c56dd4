import { MergeCache, mergeLayers } from '../domain/job/layers/index.js';
import type { SchedulerName } from '../domain/job/job-ref.js';
import type { Manifest } from '../domain/job/manifest.js';
import type { MirrorFolder } from '../domain/source/kv-layout.js';
import { isJsonPath, isManifestPath, manifestOf, parseManifest } from '../domain/job/parse-manifest.js';
import type { Json } from '../domain/source/json.js';
import { blobId } from '../domain/source/tree-id.js';
import type { Diagnostic } from '../domain/source/diagnostic.js';
import { pathIn } from '../domain/source/tree.js';
import type { ModelContext, SchedulerModel } from '../domain/job/scheduler-model.js';
import { validateManifests, ValidationCache, type Validation } from '../domain/job/validate/index.js';
import { EVERY_RULE, type RulePolicy } from '../domain/job/validate/rule-policy.js';

export type Models = ReadonlyMap<SchedulerName, { model: SchedulerModel; context: ModelContext }>;

export interface SourceFile {
  /** Path in the job repository. */
  path: string;
  /** Its id as a Git blob, where that is known: then it is not parsed twice. */
  id?: string;
  bytes: Uint8Array;
}

/** The manifests of one of the folders that an environment is made of. */
export interface LayerFiles {
  /** '' for the root of the repository. */
  folder: string;
  files: readonly SourceFile[];
  /** Files with the names of manifests that can't be read or deployed. */
  unread?: readonly { path: string; reason: string }[];
}

/** What the documents of a faultless file say, each with its number in the file. */
export type ParsedValues = readonly (readonly [index: number, value: Json])[];

/** Parsed values by the id of their content (as a Git blob, SHA-256), kept somewhere else. */
export interface ParsedStore {
  get(id: string): ParsedValues | undefined;
  put(id: string, values: ParsedValues): void;
}

/** Stands for a file that holds no jobs. */
const NONE: SourceFile = { path: '', bytes: new Uint8Array() };

/**
 * Parsed files by content, and what follows from them: a file that did not change is not parsed, merged or judged again.
 */
export class ManifestCache {
  /** The newest of each path. */
  readonly #byPath = new Map<string, { id: string; manifest: Manifest }>();
  readonly #byFile = new WeakMap<SourceFile, Manifest>();
  readonly #layered = new WeakMap<SourceFile, SourceFile>();
  readonly #store: ParsedStore | undefined;
  readonly merged = new MergeCache();
  readonly validated = new ValidationCache();

  constructor(store?: ParsedStore) {
    this.#store = store;
  }

  parse(files: readonly SourceFile[]): Manifest[] {
    return this.parseLayers([files])[0] ?? [];
  }

  parseLayers(layers: readonly (readonly SourceFile[])[]): Manifest[][] {
    return layers.map((files) =>
      files.map((file) => {
        const known = this.#byFile.get(file) ?? this.#parseFile(file);
        this.#byFile.set(file, known);
        return known;
      }),
    );
  }

  #parseFile({ path, id, bytes }: SourceFile): Manifest {
    if (id === undefined) return this.#parse(path, bytes);
    const known = this.#byPath.get(path);
    const manifest = known?.id === id ? known.manifest : this.#parse(path, bytes);
    this.#byPath.set(path, { id, manifest });
    return manifest;
  }

  /** A mirrored file under its path in the job repository; undefined where it holds no jobs. */
  layered(file: SourceFile & { folder: string }): SourceFile | undefined {
    const known = this.#layered.get(file);
    if (known !== undefined) return known === NONE ? undefined : known;
    const now = holdsJobs(file.path) ? { ...file, path: pathIn(file.folder, file.path) } : NONE;
    this.#layered.set(file, now);
    return now === NONE ? undefined : now;
  }

  /** Only what is faultless is kept: findings have places, and comments that take them back have too. */
  #parse(path: string, bytes: Uint8Array): Manifest {
    if (this.#store === undefined) return parseManifest(path, bytes);
    const id = `${blobId(bytes, 'sha256')}${isJsonPath(path) ? 'j' : 'y'}`;
    const values = this.#store.get(id);
    if (values !== undefined) return manifestOf(path, bytes, values);
    const manifest = parseManifest(path, bytes);
    if (manifest.diagnostics.length === 0 && manifest.silences === undefined)
      this.#store.put(
        id,
        manifest.documents.map(({ index, value }) => [index, value] as const),
      );
    return manifest;
  }
}

/** The manifests of an environment: the files of its layers, parsed and merged. */
export function declaredManifests(
  layers: readonly LayerFiles[],
  models: Models,
  cache = new ManifestCache(),
): Manifest[] {
  const parsed = cache.parseLayers(layers.map(({ files }) => files));
  return mergeLayers(
    layers.map(({ folder, unread = [] }, at) => ({
      folder,
      manifests: [...(parsed[at] ?? []), ...unread.map(unreadManifest)],
    })),
    [...models.values()].map(({ model }) => model.naming),
    cache.merged,
  );
}

/** What it states is not known, which is not the same as nothing. */
function unreadManifest({ path, reason }: { path: string; reason: string }): Manifest {
  const finding: Diagnostic = {
    code: 'manifest/unread',
    severity: 'error',
    message: `${reason}, and is not deployed`,
    fix: 'Commit it as a plain file with a plain name, or move it out of the folder.',
    place: { file: path, line: 1, column: 1 },
  };
  return { path, documents: [], diagnostics: [finding] };
}

/** The jobs that the layers state, merged and validated as one set. Which files are manifests `holdsJobs` tells. */
export function declaredJobs(
  layers: readonly LayerFiles[],
  models: Models,
  { cache = new ManifestCache(), rules = EVERY_RULE }: { cache?: ManifestCache; rules?: RulePolicy } = {},
): Validation {
  return validateManifests(declaredManifests(layers, models, cache), models, rules, cache.validated);
}

/** The manifests of mirrored folders, under their paths in the job repository; the same files give the same objects. */
export function mirroredLayers(
  folders: readonly Pick<MirrorFolder, 'folder' | 'exceptions'>[],
  files: readonly (SourceFile & { folder: string })[],
  cache = new ManifestCache(),
): LayerFiles[] {
  const byFolder = new Map<string, SourceFile[]>(folders.map(({ folder }) => [folder, []]));
  for (const file of files) {
    const manifest = cache.layered(file);
    if (manifest !== undefined) byFolder.get(file.folder)?.push(manifest);
  }
  return folders.map(({ folder, exceptions }) => ({
    folder,
    files: byFolder.get(folder) ?? [],
    unread: exceptions
      .filter(({ held, path }) => !held && holdsJobs(path))
      .map(({ path, reason = 'it is not mirrored' }) => ({ path: pathIn(folder, path), reason })),
  }));
}

/** By the path in its folder: hidden files and folders and Towline's own configuration hold no jobs. */
export function holdsJobs(path: string): boolean {
  if (!isManifestPath(path)) return false;
  const names = path.split('/');
  if (names.some((name) => name.startsWith('.'))) return false;
  const last = names.at(-1) ?? '';
  return last !== 'towline.yaml' && last !== 'towline.yml';
}

import type { SchedulerName } from '../domain/job/job-ref.js';
import type { Manifest } from '../domain/job/manifest.js';
import { isManifestPath, parseManifest } from '../domain/job/parse-manifest.js';
import type { ModelContext, SchedulerModel } from '../domain/job/scheduler-model.js';
import { validateManifests, type Validation } from '../domain/job/validate/index.js';

export type Models = ReadonlyMap<SchedulerName, { model: SchedulerModel; context: ModelContext }>;

/** Parsed files by content: a file that did not change is not parsed again. Entries of the last call are kept. */
export class ManifestCache {
  #manifests = new Map<string, Manifest>();

  parse(files: readonly { path: string; id?: string; bytes: Uint8Array }[]): Manifest[] {
    const next = new Map<string, Manifest>();
    const manifests = files.map(({ path, id, bytes }) => {
      if (id === undefined) return parseManifest(path, bytes);
      const name = `${id} ${path}`;
      const manifest = this.#manifests.get(name) ?? parseManifest(path, bytes);
      next.set(name, manifest);
      return manifest;
    });
    this.#manifests = next;
    return manifests;
  }
}

/** The jobs that files state: manifests are told from other files by name, parsed, and validated as one set. */
export function declaredJobs(
  files: readonly { path: string; id?: string; bytes: Uint8Array }[],
  models: Models,
  cache: ManifestCache = new ManifestCache(),
): Validation {
  return validateManifests(cache.parse(files.filter(({ path }) => holdsJobs(path))), models);
}

/** Hidden files and folders and Towline's own configuration hold no jobs. */
export function holdsJobs(path: string): boolean {
  if (!isManifestPath(path)) return false;
  const names = path.split('/');
  if (names.some((name) => name.startsWith('.'))) return false;
  const last = names.at(-1) ?? '';
  return last !== 'towline.yaml' && last !== 'towline.yml';
}

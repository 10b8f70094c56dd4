import type { SchedulerName } from '../domain/job/job-ref.js';
import type { Manifest } from '../domain/job/manifest.js';
import { isManifestPath, parseManifest } from '../domain/job/parse-manifest.js';
import type { ModelContext, SchedulerModel } from '../domain/job/scheduler-model.js';
import { validateManifests, type Validation } from '../domain/job/validate/index.js';
import { EVERY_RULE, type RulePolicy } from '../domain/job/validate/rule-policy.js';

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

/** The jobs that manifests state, parsed and validated as one set. Which files are manifests `holdsJobs` tells. */
export function declaredJobs(
  files: readonly { path: string; id?: string; bytes: Uint8Array }[],
  models: Models,
  { cache = new ManifestCache(), rules = EVERY_RULE }: { cache?: ManifestCache; rules?: RulePolicy } = {},
): Validation {
  return validateManifests(cache.parse(files), models, rules);
}

/** The manifests of a mirrored folder, under their paths in the job repository. */
export function manifestsIn(
  folder: string,
  files: readonly { path: string; id?: string; bytes: Uint8Array }[],
): { path: string; id?: string; bytes: Uint8Array }[] {
  return files
    .filter(({ path }) => holdsJobs(path))
    .map((file) => (folder === '' ? file : { ...file, path: `${folder}/${file.path}` }));
}

/** By the path in its folder: hidden files and folders and Towline's own configuration hold no jobs. */
export function holdsJobs(path: string): boolean {
  if (!isManifestPath(path)) return false;
  const names = path.split('/');
  if (names.some((name) => name.startsWith('.'))) return false;
  const last = names.at(-1) ?? '';
  return last !== 'towline.yaml' && last !== 'towline.yml';
}

import type { ManifestDocument } from '../../../domain/job/manifest.js';
import type { JobSource } from '../../../domain/job/job.js';
import type { Diagnostic } from '../../../domain/source/diagnostic.js';
import { pointer, type JsonObject, type Pointer } from '../../../domain/source/json.js';

/** Fields that only the server writes; a manifest that was made from one of its answers has them (reference: marathon.md §2.1). */
export const SERVER_FIELDS: ReadonlySet<string> = new Set([
  'version',
  'versionInfo',
  'tasksStaged',
  'tasksRunning',
  'tasksHealthy',
  'tasksUnhealthy',
  'deployments',
  'tasks',
  'lastTaskFailure',
  'readinessCheckResults',
  'taskStats',
  'tasksStats',
]);

/** A copy without what only the server writes, with a warning for each such field. */
export function withoutServerFields(
  { document, at, value }: { document: ManifestDocument; at: Pointer; value: JsonObject },
  diagnostics: Diagnostic[],
): JsonObject {
  const kept = Object.entries(value).filter(([name]) => !SERVER_FIELDS.has(name));
  for (const name of Object.keys(value).filter((each) => SERVER_FIELDS.has(each)))
    diagnostics.push({
      code: 'marathon/server-field',
      severity: 'warning',
      message: `${JSON.stringify(name)} is written by the server and ignored here`,
      fix: 'Remove it.',
      place: document.placeOf(at + pointer(name), 'key'),
    });
  return Object.fromEntries(kept);
}

/** A null counts as absent for Marathon; in a manifest it is mostly a slip (reference: marathon.md §1.1). */
export function nullFindings(nulls: readonly Pointer[], placeOf: JobSource['placeOf']): Diagnostic[] {
  return nulls.map((at) => ({
    code: 'marathon/null',
    severity: 'warning',
    message: `${JSON.stringify(at.split('/').at(-1) ?? '')} is null, which counts as absent`,
    fix: 'Remove it, or give it a value.',
    place: placeOf(at, 'key'),
  }));
}

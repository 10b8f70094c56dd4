import type { Place } from '../../source/diagnostic.js';
import type { Job } from '../job.js';

/**
 * The job that a finding points into: the innermost one (an app inside a group is nearer than the group) of the same
 * document. Documents of one file have the same pointers, so line and column must agree as well.
 */
export function jobAt(place: Place, jobs: readonly Job[]): Job | undefined {
  let best: Job | undefined;
  for (const job of jobs) {
    if (!contains(job, place)) continue;
    if (best === undefined || job.source.pointer.length > best.source.pointer.length) best = job;
  }
  return best;
}

function contains({ source }: Job, place: Place): boolean {
  if (!source.files.includes(place.file) || place.pointer === undefined) return false;
  if (place.pointer !== source.pointer && !place.pointer.startsWith(`${source.pointer}/`)) return false;
  const inner = place.pointer.slice(source.pointer.length);
  return (['value', 'key'] as const).some((part) => {
    const { file, line, column } = source.placeOf(inner, part);
    return file === place.file && line === place.line && column === place.column;
  });
}

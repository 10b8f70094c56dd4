import type { Job } from '../../../domain/job/job.js';
import { placeText } from '../../../domain/source/diagnostic.js';
import { isObject, pointer, type Pointer } from '../../../domain/source/json.js';
import type { Answer } from '../../access/http-client.js';
import { plain } from './api/answers.js';

/**
 * What Marathon says about a definition that it does not take, each finding with the place in the file that it is about
 * (reference: marathon.md §1.1).
 */
export function rejectionText(
  { status, json }: Answer,
  job: Pick<Job, 'id' | 'source'> | undefined,
): string | undefined {
  const details = isObject(json) && Array.isArray(json['details']) ? json['details'].filter(isObject) : [];
  if (job === undefined || details.length === 0) return undefined;
  const lines = details.map((detail) => {
    const path = typeof detail['path'] === 'string' ? detail['path'] : '/';
    const errors = Array.isArray(detail['errors'])
      ? detail['errors'].filter((e) => typeof e === 'string')
      : [];
    return `${placeText(job.source.placeOf(pointerOf(path, job.id)))}: ${path}: ${errors.join(', ')}`;
  });
  return plain(`Marathon rejected it (${status}): ${lines.join('; ')}`);
}

/** `/container/volumes(0)/hostPath` and `/labels(a)`; findings about the whole tree begin with `/apps/` and the id. */
export function pointerOf(path: string, id: string): Pointer {
  const own = path.startsWith(`/apps/${id}`) ? path.slice(`/apps/${id}`.length) : path;
  const segments = own.split('/').flatMap((segment) => {
    const [, name = '', index] = /^([^(]*)(?:\((.*)\))?$/.exec(segment) ?? [];
    return [name, ...(index === undefined ? [] : [index])].filter((part) => part !== '');
  });
  return pointer(...segments);
}

import { parseImageRef } from '../domain/job/image-ref.js';
import type { PastPromotion } from '../domain/release/position.js';
import type { Revision } from '../domain/source/revision.js';
import type { JobRepository } from '../ports/job-repository.js';

/** How far back promotions are looked for. */
const HISTORY = 1000;

/** What the commits of a branch have promoted into an environment, oldest first; of very many the last 1,000. */
export async function promotionsOf(
  repository: JobRepository,
  { revision, environment }: { revision: Revision; environment: string },
  signal: AbortSignal,
): Promise<PastPromotion[]> {
  const commits = await repository.log(revision, { signal, limit: HISTORY, grep: 'Towline-Release:' });
  return commits.reverse().flatMap(({ trailers }) => {
    const all = (key: string): string[] => trailers.flatMap((t) => (t.key === key ? [t.value] : []));
    if (!all('Towline-Environment').includes(environment)) return [];
    const facts = {
      ...one('releasedAt', all('Towline-Released-At')),
      ...one('releasedBy', all('Towline-Released-By')),
      ...one('sourceCommit', all('Towline-Source-Commit')),
      ...one('sourceRepository', all('Towline-Source-Repository')),
      ...one('sourceBranch', all('Towline-Source-Branch')),
      ...one('buildUrl', all('Towline-Build')),
    };
    return all('Towline-Release').map((release): PastPromotion => ({
      release,
      ...one('digest', [parseImageRef(release)?.digest ?? '']),
      ...facts,
    }));
  });
}

function one<K extends string>(name: K, [value]: readonly string[]): Partial<Record<K, string>> {
  return value === undefined || value === '' ? {} : ({ [name]: value } as Record<K, string>);
}

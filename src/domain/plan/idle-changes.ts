import type { JobRef } from '../job/job-ref.js';
import type { Change } from './plan.js';

/** Changes that a plan found to be none, seen from the same objects: they are none again. One for each job, the newest. */
export class IdleChanges {
  readonly #known = new Map<JobRef, { job: object; live: unknown; known: unknown; change: Change }>();

  get(ref: JobRef, job: object, live: unknown, known: unknown): Change | undefined {
    const before = this.#known.get(ref);
    return before !== undefined && before.job === job && before.live === live && before.known === known
      ? before.change
      : undefined;
  }

  set(change: Change, job: object, live: unknown, known: unknown): void {
    this.#known.set(change.ref, { job, live, known, change });
  }

  /** Forgets jobs that are gone, once they are many. */
  keep(refs: ReadonlySet<JobRef>): void {
    if (this.#known.size <= 2 * refs.size + 100) return;
    for (const ref of this.#known.keys()) if (!refs.has(ref)) this.#known.delete(ref);
  }
}

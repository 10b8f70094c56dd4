import type { Diagnostic } from '../../source/diagnostic.js';
import type { Job } from '../job.js';
import type { Manifest } from '../manifest.js';
import type { Policy } from './policy.js';
import type { Schedulers, Stated } from './stated.js';
import type { Validation } from './validation.js';

/**
 * What is known of manifests and jobs that did not change since the last time: they are the same objects then. It holds
 * for one set of schedulers and policies; with others it begins anew.
 */
export class ValidationCache {
  #stated = new WeakMap<Manifest, Stated>();
  #findings = new WeakMap<Job, Diagnostic[]>();
  #schedulers: Schedulers | undefined;
  #policies: readonly Policy[] | undefined;

  /** The last result, and what it was made of. */
  last: { manifests: readonly Manifest[]; validation: Validation } | undefined;

  /** To be called before each use. */
  for(schedulers: Schedulers, policies: readonly Policy[]): this {
    if (schedulers !== this.#schedulers || policies !== this.#policies) {
      this.#stated = new WeakMap();
      this.#findings = new WeakMap();
      this.last = undefined;
    }
    this.#schedulers = schedulers;
    this.#policies = policies;
    return this;
  }

  stated(manifest: Manifest, read: () => Stated): Stated {
    const known = this.#stated.get(manifest);
    if (known !== undefined) return known;
    const now = read();
    this.#stated.set(manifest, now);
    return now;
  }

  findings(job: Job, find: () => Diagnostic[]): readonly Diagnostic[] {
    const known = this.#findings.get(job);
    if (known !== undefined) return known;
    const now = find();
    this.#findings.set(job, now);
    return now;
  }
}

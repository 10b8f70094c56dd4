import type { Comparison } from '../job/scheduler-model.js';

/** Comparisons of documents that did not change since: they are the same objects then. */
export class Comparisons {
  readonly #known = new WeakMap<object, WeakMap<object, Comparison>>();

  of(desired: object, live: object, compare: () => Comparison): Comparison {
    const inner = this.#known.get(desired) ?? new WeakMap<object, Comparison>();
    this.#known.set(desired, inner);
    const known = inner.get(live);
    if (known !== undefined) return known;
    const now = compare();
    inner.set(live, now);
    return now;
  }
}

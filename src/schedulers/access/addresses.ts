import type { Addresses } from '../../ports/scheduler.js';

/** Addresses that stand in the configuration. */
export function fixedAddresses(urls: readonly string[]): Addresses {
  return { list: () => Promise.resolve(urls), doubt: () => undefined };
}

/** How long addresses that were looked up are good for while they answer. */
const GOOD_MS = 60_000;

/** Addresses that are looked up: kept for a minute, or until one of them does not answer. */
export function lookedUpAddresses(
  lookUp: (signal: AbortSignal) => Promise<readonly string[]>,
  now: () => number,
): Addresses {
  let known: { urls: readonly string[]; until: number } | undefined;
  return {
    list: async (signal) => {
      if (known !== undefined && now() < known.until) return known.urls;
      try {
        known = { urls: await lookUp(signal), until: now() + GOOD_MS };
      } catch (error) {
        signal.throwIfAborted();
        // What was good a moment ago is better than nothing while the catalogue is away.
        if (known === undefined) throw error;
      }
      return known.urls;
    },
    doubt: () => {
      if (known !== undefined) known = { ...known, until: 0 };
    },
  };
}

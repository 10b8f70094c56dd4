/** Says whether a value fits a schema, and nothing else. */
export type QuickCheck = (value: unknown) => boolean;

/**
 * Checks that need no ajv, by the `$id` of the schema. Here there are none: the build puts a module in the place of this
 * one that has a check for each of our own schemas, compiled from them (scripts/compiled-checks.mjs).
 */
export const QUICK_CHECKS: ReadonlyMap<string, QuickCheck> = new Map();

import type { Doc } from '../types.js';

/** Unknown keys are silently ignored. */
export function known(given: Doc, names: string): Doc {
  const allowed = new Set(names.split(' '));
  return Object.fromEntries(
    Object.entries(given).filter(
      ([name, value]) => allowed.has(name) && value !== null && value !== undefined,
    ),
  );
}

/** A null field is an absent one. */
export function withoutNulls(given: Doc): Doc {
  const inner = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(inner)
      : typeof value === 'object' && value !== null
        ? withoutNulls(value as Doc)
        : value;
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) =>
      value === null || value === undefined ? [] : [[name, inner(value)]],
    ),
  );
}

/** Enums are read in any case and answered in one. */
export function upper(value: unknown): string {
  return String(value).toUpperCase();
}

export function lower(value: unknown): string {
  return String(value).toLowerCase();
}

export function canonical(value: unknown, words: readonly string[]): string {
  return words.find((word) => word.toLowerCase() === lower(value)) ?? String(value);
}

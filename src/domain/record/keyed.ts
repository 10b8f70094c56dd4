/** Undefined where none of the names is there. */
export function without<T>(
  all: Readonly<Record<string, T>> | undefined,
  names: readonly string[],
): Record<string, T> | undefined {
  if (all === undefined || !names.some((name) => Object.hasOwn(all, name))) return undefined;
  return Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name)));
}

/** The same for each of the names. */
export function withAll<T>(names: readonly string[], value: T): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, value]));
}

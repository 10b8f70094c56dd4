import picomatch from 'picomatch';

/**
 * True for names that fit a pattern. Names come from outside: a line break in one (also U+2028, which a branch may have)
 * must not let it past a `**`, as it would past the dot of a regular expression.
 */
export function matcher(patterns: readonly string[]): (name: string) => boolean {
  if (patterns.length === 0) return () => false;
  const fits = picomatch([...patterns], { dot: true, flags: 's' });
  return (name) => fits(name);
}

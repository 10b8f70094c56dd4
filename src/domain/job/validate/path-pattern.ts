/** True where a path fits a pattern: `*` stands for anything within a name, `**` for any folders, also none. */
export function pathMatches(path: string, pattern: string): boolean {
  return fits(path.split('/'), pattern.split('/'));
}

function fits(names: readonly string[], patterns: readonly string[]): boolean {
  // Where the last ** stood, to try it with one more folder: no backtracking beyond that is ever needed.
  let [name, part] = [0, 0];
  let retry: { name: number; part: number } | undefined;
  while (name < names.length) {
    const pattern = patterns[part];
    if (pattern === '**') {
      retry = { name, part };
      part += 1;
    } else if (pattern !== undefined && nameFits(names[name] ?? '', pattern)) {
      name += 1;
      part += 1;
    } else if (retry !== undefined) {
      retry.name += 1;
      name = retry.name;
      part = retry.part + 1;
    } else return false;
  }
  return patterns.slice(part).every((rest) => rest === '**');
}

function nameFits(name: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return name === pattern;
  if (!name.startsWith(first)) return false;
  const last = rest.pop() ?? '';
  let at = first.length;
  for (const piece of rest) {
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

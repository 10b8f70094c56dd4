/** The entries of a Java properties file, in order; undefined where it is none. A later entry of a name wins. */
export function parseProperties(text: string): Map<string, string> | undefined {
  const entries = new Map<string, string>();
  // A line goes on in the next one where an odd number of backslashes ends it.
  const lines = text.replace(/(?<!\\)((?:\\\\)*)\\\r?\n[ \t\f]*/g, '$1').split(/\r\n|\r|\n/);
  for (const line of lines) {
    const plain = line.replace(/^[ \t\f]+/, '');
    if (plain === '' || plain.startsWith('#') || plain.startsWith('!')) continue;
    const match = /^((?:[^\\:= \t\f]|\\.)*)[ \t\f]*[:=]?[ \t\f]*(.*)$/s.exec(plain);
    if (match === null) return undefined;
    const [name, value] = [unescaped(match[1] ?? ''), unescaped(match[2] ?? '')];
    if (name === undefined || value === undefined) return undefined;
    entries.delete(name);
    entries.set(name, value);
  }
  return entries;
}

/** Fills `${name}` in; undefined where a name is not known. */
export function filledIn(value: string, common: ReadonlyMap<string, string>): string | undefined {
  let unknown = false;
  const text = value.replace(/\$\{([^}]*)\}/g, (_all, name: string) => {
    const found = common.get(name);
    if (found === undefined) unknown = true;
    return found ?? '';
  });
  return unknown ? undefined : text;
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function unescaped(text: string): string | undefined {
  let broken = false;
  const plain = text.replace(/\\(u[0-9a-fA-F]{4}|u|[^u])/gs, (_all, escape: string) => {
    if (escape.length === 5) return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    if (escape === 'u') broken = true;
    return ESCAPES[escape] ?? escape;
  });
  return broken ? undefined : plain.replace(/\\$/, '');
}

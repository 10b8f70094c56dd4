const PLACE = /\{\{\{\s*([A-Za-z_][A-Za-z0-9_.-]*)\s*\}\}\}/g;

/**
 * Puts values where `{{{NAME}}}` stands, as they are and without quoting (gonsul's notation). Files that are no text have
 * no such places. A name without a value is returned instead: half a file is worse than none.
 */
export function fillSecrets(
  bytes: Uint8Array,
  secrets: Readonly<Record<string, string>>,
): { bytes: Uint8Array } | { missing: string[] } {
  const text = textOf(bytes);
  if (text === undefined || !text.includes('{{{')) return { bytes };
  const missing = new Set<string>();
  const filled = text.replace(PLACE, (place, name: string) => {
    const value = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
    if (value === undefined) missing.add(name);
    return value ?? place;
  });
  if (missing.size > 0) return { missing: [...missing] };
  return { bytes: filled === text ? bytes : new TextEncoder().encode(filled) };
}

/** Undefined for what is no UTF-8. A byte order mark stays where it is. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { ignoreBOM: true, fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** An entry of a ledger, as people name it: its number (`#12`), or its commit or the first digits of that. */
export type EntryName = { sequence: number } | { commit: string };

/** Entries from one to another one, both included; an end that is not named is that of the ledger. */
export interface EntryRange {
  from?: EntryName;
  to?: EntryName;
}

/** `A..B`, `A..`, `..B`, or one entry; undefined where it is none of these. */
export function parseEntryRange(text: string): EntryRange | undefined {
  const at = text.indexOf('..');
  if (at < 0) {
    const only = parseEntryName(text);
    return only === undefined ? undefined : { from: only, to: only };
  }
  const [first, last] = [text.slice(0, at), text.slice(at + 2)];
  const [from, to] = [parseEntryName(first), parseEntryName(last)];
  if ((first !== '' && from === undefined) || (last !== '' && to === undefined)) return undefined;
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

function parseEntryName(text: string): EntryName | undefined {
  const sequence = /^#([1-9][0-9]{0,14})$/.exec(text)?.[1];
  if (sequence !== undefined) return { sequence: Number(sequence) };
  return /^[0-9a-f]{4,64}$/.test(text) ? { commit: text } : undefined;
}

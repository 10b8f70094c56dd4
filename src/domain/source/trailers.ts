/** A line `Key: value` at the end of a commit's message, the key as written. */
export interface Trailer {
  key: string;
  value: string;
}

/** Trailers of a message by git's rule: the last paragraph, when every line of it is `Key: value` (or a continuation). */
export function parseTrailers(message: string): Trailer[] {
  const paragraphs = message.trimEnd().split(/\n[ \t]*\n/);
  if (paragraphs.length < 2) return [];
  const lines = (paragraphs.at(-1) ?? '').split('\n');
  const trailers: Trailer[] = [];
  for (const line of lines) {
    const match = /^([A-Za-z0-9-]+)[ \t]*:[ \t]*(.*)$/.exec(line);
    const last = trailers.at(-1);
    if (match !== null) trailers.push({ key: match[1] ?? '', value: (match[2] ?? '').trim() });
    else if (/^[ \t]+\S/.test(line) && last !== undefined) last.value += ` ${line.trim()}`;
    else return [];
  }
  return trailers;
}

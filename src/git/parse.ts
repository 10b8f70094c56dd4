import { isUtf8 } from 'node:buffer';
import { parseObjectId, parseRevision } from '../domain/source/revision.js';
import type { FileMode, TreeEntry } from '../domain/source/tree.js';
import type { CommitInfo } from '../ports/job-repository.js';

/** A path from bytes. One that is not UTF-8 keeps its exact bytes beside the text. */
export function pathOf(bytes: Buffer): { path: string; pathHex?: string } {
  const path = bytes.toString('utf8');
  return isUtf8(bytes) ? { path } : { path, pathHex: bytes.toString('hex') };
}

/** Splits output of git's `-z` options, one piece at a time: a listing may have a hundred thousand. */
export function* records(output: Buffer): Iterable<Buffer> {
  let from = 0;
  for (let at = output.indexOf(0); at >= 0; at = output.indexOf(0, from)) {
    yield output.subarray(from, at);
    from = at + 1;
  }
}

/** `git ls-tree -r -l -z`: `MODE TYPE ID SIZE\tPATH`. */
export function parseLsTree(output: Buffer): TreeEntry[] {
  return Array.from(records(output), (record) => {
    const tab = record.indexOf(0x09);
    const type = record.indexOf(0x20) + 1;
    const start = record.indexOf(0x20, type) + 1;
    const end = record.indexOf(0x20, start);
    // Each part is a text of its own: a slice would keep the whole line in memory.
    const id = parseObjectId(record.toString('latin1', start, end));
    const size = record.toString('latin1', end, tab).trim();
    if (id === undefined) throw new Error(`git ls-tree printed ${record.toString('latin1').slice(0, 100)}`);
    return {
      ...pathOf(record.subarray(tab + 1)),
      mode: fileMode(record.toString('latin1', 0, type - 1)),
      id,
      ...(size === '-' ? {} : { size: Number(size) }),
    };
  });
}

/** Old repositories hold group-writable and other odd modes; git itself treats them as plain files. */
export function fileMode(mode: string): FileMode {
  if (mode === '120000' || mode === '160000' || mode === '100755') return mode;
  return '100644';
}

/** Fields of one commit for `git log -z --format`, in the order that `parseLog` reads. Ends in the raw message. */
export const LOG_FORMAT = ['%H', '%P', '%an', '%ae', '%aI', '%B'].join('%x1f');

/** Commits printed with LOG_FORMAT. */
export function parseLog(output: Buffer): CommitInfo[] {
  return [...records(Buffer.concat([output, Buffer.from([0])]))]
    .map((record) => record.toString('utf8'))
    .filter((text) => text.trim() !== '')
    .map((text) => {
      const [hash = '', parents = '', name = '', email = '', at = '', ...message] = text
        .replace(/^\n+/, '')
        .split('\x1f');
      const revision = parseRevision(hash);
      if (revision === undefined) throw new Error(`git log printed ${text.slice(0, 100)}`);
      const whole = message.join('\x1f');
      const [subject = '', ...body] = whole.split('\n');
      return {
        revision,
        parents: parents.split(' ').flatMap((p) => parseRevision(p) ?? []),
        author: { name, email },
        at,
        subject,
        body: body.join('\n').trim(),
        trailers: parseTrailers(whole),
      };
    });
}

/** Trailers of a message by git's rule: the last paragraph, when every line of it is `Key: value` (or a continuation). */
export function parseTrailers(message: string): { key: string; value: string }[] {
  const paragraphs = message.trimEnd().split(/\n[ \t]*\n/);
  if (paragraphs.length < 2) return [];
  const lines = (paragraphs.at(-1) ?? '').split('\n');
  const trailers: { key: string; value: string }[] = [];
  for (const line of lines) {
    const match = /^([A-Za-z0-9-]+)[ \t]*:[ \t]*(.*)$/.exec(line);
    const last = trailers.at(-1);
    if (match !== null) trailers.push({ key: match[1] ?? '', value: (match[2] ?? '').trim() });
    else if (/^[ \t]+\S/.test(line) && last !== undefined) last.value += ` ${line.trim()}`;
    else return [];
  }
  return trailers;
}

/** False for what git reads as more than a name: `main~1`, `a..b`, `HEAD@{1}` (the rules of git check-ref-format). */
export function isRefName(name: string): boolean {
  return !/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{/.test(name);
}

import { isAscii, isUtf8 } from 'node:buffer';
import { parseObjectId, parseRevision } from '../domain/source/revision.js';
import { parseTrailers } from '../domain/source/trailers.js';
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

/** `git ls-tree -r -l -z`, piece by piece as it comes. */
export async function parseLsTree(output: AsyncIterable<Buffer>): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  let rest: Buffer[] = [];
  for await (const piece of output) {
    const end = piece.lastIndexOf(0) + 1;
    if (end > 0) {
      const whole = piece.subarray(0, end);
      parseEntries(rest.length === 0 ? whole : Buffer.concat([...rest, whole]), entries);
      rest = [];
    }
    if (end < piece.byteLength) rest.push(Buffer.from(piece.subarray(end)));
  }
  if (rest.length > 0) throw new Error('git ls-tree was cut off');
  return entries;
}

/** `MODE TYPE ID SIZE\tPATH`, byte by byte since there may be a hundred thousand. */
function parseEntries(output: Buffer, entries: TreeEntry[]): void {
  const plain = isAscii(output);
  for (let from = 0, end = output.indexOf(0); end >= 0; from = end + 1, end = output.indexOf(0, from)) {
    const start = output.indexOf(SPACE, from + '100644 '.length) + 1;
    const tab = output.indexOf(TAB, start);
    const stop = output.indexOf(SPACE, start);
    const id = parseObjectId(output.toString('latin1', start, stop));
    if (id === undefined || tab < stop)
      throw new Error(`git ls-tree printed ${output.toString('latin1', from, Math.min(end, from + 100))}`);
    const size = sizeIn(output, stop, tab);
    const mode = modeAt(output, from);
    const path = output.toString(plain ? 'latin1' : 'utf8', tab + 1, end);
    const entry: TreeEntry = size < 0 ? { path, mode, id } : { path, mode, id, size };
    if (!plain && !isUtf8(output.subarray(tab + 1, end)))
      entry.pathHex = output.toString('hex', tab + 1, end);
    entries.push(entry);
  }
}

const [TAB, SPACE, ZERO, MINUS] = [0x09, 0x20, 0x30, 0x2d];

/** Digits after spaces; -1 for the `-` of what has no size. */
function sizeIn(bytes: Buffer, from: number, to: number): number {
  let size = 0;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? SPACE;
    if (byte === MINUS) return -1;
    if (byte !== SPACE) size = size * 10 + byte - ZERO;
  }
  return size;
}

/** Told apart by a digit or two: `120000`, `160000`, `100755`, and everything else is a plain file. */
function modeAt(bytes: Buffer, from: number): FileMode {
  const digit = (at: number): number => (bytes[from + at] ?? ZERO) - ZERO;
  if (digit(1) === 2) return '120000';
  if (digit(1) === 6) return '160000';
  return digit(3) === 7 && digit(4) === 5 ? '100755' : '100644';
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

/** False for what git reads as more than a name: `main~1`, `a..b`, `HEAD@{1}` (the rules of git check-ref-format). */
export function isRefName(name: string): boolean {
  return !/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{/.test(name);
}

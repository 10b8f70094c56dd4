import { parseObjectId, type ObjectId } from '../source/revision.js';

/** A commit, as far as its signature is about it. */
export interface SignedCommit {
  /** Exactly the bytes that were signed. */
  payload: Uint8Array;
  kind: SignatureKind;
  /** Armored, as it stood in the header; '' where there is none. */
  signature: string;
  tree: ObjectId;
  parents: ObjectId[];
  author: Person;
  committer: Person;
}

/** unknown: there is something in the place of a signature that is none of them. */
export type SignatureKind = 'ssh' | 'gpg' | 'x509' | 'none' | 'unknown';

export interface Person {
  name: string;
  email: string;
  /** In ms since the epoch. */
  at: number;
}

interface Header {
  name: string;
  /** The value's lines without the space that a continuation begins with. */
  lines: string[];
  /** Where it stands in the bytes. */
  from: number;
  to: number;
}

/**
 * The parts of a commit, from its bytes as `git cat-file commit` prints them, by git's own rules: the signature is the
 * header of the repository's object format, and what was signed is all else, without the header for the other format. Or
 * why it is no commit.
 */
export function parseSignedCommit(bytes: Uint8Array): SignedCommit | { reason: string } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = buffer.indexOf('\n\n');
  if (end < 0) return { reason: 'it has no end of its headers' };
  const headers = headersOf(buffer, end + 1);
  if (headers === undefined) return { reason: 'a header of it is none' };
  const only = (name: string): string | undefined => {
    const found = headers.filter((header) => header.name === name);
    return found.length === 1 && found[0]?.lines.length === 1 ? found[0].lines[0] : undefined;
  };
  const tree = parseObjectId(only('tree') ?? '');
  const [author, committer] = [personOf(only('author')), personOf(only('committer'))];
  if (tree === undefined || author === undefined || committer === undefined)
    return { reason: 'it has not one tree, one author and one committer' };
  const own = tree.length === 64 ? 'gpgsig-sha256' : 'gpgsig';
  const signatures = headers.filter(({ name }) => name === own);
  const signature = signatures[0]?.lines.join('\n') ?? '';
  return {
    payload: without(
      buffer,
      headers.filter(({ name }) => name.startsWith('gpgsig')),
    ),
    // Two of them are none: tools would choose differently.
    kind: signatures.length > 1 ? 'unknown' : kindOf(signature, signatures.length),
    signature,
    tree,
    parents: headers.flatMap(({ name, lines }) =>
      name === 'parent' ? (parseObjectId(lines.join('\n')) ?? []) : [],
    ),
    author,
    committer,
  };
}

/** The headers before `end`, continuation lines with theirs; undefined where a line is none. */
function headersOf(buffer: Buffer, end: number): Header[] | undefined {
  const headers: Header[] = [];
  for (let from = 0; from < end;) {
    const to = buffer.indexOf(0x0a, from) + 1;
    const line = buffer.toString('utf8', from, to - 1);
    const last = headers.at(-1);
    if (line.startsWith(' ')) {
      if (last === undefined) return undefined;
      last.lines.push(line.slice(1));
      last.to = to;
    } else {
      const space = line.indexOf(' ');
      if (space <= 0) return undefined;
      headers.push({ name: line.slice(0, space), lines: [line.slice(space + 1)], from, to });
    }
    from = to;
  }
  return headers;
}

function without(buffer: Buffer, headers: readonly Header[]): Uint8Array {
  if (headers.length === 0) return buffer;
  const kept: Buffer[] = [];
  let at = 0;
  for (const { from, to } of headers) {
    kept.push(buffer.subarray(at, from));
    at = to;
  }
  return Buffer.concat([...kept, buffer.subarray(at)]);
}

function kindOf(signature: string, count: number): SignatureKind {
  if (count === 0) return 'none';
  if (signature.startsWith('-----BEGIN SSH SIGNATURE-----')) return 'ssh';
  if (/^-----BEGIN PGP (SIGNATURE|MESSAGE)-----/.test(signature)) return 'gpg';
  return signature.startsWith('-----BEGIN SIGNED MESSAGE-----') ? 'x509' : 'unknown';
}

/** `NAME <EMAIL> SECONDS ZONE`. */
function personOf(text: string | undefined): Person | undefined {
  const [, name = '', email = '', seconds = ''] =
    /^(?:([^<>\n]*) )?<([^<>\n]*)> (-?\d{1,15}) [+-]\d{4,}$/.exec(text ?? '') ?? [];
  return seconds === '' ? undefined : { name, email, at: Number(seconds) * 1000 };
}

import { createHash } from 'node:crypto';
import { parseObjectId, type ObjectFormat, type ObjectId } from './revision.js';

/** One line of a tree object: a file or a folder. */
export interface TreeMember {
  name: Buffer;
  /** `40000` for folders. */
  mode: string;
  id: ObjectId;
}

const SLASH = 0x2f;

/** The names on the way of a path, as Latin-1 text: a lossless stand-in for their bytes. */
export function splitPath(path: Buffer): string[] {
  return path.toString('latin1').split(String.fromCharCode(SLASH));
}

/**
 * The id of one tree object, computed as git does: a list of `MODE NAME\0ID`, ordered by the bytes of the names with
 * folders compared as if they ended in `/`.
 */
export function treeObjectId(members: readonly TreeMember[], format: ObjectFormat): ObjectId {
  const lines = members.map(({ name, mode, id }) => ({
    key: mode === '40000' ? Buffer.concat([name, Buffer.from([SLASH])]) : name,
    line: Buffer.concat([Buffer.from(`${mode} `), name, Buffer.from([0]), Buffer.from(id, 'hex')]),
  }));
  lines.sort((a, b) => Buffer.compare(a.key, b.key));
  return gitObjectId('tree', Buffer.concat(lines.map(({ line }) => line)), format);
}

/** The lines of a tree object in their order; undefined where the bytes are none. Names are Latin-1 text, as in `splitPath`. */
export function parseTreeObject(
  bytes: Uint8Array,
  format: ObjectFormat,
): Map<string, Pick<TreeMember, 'mode' | 'id'>> | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lines = new Map<string, Pick<TreeMember, 'mode' | 'id'>>();
  const idLength = format === 'sha256' ? 32 : 20;
  for (let at = 0; at < buffer.length;) {
    const space = buffer.indexOf(0x20, at);
    const end = space < 0 ? -1 : buffer.indexOf(0x00, space);
    const id = end < 0 ? undefined : parseObjectId(buffer.toString('hex', end + 1, end + 1 + idLength));
    if (id === undefined) return undefined;
    lines.set(buffer.toString('latin1', space + 1, end), { mode: buffer.toString('latin1', at, space), id });
    at = end + 1 + idLength;
  }
  return lines;
}

/** The id that an object of these bytes has. */
export function gitObjectId(
  type: 'blob' | 'tree' | 'commit' | 'tag',
  bytes: Uint8Array,
  format: ObjectFormat,
): ObjectId {
  return createHash(format).update(`${type} ${bytes.byteLength}\0`).update(bytes).digest('hex') as ObjectId;
}

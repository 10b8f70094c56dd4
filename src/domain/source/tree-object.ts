import { createHash } from 'node:crypto';
import type { ObjectFormat, ObjectId } from './revision.js';

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

/** The id that an object of these bytes has. */
export function gitObjectId(
  type: 'blob' | 'tree' | 'commit' | 'tag',
  bytes: Uint8Array,
  format: ObjectFormat,
): ObjectId {
  return createHash(format).update(`${type} ${bytes.byteLength}\0`).update(bytes).digest('hex') as ObjectId;
}

import type { Brand } from './brand.js';

/** A commit of the job repository: the full id, lower-case hexadecimal (40 digits, or 64 in SHA-256 repositories). */
export type Revision = Brand<string, 'Revision'>;
/** Any Git object id. */
export type ObjectId = Brand<string, 'ObjectId'>;
export type ObjectFormat = 'sha1' | 'sha256';

const HEX = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

export function parseRevision(text: string): Revision | undefined {
  return HEX.test(text) ? (text as Revision) : undefined;
}

export function parseObjectId(text: string): ObjectId | undefined {
  return HEX.test(text) ? (text as ObjectId) : undefined;
}

/** True for the all-zero id that git uses for "does not exist" in hooks. */
export function isZeroId(text: string): boolean {
  return /^0+$/.test(text) && HEX.test(text);
}

export function formatOf(id: ObjectId | Revision): ObjectFormat {
  return id.length === 64 ? 'sha256' : 'sha1';
}

/** Short form for people, never for tools. */
export function short(id: string): string {
  return id.slice(0, 10);
}

import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from './json.js';

/** A name for a document by its content: equal values, whatever their key order, have equal digests. */
export function digest(value: Json): string {
  return `sha256:${createHash('sha256').update(canonicalJson(value)).digest('hex')}`;
}

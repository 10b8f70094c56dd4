import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from './json.js';

/** A name for a document by its content: equal values, whatever their key order, have equal digests. */
export function digest(value: Json): string {
  return digestOfText(canonicalJson(value));
}

/** The same of a document whose canonical text is at hand. */
export function digestOfText(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

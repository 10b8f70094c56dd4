import { isObject, type Json } from '../json.js';

/** How lists become keys: one for each entry, one with the list as JSON, or none (what git2consul does with inner ones). */
export type ArrayStyle = 'index' | 'json' | 'drop';

export interface Leaf {
  /** Below the file, with `/` between the names; names are percent-encoded. */
  path: string;
  value: string;
}

/**
 * The leaves of a document: a key for every value that is no object. Texts stand as they are, numbers and booleans as
 * JSON writes them, null is empty. A document that is no object or list has none. Not recursive: depth comes from outside.
 */
export function leavesOf(document: Json, arrays: ArrayStyle): Leaf[] {
  const leaves: Leaf[] = [];
  const waiting: { path: string; value: Json; top: boolean }[] = [{ path: '', value: document, top: true }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { path, value, top } = next;
    const below = (name: string): string => `${path}${path === '' ? '' : '/'}${encodeURIComponent(name)}`;
    if (isObject(value) || (Array.isArray(value) && (arrays === 'index' || (arrays === 'drop' && top)))) {
      const members = Object.entries(value).reverse();
      for (const [name, member] of members) waiting.push({ path: below(name), value: member, top: false });
    } else if (!top && !(Array.isArray(value) && arrays === 'drop'))
      leaves.push({ path, value: textOf(value) });
  }
  return leaves;
}

function textOf(value: Json): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

import { parseAllDocuments } from 'yaml';
import type { Json } from '../json.js';

/** The one document of a JSON or YAML text; undefined where it is none, or several: then the text itself is the value. */
export function documentOf(path: string, text: string): Json | undefined {
  return /\.json$/i.test(path) ? parseJson(text) : parseYaml(text);
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')) as Json;
  } catch {
    return undefined;
  }
}

/** Aliases may add so much and no more: a small file must not become millions of keys. */
const MOST_ALIASES = 1000;

function parseYaml(text: string): Json | undefined {
  try {
    const documents = parseAllDocuments(text, { version: '1.2', merge: true, logLevel: 'silent' });
    const [document, second] = 'empty' in documents ? [] : documents;
    if (document === undefined || second !== undefined || document.errors.length > 0) return undefined;
    // Through JSON: what it can't say (dates, sets, .inf) would have no text of its own.
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
    return JSON.parse(JSON.stringify(value ?? null)) as Json;
  } catch {
    return undefined;
  }
}

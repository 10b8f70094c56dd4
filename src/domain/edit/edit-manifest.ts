import type { Manifest } from '../job/manifest.js';
import { parseManifest } from '../job/parse-manifest.js';
import { hasErrors, placeText, type Diagnostic, type Place } from '../source/diagnostic.js';
import {
  canonicalJson,
  isObject,
  pointer,
  segments,
  valueAt,
  type Json,
  type Pointer,
} from '../source/json.js';
import { jsonTokens, yamlTokens, type FindToken, type Token } from './tokens.js';

/** One value that is to be replaced, or put into a mapping that does not have it yet. */
export interface ManifestEdit {
  /** Number of the document in the file, from 0. */
  document: number;
  pointer: Pointer;
  /** A string in place of a string, and so on; anything where there is nothing yet. */
  value: Json;
  /** True: where the mapping does not have it yet, it is put there. */
  add?: boolean;
}

/** An edit of a file of the job repository. */
export interface FileEdit extends ManifestEdit {
  /** Path in the job repository. */
  path: string;
}

type Edited = { bytes: Uint8Array } | { diagnostics: Diagnostic[] };

/**
 * Changes single values in a manifest and nothing else: comments, order, quotes, indentation, line ends and a byte order mark
 * stay byte for byte. The result is parsed again, and accepted only if exactly these places differ. What can't be edited
 * that way is refused with its place (`edit/not-editable`): what is no string, number or boolean, a block scalar, text that other places
 * share by alias or merge key (unless these are among the edits, with the same value).
 */
export function editManifest(path: string, bytes: Uint8Array, edits: readonly ManifestEdit[]): Edited {
  const before = parseManifest(path, bytes);
  if (hasErrors(before.diagnostics)) return { diagnostics: before.diagnostics };
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const found = tokensOf(before, edits, /\.json$/i.test(path) ? jsonTokens(body) : yamlTokens(path, body));
  if ('diagnostics' in found) return found;
  const edited = text.slice(0, text.length - body.length) + spliced(body, found.splices);
  const result = new TextEncoder().encode(edited);
  const wrong = differsElsewhere(before, parseManifest(path, result), edits);
  return wrong === undefined ? { bytes: result } : { diagnostics: [wrong] };
}

interface Splice extends Token {
  value: Json;
}

function tokensOf(
  before: Manifest,
  edits: readonly ManifestEdit[],
  find: FindToken,
): { splices: Splice[] } | { diagnostics: Diagnostic[] } {
  const splices = new Map<string, Splice>();
  const diagnostics: Diagnostic[] = [];
  for (const edit of edits) {
    const token = fitting(find(edit.document, edit.pointer), edit);
    // Several new members may be put in one place; an old one is one text, whoever names it.
    const place =
      typeof token === 'string' ? '' : `${token.start} ${token.is === undefined ? edit.pointer : ''}`;
    const earlier = splices.get(place);
    if (typeof token === 'string') diagnostics.push(notEditable(before, edit, token));
    else if (earlier !== undefined && !same(earlier.value, edit.value))
      diagnostics.push(
        notEditable(
          before,
          edit,
          `is the same text as another place, which is to be ${JSON.stringify(earlier.value)}`,
        ),
      );
    else splices.set(place, { ...token, value: edit.value });
  }
  return diagnostics.length > 0 ? { diagnostics } : { splices: [...splices.values()] };
}

function fitting(token: Token | string, { value, add = false }: ManifestEdit): Token | string {
  if (typeof token === 'string') return token;
  if (token.is === undefined) return add ? token : 'is not there';
  return typeof token.is === typeof value ? token : `is no ${typeof value}`;
}

function same(a: Json, b: Json): boolean {
  return canonicalJson(a) === canonicalJson(b);
}

function spliced(text: string, splices: readonly Splice[]): string {
  let result = text;
  for (const { start, end, is, written, value } of [...splices].sort((a, b) => b.start - a.start))
    if (is !== value) result = result.slice(0, start) + written(value) + result.slice(end);
  return result;
}

/** Compares what the file states before and after, with the wanted values put in: there must be no other difference. */
function differsElsewhere(
  before: Manifest,
  after: Manifest,
  edits: readonly ManifestEdit[],
): Diagnostic | undefined {
  const [first] = edits;
  if (first === undefined) return undefined;
  if (hasErrors(after.diagnostics) || after.documents.length !== before.documents.length)
    return notEditable(before, first, 'can not be changed without breaking the file');
  for (const [at, document] of before.documents.entries()) {
    const { index, value } = document;
    const mine = edits.filter((edit) => edit.document === index);
    const wanted = mine.reduce((all, edit) => withValue(all, segments(edit.pointer), edit.value), value);
    const stray = difference(wanted, after.documents[at]?.value, '');
    if (stray === undefined) continue;
    const cause = mine.find((edit) => edit.pointer === stray);
    if (cause !== undefined)
      return notEditable(before, cause, `would not be read back as ${JSON.stringify(cause.value)}`);
    const sharer =
      mine.find((edit) => valueAt(value, edit.pointer) === valueAt(value, stray)) ?? mine[0] ?? first;
    return notEditable(
      before,
      sharer,
      `is shared, by alias or merge key, with ${stray} (${placeText(document.placeOf(stray))})`,
    );
  }
  return undefined;
}

/** The first place at which two values differ. */
function difference(a: Json | undefined, b: Json | undefined, at: Pointer): Pointer | undefined {
  if (a === undefined || b === undefined) return at;
  if (canonicalJson(a) === canonicalJson(b)) return undefined;
  if (Array.isArray(a) !== Array.isArray(b) || typeof a !== 'object' || typeof b !== 'object') return at;
  if (a === null || b === null) return at;
  const [left, right] = [entriesOf(a), entriesOf(b)];
  for (const name of new Set([...left.keys(), ...right.keys()])) {
    const found = difference(left.get(name), right.get(name), at + pointer(name));
    if (found !== undefined) return found;
  }
  return at;
}

function entriesOf(value: Json): Map<string, Json> {
  return new Map(isObject(value) || Array.isArray(value) ? Object.entries(value) : []);
}

function withValue(value: Json, path: readonly string[], wanted: Json): Json {
  const [head, ...rest] = path;
  if (head === undefined) return wanted;
  if (Array.isArray(value))
    return value.map((item, at) => (at === Number(head) ? withValue(item, rest, wanted) : item));
  return isObject(value) ? { ...value, [head]: withValue(value[head] ?? null, rest, wanted) } : value;
}

function notEditable(manifest: Manifest, { document, pointer: at }: ManifestEdit, why: string): Diagnostic {
  const place: Place = manifest.documents.find(({ index }) => index === document)?.placeOf(at) ?? {
    file: manifest.path,
    pointer: at,
  };
  return {
    code: 'edit/not-editable',
    severity: 'error',
    message: `${at === '' ? 'the document' : at} ${why}`,
    fix: 'Write it as a plain or quoted value of its own there, or change it by hand.',
    place,
  };
}

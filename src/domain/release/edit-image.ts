import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type Document,
  type Scalar,
} from 'yaml';
import { applyEdits, modify } from 'jsonc-parser';
import { parseManifest } from '../job/parse-manifest.js';
import type { Manifest } from '../job/manifest.js';
import { hasErrors, type Diagnostic, type Place } from '../source/diagnostic.js';
import { canonicalJson, segments, valueAt, type Json, type Pointer } from '../source/json.js';

/** One string that is to be replaced. */
export interface ImageEdit {
  /** Number of the document in the file, from 0. */
  document: number;
  pointer: Pointer;
  value: string;
}

/**
 * Replaces strings in a manifest and nothing else: comments, order, quotes, indentation and line ends stay byte for
 * byte. The result is parsed again, and accepted only if exactly these places differ; what can't be edited that way is
 * refused with its place.
 */
export function editImage(
  path: string,
  bytes: Uint8Array,
  edits: readonly ImageEdit[],
): { bytes: Uint8Array } | { diagnostics: Diagnostic[] } {
  const before = parseManifest(path, bytes);
  if (hasErrors(before.diagnostics)) return { diagnostics: before.diagnostics };
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const edited = /\.json$/i.test(path) ? editJson(text, edits) : editYaml(path, text, edits);
  if (typeof edited !== 'string') return { diagnostics: edited };
  const result = new TextEncoder().encode(edited);
  const wrong = differsElsewhere(before, parseManifest(path, result), edits);
  return wrong === undefined ? { bytes: result } : { diagnostics: [wrong] };
}

function editJson(text: string, edits: readonly ImageEdit[]): string {
  const bom = text.startsWith('\uFEFF') ? '\uFEFF' : '';
  let body = text.slice(bom.length);
  for (const { pointer, value } of edits)
    body = applyEdits(body, modify(body, pathOf(body, pointer), value, {}));
  return bom + body;
}

/** jsonc-parser tells array places from keys by the type of the segment. */
function pathOf(text: string, pointer: Pointer): (string | number)[] {
  let value = JSON.parse(text) as Json;
  return segments(pointer).map((segment) => {
    const isArray = Array.isArray(value);
    value = valueAt(value, `/${segment.replaceAll('~', '~0').replaceAll('/', '~1')}`) ?? null;
    return isArray ? Number(segment) : segment;
  });
}

function editYaml(path: string, text: string, edits: readonly ImageEdit[]): string | Diagnostic[] {
  const bom = text.startsWith('\uFEFF') ? '\uFEFF' : '';
  const body = text.slice(bom.length);
  const lines = new LineCounter();
  const parsed = parseAllDocuments(body, { version: '1.2', schema: 'core', merge: true, lineCounter: lines });
  const documents = (Array.isArray(parsed) ? parsed : []) as Document.Parsed[];
  const splices = new Map<number, { end: number; text: string }>();
  const refused: Diagnostic[] = [];
  for (const { document, pointer, value } of edits) {
    const at = (offset: number): Place => {
      const { line, col } = lines.linePos(offset);
      return { file: path, line: Math.max(1, line), column: Math.max(1, col), pointer };
    };
    const doc = documents[document];
    const found = doc === undefined ? 'it is not there' : scalarAt(doc, pointer);
    if (typeof found === 'string') {
      refused.push(notEditable(`${pointer} can't be edited: ${found}`, { file: path, pointer }));
      continue;
    }
    const [start, end] = found.range ?? [0, 0];
    if (found.type === 'BLOCK_LITERAL' || found.type === 'BLOCK_FOLDED') {
      refused.push(notEditable(`${pointer} is a block scalar`, at(start)));
      continue;
    }
    splices.set(start, { end, text: quotedLike(found, value) });
  }
  if (refused.length > 0) return refused;
  let result = body;
  for (const [start, { end, text: replacement }] of [...splices].sort(([a], [b]) => b - a))
    result = result.slice(0, start) + replacement + result.slice(end);
  return bom + result;
}

/** The scalar at a pointer, or why there is none that could be edited for this place alone. */
function scalarAt(document: Document.Parsed, pointer: Pointer): Scalar | string {
  let node: unknown = document.contents;
  for (const segment of segments(pointer)) {
    if (isAlias(node))
      return 'it stands behind an alias, which other places may share; edit the anchor by hand';
    if (isMap(node)) {
      const pair = node.items.find((p) => isScalar(p.key) && String(p.key.value) === segment);
      if (pair === undefined) return 'it comes from a merge key ("<<"); edit the merged value by hand';
      node = pair.value;
    } else if (isSeq(node)) node = node.items[Number(segment)];
    else return 'it is not there';
  }
  if (isAlias(node)) return 'it is an alias; edit the anchored value by hand';
  return isScalar(node) ? node : 'it is no plain value';
}

/** The value in the quotes that stand there; plain text gets quotes only where it would not be read as this text. */
function quotedLike(scalar: Scalar, value: string): string {
  if (scalar.type === 'QUOTE_DOUBLE') return JSON.stringify(value);
  if (scalar.type === 'QUOTE_SINGLE') return `'${value.replaceAll("'", "''")}'`;
  return /^[A-Za-z][\w./@-]*(:[\w./@-]+)*$/.test(value) &&
    !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value)
    ? value
    : JSON.stringify(value);
}

function notEditable(message: string, place: Place): Diagnostic {
  return {
    code: 'release/not-editable',
    severity: 'error',
    message,
    fix: 'Write the image as a plain or quoted string of its own there, or change it by hand.',
    place,
  };
}

/** Compares what the file states before and after, with the wanted values put in: there must be no other difference. */
function differsElsewhere(
  before: Manifest,
  after: Manifest,
  edits: readonly ImageEdit[],
): Diagnostic | undefined {
  const wanted = before.documents.map(({ index, value }) => {
    const copy = structuredClone(value);
    const mine = edits.filter((edit) => edit.document === index);
    return mine.reduce<Json>(
      (all, { pointer, value: text }) => withValue(all, segments(pointer), text),
      copy,
    );
  });
  const same =
    !hasErrors(after.diagnostics) &&
    after.documents.length === wanted.length &&
    after.documents.every(({ value }, at) => canonicalJson(value) === canonicalJson(wanted[at] ?? null));
  if (same) return undefined;
  const first = edits[0];
  const place = before.documents.find((d) => d.index === first?.document)?.placeOf(first?.pointer ?? '') ?? {
    file: before.path,
  };
  return notEditable('the edit would change more than the image', place);
}

function withValue(value: Json, path: readonly string[], text: string): Json {
  const [head, ...rest] = path;
  if (head === undefined) return text;
  if (Array.isArray(value))
    return value.map((item, at) => (at === Number(head) ? withValue(item, rest, text) : item));
  if (typeof value !== 'object' || value === null) return value;
  return { ...value, [head]: withValue(value[head] ?? null, rest, text) };
}

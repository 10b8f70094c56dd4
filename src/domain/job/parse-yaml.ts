import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  type Document,
  type Node,
  type Scalar,
} from 'yaml';
import type { Diagnostic, Place, Severity } from '../source/diagnostic.js';
import { segments, type Json, type Pointer } from '../source/json.js';
import { MOST_DEPTH, type Manifest, type ManifestDocument } from './manifest.js';
import { numberProblem } from './parse-json.js';

/** Times that aliases may be resolved in one document; more is an attack, not a manifest. */
const MOST_ALIASES = 100;

/** YAML 1.2 with merge keys, as teams use them; everything that JSON can't say is an error. */
export function parseYamlManifest(path: string, text: string): Manifest {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, {
    version: '1.2',
    schema: 'core',
    merge: true,
    uniqueKeys: true,
    strict: true,
    lineCounter: lines,
    prettyErrors: false,
  });
  const all = (Array.isArray(parsed) ? parsed : []) as Document.Parsed[];
  const diagnostics: Diagnostic[] = [];
  const documents: ManifestDocument[] = [];
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file: path, line: Math.max(1, line), column: Math.max(1, col) };
  };
  for (const [index, document] of all.entries()) {
    const found = findings(document, at);
    diagnostics.push(...found);
    if (found.some((d) => d.severity === 'error')) continue;
    const value = document.toJS({ maxAliasCount: MOST_ALIASES }) as Json | undefined;
    if (value === null || value === undefined) continue;
    documents.push({ index, value: value as Json, placeOf: placesOf(document, at) });
  }
  return { path, documents, diagnostics };
}

function findings(document: Document.Parsed, at: (offset: number) => Place): Diagnostic[] {
  const found: Diagnostic[] = [];
  const report = (code: string, severity: Severity, message: string, offset: number, fix?: string): void => {
    found.push({
      code: `manifest/${code}`,
      severity,
      message,
      ...(fix === undefined ? {} : { fix }),
      place: at(offset),
    });
  };
  for (const error of document.errors) {
    const duplicate = error.code === 'DUPLICATE_KEY';
    report(
      duplicate ? 'duplicate-key' : 'syntax',
      'error',
      duplicate ? 'this key is there twice' : firstLine(error.message),
      error.pos[0],
      duplicate ? 'Keep one of them.' : undefined,
    );
  }
  for (const warning of document.warnings)
    report(
      'tag',
      'error',
      firstLine(warning.message),
      warning.pos[0],
      'Remove the tag: manifests hold plain values.',
    );
  let aliases = 0;
  visit(document, (_key, node, path) => {
    if (path.filter((n) => !isPair(n)).length > MOST_DEPTH + 1) {
      report(
        'too-deep',
        'error',
        `it is nested more than ${MOST_DEPTH} levels deep`,
        offsetOf(node as Node),
        'Flatten it.',
      );
      return visit.BREAK;
    }
    if (isAlias(node) && ++aliases > MOST_ALIASES) {
      report(
        'aliases',
        'error',
        `it uses more than ${MOST_ALIASES} aliases`,
        offsetOf(node),
        'Write the values out.',
      );
      return visit.BREAK;
    }
    if (isPair(node)) checkKey(node.key, report);
    else if (isScalar(node)) checkScalar(node, report);
    return undefined;
  });
  if (found.every((f) => f.severity !== 'error')) {
    try {
      document.toJS({ maxAliasCount: MOST_ALIASES });
    } catch (error) {
      report(
        'aliases',
        'error',
        firstLine(error instanceof Error ? error.message : String(error)),
        0,
        'Write the values out.',
      );
    }
  }
  return found;
}

type Report = (code: string, severity: Severity, message: string, offset: number, fix?: string) => void;

function checkKey(key: unknown, report: Report): void {
  if (isMap(key) || isSeq(key))
    return report('key', 'error', 'a key must be plain text', offsetOf(key), 'Quote it.');
  if (isScalar(key) && key.value === '__proto__')
    report('key', 'error', 'the key "__proto__" is not allowed', offsetOf(key), 'Remove it.');
  if (isScalar(key) && key.value === null)
    report('key', 'error', 'a key is missing', offsetOf(key), 'Write the key before the colon.');
}

/** Words and numbers that YAML 1.1 reads differently: teams move files between tools, and the two disagree silently. */
const YAML_1_1_BOOLEAN = /^(y|n|yes|no|on|off)$/i;
const YAML_1_1_NUMBER = /^[-+]?(0[0-9]+|[0-9][0-9_]*_[0-9_]*|[1-9][0-9]*(:[0-5]?[0-9])+)$/;

function checkScalar(node: Scalar, report: Report): void {
  const { value, source = '' } = node;
  if (typeof value === 'number') {
    const problem = numberProblem(source, value);
    if (problem !== undefined)
      report('number', 'error', problem, offsetOf(node), 'Quote it, or write a smaller number.');
  }
  if (node.type !== 'PLAIN') return;
  if (typeof value === 'string' && YAML_1_1_BOOLEAN.test(source))
    report(
      'yaml-1.1',
      'warning',
      `"${source}" is text here; older tools read it as true or false`,
      offsetOf(node),
      'Quote it, or write true or false.',
    );
  else if (YAML_1_1_NUMBER.test(source))
    report(
      'yaml-1.1',
      'warning',
      `${source} is ${typeof value === 'number' ? `the number ${value}` : 'text'} here; older tools read it differently`,
      offsetOf(node),
      'Quote it, or write it in decimal.',
    );
}

function placesOf(document: Document.Parsed, at: (offset: number) => Place): ManifestDocument['placeOf'] {
  return (where: Pointer, part: 'key' | 'value' = 'value'): Place => {
    let node: unknown = document.contents;
    let key: unknown;
    for (const segment of segments(where)) {
      const target = isAlias(node) ? node.resolve(document) : node;
      if (isMap(target)) {
        const pair = target.items.find((p) => isScalar(p.key) && String(p.key.value) === segment);
        if (pair === undefined) break;
        key = pair.key;
        node = pair.value;
      } else if (isSeq(target)) {
        const item = target.items[Number(segment)];
        if (item === undefined) break;
        key = undefined;
        node = item;
      } else break;
    }
    const shown = (part === 'key' || node === null) && key !== undefined ? key : node;
    return { ...at(offsetOf(shown)), pointer: where };
  };
}

function offsetOf(node: unknown): number {
  const range = (node as { range?: [number, number, number] | null } | undefined | null)?.range;
  return range?.[0] ?? 0;
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? text).replace(/:$/, '');
}

import { parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import type { Diagnostic, Place } from '../source/diagnostic.js';
import { segments, type Json, type Pointer } from '../source/json.js';
import { Lines } from './lines.js';
import { MOST_DEPTH, type Manifest } from './manifest.js';

/** Strict JSON with places: no comments, no trailing commas, no key twice, no number that loses digits. */
export function parseJsonManifest(path: string, text: string): Manifest {
  const lines = new Lines(text);
  const diagnostics: Diagnostic[] = [];
  const report = (code: string, message: string, offset: number, fix?: string): void => {
    diagnostics.push({
      code: `manifest/${code}`,
      severity: 'error',
      message,
      ...(fix === undefined ? {} : { fix }),
      place: { file: path, ...lines.at(offset) },
    });
  };
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, {
    disallowComments: true,
    allowTrailingComma: false,
    allowEmptyContent: false,
  });
  for (const { error, offset } of errors.slice(0, 20))
    report('syntax', syntaxText(printParseErrorCode(error)), offset);
  if (errors.length === 0 && tree !== undefined) checkNodes(tree, text, report);
  if (diagnostics.length > 0 || tree === undefined) return { path, documents: [], diagnostics };
  const value = JSON.parse(text) as Json;
  const placeOf = (at: Pointer, part: 'key' | 'value' = 'value'): Place => {
    const node = nearest(tree, segments(at));
    const target =
      part === 'key' && node.parent?.type === 'property' ? (node.parent.children?.[0] ?? node) : node;
    return { file: path, ...lines.at(target.offset), pointer: at };
  };
  return { path, documents: [{ index: 0, value, placeOf }], diagnostics };
}

function checkNodes(
  root: Node,
  text: string,
  report: (code: string, message: string, offset: number, fix?: string) => void,
): void {
  const waiting: { node: Node; depth: number }[] = [{ node: root, depth: 0 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, depth } = next;
    if (depth > MOST_DEPTH)
      return report(
        'too-deep',
        `it is nested more than ${MOST_DEPTH} levels deep`,
        node.offset,
        'Flatten it.',
      );
    if (node.type === 'number') checkNumber(node, text, report);
    if (node.type === 'object') checkKeys(node, report);
    const down = node.type === 'property' ? depth : depth + 1;
    for (const child of node.children ?? []) waiting.push({ node: child, depth: down });
  }
}

function checkNumber(
  node: Node,
  text: string,
  report: (code: string, message: string, offset: number, fix?: string) => void,
): void {
  const literal = text.slice(node.offset, node.offset + node.length);
  const problem = numberProblem(literal, Number(literal));
  if (problem !== undefined)
    report('number', problem, node.offset, 'Write it as a string, or as a smaller number.');
}

/** Why a number would not survive being read: it is not finite, or it loses digits. */
export function numberProblem(literal: string, value: number): string | undefined {
  if (!Number.isFinite(value)) return `${literal} is not a finite number`;
  const whole = /^[-+]?[0-9]+$/.test(literal);
  return whole && !Number.isSafeInteger(value)
    ? `${literal} is too large: its last digits would be lost`
    : undefined;
}

function checkKeys(
  node: Node,
  report: (code: string, message: string, offset: number, fix?: string) => void,
): void {
  const seen = new Set<string>();
  for (const property of node.children ?? []) {
    const key = property.children?.[0];
    const name = String(key?.value);
    if (key !== undefined && seen.has(name))
      report('duplicate-key', `the key "${name}" is there twice`, key.offset, 'Keep one of them.');
    if (key !== undefined && name === '__proto__')
      report('key', 'the key "__proto__" is not allowed', key.offset, 'Remove it.');
    seen.add(name);
  }
}

function nearest(root: Node, path: readonly string[]): Node {
  let node = root;
  for (const segment of path) {
    const next =
      node.type === 'array'
        ? node.children?.[Number(segment)]
        : node.children?.find((property) => property.children?.[0]?.value === segment)?.children?.[1];
    if (next === undefined) break;
    node = next;
  }
  return node;
}

const SYNTAX: Record<string, string> = {
  InvalidSymbol: 'this is no JSON value',
  InvalidNumberFormat: 'this is no JSON number',
  PropertyNameExpected: 'a key in double quotes is expected here',
  ValueExpected: 'a value is expected here',
  ColonExpected: 'a colon is expected here',
  CommaExpected: 'a comma is expected here',
  CloseBraceExpected: 'a closing brace "}" is missing',
  CloseBracketExpected: 'a closing bracket "]" is missing',
  EndOfFileExpected: 'the document ends before this',
  InvalidCommentToken: 'JSON has no comments',
  UnexpectedEndOfComment: 'JSON has no comments',
  UnexpectedEndOfString: 'this string does not end',
  UnexpectedEndOfNumber: 'this number does not end',
  InvalidUnicode: 'this escape is not complete',
  InvalidEscapeCharacter: 'JSON does not know this escape',
  InvalidCharacter: 'this character must be escaped',
};

function syntaxText(code: string): string {
  return SYNTAX[code] ?? code;
}

import { parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import type { Place } from '../../source/diagnostic.js';
import { segments, type Json, type Pointer } from '../../source/json.js';
import { Findings } from './findings.js';
import { Lines } from './lines.js';
import { MOST_DEPTH, plainDocument, type Manifest } from '../manifest.js';
import { isBroken, numberProblem, shown } from './scalar-text.js';

/** Strict JSON with places: no comments, no trailing commas, no key twice, no number that loses digits. */
export function parseJsonManifest(path: string, text: string): Manifest {
  const findings = new Findings(path, new Lines(text));
  const tree = checkedTree(text, findings);
  const value = tree === undefined ? undefined : strictValue(text, findings);
  if (tree === undefined || value === undefined)
    return { path, documents: [], diagnostics: findings.diagnostics };
  const placeOf = (at: Pointer, part: 'key' | 'value' = 'value'): Place => {
    const node = nearestJsonNode(tree, segments(at)).node;
    const target =
      part === 'key' && node.parent?.type === 'property' ? (node.parent.children?.[0] ?? node) : node;
    return { ...findings.at(target.offset), pointer: at };
  };
  return {
    path,
    documents: [plainDocument(path, { index: 0, value, placeOf })],
    diagnostics: findings.diagnostics,
  };
}

function checkedTree(text: string, findings: Findings): Node | undefined {
  const deep = tooDeep(text);
  if (deep !== undefined) {
    findings.error('too-deep', `it is nested more than ${MOST_DEPTH} levels deep`, deep, 'Flatten it.');
    return undefined;
  }
  const errors: ParseError[] = [];
  const tree = parseJsonTree(text, errors);
  for (const { error, offset } of errors) {
    const code = printParseErrorCode(error);
    const comma =
      code === 'PropertyNameExpected' || code === 'ValueExpected' ? lastComma(text, offset) : undefined;
    if (comma !== undefined)
      findings.error('syntax', 'nothing comes after this comma', comma, 'Remove the comma.');
    else findings.error('syntax', syntaxText(code), offset, 'Mend the JSON there, or just before it.');
  }
  if (errors.length === 0 && tree !== undefined) checkNodes(tree, text, findings);
  return findings.errors === 0 ? tree : undefined;
}

/** The syntax tree with the place of every token. Comments and trailing commas are errors. */
export function parseJsonTree(text: string, errors: ParseError[] = []): Node | undefined {
  return parseTree(text, errors, {
    disallowComments: true,
    allowTrailingComma: false,
    allowEmptyContent: false,
  });
}

/** The last word has JSON.parse: whatever the tree's parser lets through, this is what everybody else reads. */
function strictValue(text: string, findings: Findings): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const position = Number(/position (\d+)/.exec(message)?.[1] ?? 0);
    findings.error('syntax', 'this is not strict JSON', position, 'Mend the JSON there, or just before it.');
    return undefined;
  }
}

/** Where brackets first nest too deep. Looked for before parsing, since parsers go down by recursion. */
function tooDeep(text: string): number | undefined {
  let depth = 0;
  for (const { index, 0: token } of text.matchAll(/"(?:[^"\\\n]|\\.)*"?|[[{]|[\]}]/g)) {
    if (token === '[' || token === '{') depth += 1;
    else if (token === ']' || token === '}') depth -= 1;
    if (depth > MOST_DEPTH) return index;
  }
  return undefined;
}

function checkNodes(root: Node, text: string, findings: Findings): void {
  const waiting: Node[] = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const { offset, length } = node;
    const value: unknown = node.value;
    if (node.type === 'number') {
      const literal = text.slice(offset, offset + length);
      const problem = numberProblem(literal, Number(literal));
      if (problem !== undefined)
        findings.error('number', problem, offset, 'Write it as a string, or as a smaller number.');
    }
    if (typeof value === 'string' && isBroken(value))
      findings.error(
        'encoding',
        'it holds half of a character (an unpaired surrogate)',
        offset,
        'Write the whole character.',
      );
    if (node.type === 'object') checkKeys(node, findings);
    const children = node.children ?? [];
    for (let at = children.length - 1; at >= 0; at--) {
      const child = children[at];
      if (child !== undefined) waiting.push(child);
    }
  }
}

function checkKeys(node: Node, findings: Findings): void {
  const seen = new Set<string>();
  for (const property of node.children ?? []) {
    const key = property.children?.[0];
    if (key === undefined) continue;
    const name = String(key.value);
    if (seen.has(name))
      findings.error(
        'duplicate-key',
        `the key "${shown(name)}" is there twice`,
        key.offset,
        'Keep one of them.',
      );
    if (name === '__proto__')
      findings.error('key', 'the key "__proto__" is not allowed', key.offset, 'Remove it.');
    seen.add(name);
  }
}

/** The node at a path, or the last one on the way to it, with the rest of the path that there is no node for. */
export function nearestJsonNode(
  root: Node,
  path: readonly string[],
): { node: Node; rest: readonly string[] } {
  let node = root;
  for (const [index, segment] of path.entries()) {
    const next =
      node.type === 'array'
        ? /^[0-9]+$/.test(segment)
          ? node.children?.[Number(segment)]
          : undefined
        : node.children?.find((property) => property.children?.[0]?.value === segment)?.children?.[1];
    if (next === undefined) return { node, rest: path.slice(index) };
    node = next;
  }
  return { node, rest: [] };
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

/** The comma before a closing bracket, where that is what the parser stumbled over; JavaScript allows it, JSON does not. */
function lastComma(text: string, offset: number): number | undefined {
  if (text[offset] !== '}' && text[offset] !== ']') return undefined;
  let at = offset - 1;
  while (at >= 0 && /\s/.test(text[at] ?? '')) at -= 1;
  return text[at] === ',' ? at : undefined;
}

function syntaxText(code: string): string {
  return SYNTAX[code] ?? code;
}

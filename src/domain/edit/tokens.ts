import { isMap, isScalar, isSeq, parse, type Node, type Scalar, type YAMLMap } from 'yaml';
import { nearestJsonNode, parseJsonTree } from '../job/text/parse-json.js';
import { Findings } from '../job/text/findings.js';
import { Lines } from '../job/text/lines.js';
import { resolveAliases } from '../job/text/yaml-aliases.js';
import { composeYaml, keyText, nodeAt, offsetOf, resolved, type YamlTree } from '../job/text/yaml-tree.js';
import { pointer as pointerOf, segments, type Json, type Pointer } from '../source/json.js';

/**
 * The token of a value in a text: where it stands, what it says, and how another value is written in its manner. Of a
 * member that is not there: the place where it is put, and no value.
 */
export interface Token {
  start: number;
  end: number;
  is: string | number | boolean | undefined;
  written: (value: Json) => string;
}

const NO_VALUE = 'is no string, number or boolean';

/** The token at a pointer of a document, or why there is none: the end of a sentence about it. */
export type FindToken = (document: number, pointer: Pointer) => Token | string;

export function jsonTokens(text: string): FindToken {
  const tree = parseJsonTree(text);
  return (document, pointer) => {
    if (tree === undefined || document !== 0) return 'is not there';
    const { node, rest } = nearestJsonNode(tree, segments(pointer));
    const [name] = rest;
    if (name !== undefined)
      return rest.length === 1 && node.type === 'object' ? newJsonMember(text, node, name) : 'is not there';
    const value: unknown = node.value;
    if (!isPlainValue(value)) return NO_VALUE;
    return { start: node.offset, end: node.offset + node.length, is: value, written: JSON.stringify };
  };
}

/** Behind the first member, where the name stands, with the white space that is before the second. */
function newJsonMember(
  text: string,
  { offset, children = [] }: { offset: number; children?: readonly { offset: number }[] },
  name: string,
): Token {
  const key = JSON.stringify(name);
  const next = children[1] ?? children[0];
  if (next === undefined)
    return {
      start: offset + 1,
      end: offset + 1,
      is: undefined,
      written: (value) => `${key}: ${JSON.stringify(value)}`,
    };
  const space = /\s*$/.exec(text.slice(0, next.offset))?.[0] ?? '';
  return {
    start: next.offset,
    end: next.offset,
    is: undefined,
    written: (value) => `${key}: ${JSON.stringify(value)},${space}`,
  };
}

/** Through aliases and merge keys to the text itself; who else stands behind them is the caller's question. */
export function yamlTokens(path: string, text: string): FindToken {
  const { documents } = composeYaml(text);
  const unread = new Findings(path, new Lines(text));
  const trees = documents.map((document): YamlTree => ({
    document,
    targets: resolveAliases(document, unread),
  }));
  return (document, pointer) => {
    const tree = trees[document];
    if (tree === undefined) return 'is not there';
    const step = nodeAt(tree, pointer);
    if (step === undefined) return newYamlMember(text, tree, pointer);
    const node = resolved(step.node, tree.targets);
    if (!isScalar(node) || !isPlainValue(node.value)) return NO_VALUE;
    if (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED')
      return 'is a block scalar ("|" or ">")';
    const [start, end] = node.range ?? [0, 0];
    return { start, end, is: node.value, written: (value) => yamlText(value, node) };
  };
}

function newYamlMember(text: string, tree: YamlTree, pointer: Pointer): Token | string {
  const path = segments(pointer);
  const name = path.pop();
  const parent = nodeAt(tree, pointerOf(...path));
  const map = resolved(parent?.node, tree.targets);
  if (name === undefined || !isMap(map)) return 'is not there';
  const member = (value: Json): string => `${yamlText(name)}: ${yamlText(value)}`;
  const at = (start: number, written: Token['written']): Token => ({
    start,
    end: start,
    is: undefined,
    written,
  });
  if (map.flow === true) {
    const next = map.items[1] ?? map.items[0];
    return next === undefined
      ? at(offsetOf(map) + 1, member)
      : at(offsetOf(next.key), (value) => `${member(value)}, `);
  }
  const [first] = map.items;
  if (first === undefined) return 'is not there';
  const column = columnOf(text, offsetOf(first.key));
  const line = lineOfOwn(text, map as YAMLMap<Node, Node | null>, tree);
  return line === undefined
    ? at(offsetOf(first.key), (value) => `${member(value)}\n${' '.repeat(column)}`)
    : at(line.end, (value) => `${line.break}${' '.repeat(column)}${member(value)}`);
}

/** The end of the line of the first member that has a line of its own, so that comments stay with what they are about. */
function lineOfOwn(
  text: string,
  map: YAMLMap<Node, Node | null>,
  { targets }: YamlTree,
): { end: number; break: string } | undefined {
  const own = map.items.find(({ key, value }) => {
    if (keyText(key, targets) === undefined || isMap(value) || isSeq(value) || !isScalar(value)) return false;
    const [from, to] = [offsetOf(key), value.range?.[1] ?? 0];
    return (
      value.type !== 'BLOCK_LITERAL' && value.type !== 'BLOCK_FOLDED' && !text.slice(from, to).includes('\n')
    );
  });
  const from = isScalar(own?.value) ? own.value.range?.[1] : undefined;
  if (from === undefined) return undefined;
  const end = text.indexOf('\n', from);
  if (end === -1) return { end: text.length, break: '\n' };
  return text[end - 1] === '\r' ? { end: end - 1, break: '\r\n' } : { end, break: '\n' };
}

function isPlainValue(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1);
}

/** In the quotes that stand there; plain text gets quotes only where it would not be read as this text. */
function yamlText(value: Json, like?: Scalar): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  if (like?.type === 'QUOTE_SINGLE' && !/[^\x20-\x7e]/.test(value)) return `'${value.replaceAll("'", "''")}'`;
  return (like === undefined || like.type === 'PLAIN') && isPlain(value) ? value : JSON.stringify(value);
}

/** True for text that YAML 1.2 and 1.1 alike read as itself without quotes, in flow style too. */
function isPlain(value: string): boolean {
  if (!/^[A-Za-z0-9_/][\w./@:+-]*$/.test(value) || value.endsWith(':')) return false;
  return (['1.2', '1.1'] as const).every(
    (version) => parse(value, { version, logLevel: 'silent' }) === value,
  );
}

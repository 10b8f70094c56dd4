import { isScalar, parse, type Scalar } from 'yaml';
import { nearestJsonNode, parseJsonTree } from '../job/text/parse-json.js';
import { Findings } from '../job/text/findings.js';
import { Lines } from '../job/text/lines.js';
import { resolveAliases } from '../job/text/yaml-aliases.js';
import { composeYaml, nodeAt, resolved, type YamlTree } from '../job/text/yaml-tree.js';
import { segments, type Pointer } from '../source/json.js';

/** The token of a string in a text: where it stands, what it says, and how another value is written in its manner. */
export interface Token {
  start: number;
  end: number;
  is: string;
  written: (value: string) => string;
}

/** The token at a pointer of a document, or why there is none: the end of a sentence about it. */
export type FindToken = (document: number, pointer: Pointer) => Token | string;

export function jsonToken(text: string): FindToken {
  const tree = parseJsonTree(text);
  return (document, pointer) => {
    if (tree === undefined || document !== 0) return 'is not there';
    const { node, rest } = nearestJsonNode(tree, segments(pointer));
    const value: unknown = node.value;
    if (rest.length > 0) return 'is not there';
    if (node.type !== 'string' || typeof value !== 'string') return 'is no string';
    return { start: node.offset, end: node.offset + node.length, is: value, written: JSON.stringify };
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
    const step = tree === undefined ? undefined : nodeAt(tree, pointer);
    if (tree === undefined || step === undefined) return 'is not there';
    const node = resolved(step.node, tree.targets);
    if (!isScalar(node) || typeof node.value !== 'string') return 'is no string';
    if (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED')
      return 'is a block scalar ("|" or ">")';
    const [start, end] = node.range ?? [0, 0];
    return { start, end, is: node.value, written: (value) => quotedLike(node, value) };
  };
}

/** In the quotes that stand there; plain text gets quotes only where it would not be read as this text. */
function quotedLike(scalar: Scalar, value: string): string {
  if (scalar.type === 'QUOTE_SINGLE' && !/[^\x20-\x7e]/.test(value))
    return `'${value.replaceAll("'", "''")}'`;
  return scalar.type === 'PLAIN' && isPlain(value) ? value : JSON.stringify(value);
}

/** True for text that YAML 1.2 and 1.1 alike read as itself without quotes, in flow style too. */
function isPlain(value: string): boolean {
  if (!/^[A-Za-z0-9_/][\w./@:+-]*$/.test(value) || value.endsWith(':')) return false;
  return (['1.2', '1.1'] as const).every(
    (version) => parse(value, { version, logLevel: 'silent' }) === value,
  );
}

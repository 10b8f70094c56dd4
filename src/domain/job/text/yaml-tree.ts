import {
  Composer,
  CST,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Parser,
  type Alias,
  type Document,
  type Node,
  type Pair,
  type Scalar,
} from 'yaml';
import { segments, type Pointer } from '../../source/json.js';
import { MOST_DEPTH } from '../manifest.js';

/** Documents of one stream; more is no manifest. */
export const MOST_DOCUMENTS = 10_000;

/** A YAML document with its aliases resolved. */
export interface YamlTree {
  document: Document.Parsed;
  targets: Map<Alias, Node>;
}

/** Where the stream ends for us: nested too deep, or too many documents. */
export interface YamlLimit {
  code: 'too-deep' | 'too-many';
  offset: number;
}

/**
 * The documents of a stream, by YAML 1.2. Merge keys and double keys are left to the reader: the library finds double keys
 * in quadratic time, and loses the place of a merged value. Nesting is checked before anything recursive sees it.
 */
export function composeYaml(text: string): { documents: Document.Parsed[]; limit?: YamlLimit } {
  const tokens = [...new Parser().parse(text)];
  const deep = tooDeep(tokens);
  if (deep !== undefined) return { documents: [], limit: { code: 'too-deep', offset: deep } };
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    uniqueKeys: false,
    strict: true,
    prettyErrors: false,
  });
  const documents: Document.Parsed[] = [];
  for (const document of composer.compose(tokens)) {
    if (documents.length === MOST_DOCUMENTS)
      return { documents, limit: { code: 'too-many', offset: document.range[0] } };
    documents.push(document);
  }
  return { documents };
}

function tooDeep(tokens: readonly CST.Token[]): number | undefined {
  const waiting: { token: CST.Token | null | undefined; depth: number }[] = tokens.map((token) => ({
    token,
    depth: 0,
  }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { token, depth } = next;
    if (!token) continue;
    if (token.type === 'document') waiting.push({ token: token.value, depth });
    if (!CST.isCollection(token)) continue;
    if (depth >= MOST_DEPTH) return token.offset;
    for (const { key, value } of token.items)
      waiting.push({ token: key, depth: depth + 1 }, { token: value, depth: depth + 1 });
  }
  return undefined;
}

/** One step down from a node. */
export interface YamlStep {
  key?: Node;
  node: Node | null;
}

/** True for the plain key `<<`. */
export function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === '<<' && (key.type === undefined || key.type === 'PLAIN');
}

/** The text that a key stands for; undefined for lists, mappings and nothing at all. */
export function keyText(key: unknown, targets: YamlTree['targets']): string | undefined {
  const node = isAlias(key) ? targets.get(key) : key;
  const value: unknown = isScalar(node) ? node.value : undefined;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? value : undefined;
}

/** What an alias stands for; other nodes stand for themselves. */
export function resolved(node: unknown, targets: YamlTree['targets']): Node | undefined {
  const target = isAlias(node) ? targets.get(node) : node;
  return isMap(target) || isSeq(target) || isScalar(target) ? target : undefined;
}

/** True where an alias stands for nothing; that has been reported already. */
export function dangles(node: unknown, targets: YamlTree['targets']): boolean {
  if (isAlias(node)) return !targets.has(node);
  return isSeq(node) && node.items.some((item) => isAlias(item) && !targets.has(item));
}

/** The mappings that a merge key names, nearest first. Undefined where its value is anything else. */
export function mergeSources(value: unknown, targets: YamlTree['targets']): Node[] | undefined {
  const node = resolved(value, targets);
  const all = isSeq(node) ? node.items.map((item) => resolved(item, targets)) : [node];
  return all.every((each): each is Node => isMap(each)) ? all : undefined;
}

/** The node at a pointer, through aliases and merge keys; undefined where the document has none. */
export function nodeAt(tree: YamlTree, pointer: Pointer): YamlStep | undefined {
  const { path, at } = walk(tree, pointer);
  return path.length === 0 ? at : undefined;
}

/** The last node on the way to a pointer that there is. */
export function nearestNode(tree: YamlTree, pointer: Pointer): YamlStep {
  return walk(tree, pointer).at;
}

function walk({ document, targets }: YamlTree, pointer: Pointer): { at: YamlStep; path: string[] } {
  const path = segments(pointer);
  let at: YamlStep = { node: document.contents };
  while (path.length > 0) {
    const next = child(at.node, path[0] ?? '', targets, 0);
    if (next === undefined) break;
    at = next;
    path.shift();
  }
  return { at, path };
}

function child(
  parent: unknown,
  segment: string,
  targets: YamlTree['targets'],
  merges: number,
): YamlStep | undefined {
  const node = resolved(parent, targets);
  if (isSeq(node)) {
    const item = /^[0-9]+$/.test(segment) ? (node.items[Number(segment)] as Node | undefined) : undefined;
    return item === undefined ? undefined : { node: item };
  }
  if (!isMap(node)) return undefined;
  const pairs = node.items as Pair<Node, Node | null>[];
  const own = pairs.find((pair) => !isMergeKey(pair.key) && keyText(pair.key, targets) === segment);
  if (own !== undefined) return { key: own.key, node: own.value };
  if (merges > MOST_DEPTH) return undefined;
  for (const { value } of pairs.filter((pair) => isMergeKey(pair.key)))
    for (const source of mergeSources(value, targets) ?? []) {
      const found = child(source, segment, targets, merges + 1);
      if (found !== undefined) return found;
    }
  return undefined;
}

/** Where a node begins; 0 where the parser does not say. */
export function offsetOf(node: unknown): number {
  return (node as { range?: readonly number[] | null } | undefined | null)?.range?.[0] ?? 0;
}

export type { Alias, Node, Scalar };

import { isMap, isScalar, isSeq, type Node, type Pair, type Scalar } from 'yaml';
import type { Json, JsonObject } from '../../source/json.js';
import type { Findings } from './findings.js';
import { isBroken, numberProblem, shown, yaml11Meaning } from './scalar-text.js';
import {
  dangles,
  isMergeKey,
  keyText,
  mergeSources,
  offsetOf,
  resolved,
  type YamlTree,
} from './yaml-tree.js';

/**
 * Reports everything in a document that plain JSON can't say, or that other readers take for something else. Looks at each
 * node once, where it is written, so a finding never comes twice through aliases.
 */
export function checkYaml({ document, targets }: YamlTree, findings: Findings): void {
  const waiting: unknown[] = [document.contents];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (isScalar(node)) checkScalar(node, findings);
    else if (isSeq(node)) below(node.items);
    else if (isMap(node)) {
      checkKeys(node.items as Pair<Node, Node | null>[], targets, findings);
      below(node.items.map(({ value }) => value));
    }
  }

  /** Last first, so that findings come in the order of the text. */
  function below(nodes: readonly unknown[]): void {
    for (let at = nodes.length - 1; at >= 0; at--)
      if (nodes[at] !== null && nodes[at] !== undefined) waiting.push(nodes[at]);
  }
}

/** The document as plain JSON. Everything behind an alias is a copy: who changes one place changes no other. */
export function yamlValue({ document, targets }: YamlTree): Json {
  return plain(document.contents);

  function plain(value: unknown): Json {
    const node = resolved(value, targets);
    if (isScalar(node)) return node.value as Json;
    if (isSeq(node)) return node.items.map(plain);
    return isMap(node) ? object(node.items as Pair<Node, Node | null>[]) : null;
  }

  /** Own keys win over merged ones, and of merged ones the first (yaml.org/type/merge.html). */
  function object(pairs: readonly Pair<Node, Node | null>[]): JsonObject {
    const result: JsonObject = {};
    for (const { key, value } of pairs) {
      const name = keyText(key, targets);
      if (name !== undefined && !isMergeKey(key)) result[name] = plain(value);
    }
    for (const { key, value } of pairs) {
      if (!isMergeKey(key)) continue;
      for (const source of mergeSources(value, targets) ?? [])
        for (const [name, merged] of Object.entries(plain(source) as JsonObject))
          if (!Object.hasOwn(result, name)) result[name] = merged;
    }
    return result;
  }
}

function checkKeys(
  pairs: readonly Pair<Node, Node | null>[],
  targets: YamlTree['targets'],
  findings: Findings,
): void {
  const seen = new Set<string>();
  for (const { key, value } of pairs) {
    const name = keyText(key, targets);
    const offset = offsetOf(key);
    if (dangles(key, targets)) continue;
    if (name === undefined) {
      const list = isMap(key) || isSeq(key);
      if (list)
        findings.error('key', 'a key must be plain text, not a list or a mapping', offset, 'Quote it.');
      else findings.error('key', 'a key is missing', offset, 'Write the key before the colon.');
      continue;
    }
    if (seen.has(name))
      findings.error('duplicate-key', `the key "${shown(name)}" is there twice`, offset, 'Keep one of them.');
    seen.add(name);
    if (isMergeKey(key)) {
      if (!dangles(value, targets) && mergeSources(value, targets) === undefined)
        findings.error(
          'merge',
          'only a mapping, or a list of them, can be merged',
          offsetOf(value),
          'Write <<: *anchor',
        );
    } else checkKey(resolved(key, targets), name, { offset, findings });
  }
}

function checkKey(
  key: Node | undefined,
  name: string,
  { offset, findings }: { offset: number; findings: Findings },
): void {
  if (name === '__proto__') findings.error('key', 'the key "__proto__" is not allowed', offset, 'Remove it.');
  if (!isScalar(key)) return;
  if (isBroken(name)) findings.error('encoding', BROKEN, offset, 'Write the whole character.');
  if (typeof key.value === 'string') {
    if (key.type === 'PLAIN' && yaml11Meaning(name) !== undefined) warnYaml11(key, name, findings);
  } else if (name === key.source)
    findings.warning(
      'key',
      `this key is read as the text "${shown(name)}"`,
      offset,
      `Quote it: "${shown(name)}"`,
    );
  else
    findings.error(
      'key',
      `a key must be text; ${shown(key.source ?? name)} is read as "${shown(name)}"`,
      offset,
      `Quote it: "${shown(key.source ?? name)}"`,
    );
}

const BROKEN = 'it holds half of a character (an unpaired surrogate)';

function checkScalar(node: Scalar, findings: Findings): void {
  const { value, source = '' } = node;
  const offset = offsetOf(node);
  if (typeof value === 'number') {
    const problem = numberProblem(source, value);
    if (problem !== undefined)
      findings.error('number', problem, offset, 'Quote it, or write a smaller number.');
  } else if (typeof value === 'string') {
    if (isBroken(value)) findings.error('encoding', BROKEN, offset, 'Write the whole character.');
  } else if (value !== null && typeof value !== 'boolean')
    findings.error('tag', 'this is no plain value', offset, 'Write text, a number, true, false or null.');
  if (node.type === 'PLAIN' && yaml11Meaning(source) !== undefined) warnYaml11(node, source, findings);
}

function warnYaml11(node: Scalar, source: string, findings: Findings): void {
  // What else is here may be a secret.
  const word = /^[a-z]+$/i.test(source) ? source : undefined;
  const here = typeof node.value === 'number' ? 'a number' : 'text';
  findings.warning(
    'yaml-1.1',
    `${word ?? 'this'} is ${here} here; tools that read YAML 1.1 take it for ${yaml11Meaning(source) ?? 'something else'}`,
    offsetOf(node),
    typeof node.value === 'number'
      ? 'Write its plain digits, or quote it.'
      : word === undefined
        ? 'Quote it.'
        : `Quote it: "${word}"`,
  );
}

import { isAlias, isMap, isScalar, isSeq, type Alias, type Document, type Node } from 'yaml';
import type { Findings } from './findings.js';
import { MOST_BYTES, MOST_DEPTH } from '../manifest.js';
import { offsetOf } from './yaml-tree.js';

/** What aliases may add to a document, in the units of `weight`: as much as four files of the greatest size. */
const MOST_ADDED = 4 * MOST_BYTES;

interface Measure {
  weight: number;
  depth: number;
}

/**
 * What every alias stands for: the last node before it that has its anchor. An alias that stands for nothing or for
 * something around itself is an error, and so is a document that aliases make too large (the "billion laughs") or too
 * deep: it is measured without being written out. The tree itself is not deep, see composeYaml.
 */
export function resolveAliases(document: Document.Parsed, findings: Findings): Map<Alias, Node> {
  const targets = new Map<Alias, Node>();
  const anchors = new Map<string, Node>();
  const measures = new Map<Node, Measure>();
  let added = 0;
  let tooMuch = false;
  measure(document.contents);
  return targets;

  function measure(node: unknown): Measure {
    if (tooMuch) return { weight: 0, depth: 0 };
    if (isAlias(node)) return measureAlias(node);
    if (!isMap(node) && !isSeq(node) && !isScalar(node)) return { weight: 1, depth: 0 };
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    const result = isScalar(node)
      ? { weight: 16 + String(node.source ?? '').length, depth: 0 }
      : children(node.items);
    if (result.depth > MOST_DEPTH && !tooMuch)
      return stop(node, 'too-deep', `its aliases nest more than ${MOST_DEPTH} levels deep`);
    measures.set(node, result);
    return result;
  }

  function children(items: readonly unknown[]): Measure {
    const result: Measure = { weight: 16, depth: 0 };
    for (const item of items) {
      const pair = item as { key?: unknown; value?: unknown } | null;
      const isPair = pair !== null && typeof pair === 'object' && 'key' in pair;
      for (const part of isPair ? [pair.key, pair.value] : [item]) {
        const { weight, depth } = measure(part);
        result.weight += weight;
        result.depth = Math.max(result.depth, depth);
      }
    }
    return { weight: result.weight, depth: result.depth + 1 };
  }

  function measureAlias(alias: Alias): Measure {
    const target = anchors.get(alias.source);
    if (target === undefined) {
      findings.error(
        'alias',
        'there is no anchor of that name before this alias',
        offsetOf(alias),
        'Write the value out, or put the anchor where the value first stands.',
      );
      return { weight: 0, depth: 0 };
    }
    const size = measures.get(target);
    if (size === undefined) {
      findings.error(
        'alias',
        'this alias stands for something that contains it',
        offsetOf(alias),
        'Write the value out.',
      );
      return { weight: 0, depth: 0 };
    }
    targets.set(alias, target);
    added += size.weight;
    if (added > MOST_ADDED) return stop(alias, 'aliases', 'its aliases make the document too large');
    return size;
  }

  function stop(node: unknown, code: string, message: string): Measure {
    tooMuch = true;
    findings.error(code, message, offsetOf(node), 'Write the values out, or split the file.');
    return { weight: 0, depth: 0 };
  }
}

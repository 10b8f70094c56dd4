import type { Document } from 'yaml';
import type { Place } from '../../source/diagnostic.js';
import type { Pointer } from '../../source/json.js';
import { Findings } from './findings.js';
import { Lines } from './lines.js';
import { MOST_DEPTH, plainDocument, type Manifest, type ManifestDocument } from '../manifest.js';
import { resolveAliases } from './yaml-aliases.js';
import { checkYaml, yamlValue } from './yaml-value.js';
import { silencesOf } from './silences.js';
import { composeYaml, MOST_DOCUMENTS, nearestNode, offsetOf, type YamlTree } from './yaml-tree.js';

/**
 * YAML 1.2 with merge keys, as teams use them; everything that JSON can't say is an error. A document with an error is
 * left out, the others of the stream stay. Empty documents are skipped.
 */
export function parseYamlManifest(path: string, text: string): Manifest {
  const findings = new Findings(path, new Lines(text));
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]/.exec(text);
  if (control !== null) {
    findings.error('character', 'YAML does not allow this control character', control.index, 'Remove it.');
    return { path, documents: [], diagnostics: findings.diagnostics };
  }
  const { documents: all, limit } = composeYaml(text);
  const documents: ManifestDocument[] = [];
  for (const [index, document] of all.entries()) {
    const tree = checkedTree(document, findings);
    const value = tree === undefined ? null : yamlValue(tree);
    if (tree !== undefined && value !== null)
      documents.push(plainDocument(path, { index, value, placeOf: placesOf(tree, findings) }));
  }
  if (limit?.code === 'too-deep')
    findings.error(
      'too-deep',
      `it is nested more than ${MOST_DEPTH} levels deep`,
      limit.offset,
      'Flatten it.',
    );
  if (limit?.code === 'too-many')
    findings.error(
      'too-many',
      `the file holds more than ${MOST_DOCUMENTS} documents`,
      limit.offset,
      'Split it.',
    );
  const silences = silencesOf(path, text, findings.lines);
  return {
    path,
    documents,
    diagnostics: findings.diagnostics,
    ...(silences.length === 0 ? {} : { silences }),
  };
}

function checkedTree(document: Document.Parsed, findings: Findings): YamlTree | undefined {
  const before = findings.errors;
  for (const error of document.errors)
    findings.error(
      'syntax',
      sentence(error.message),
      error.pos[0],
      'Mend the YAML there, or just before it.',
    );
  for (const warning of document.warnings) {
    if (warning.code === 'TAG_RESOLVE_FAILED')
      findings.error(
        'tag',
        'this tag has no meaning here',
        warning.pos[0],
        'Remove the tag: manifests hold plain values.',
      );
    else findings.warning('directive', sentence(warning.message), warning.pos[0], 'Remove the line.');
  }
  const tree: YamlTree = { document, targets: resolveAliases(document, findings) };
  checkYaml(tree, findings);
  return findings.errors === before ? tree : undefined;
}

function placesOf(tree: YamlTree, findings: Findings): ManifestDocument['placeOf'] {
  return (pointer: Pointer, part: 'key' | 'value' = 'value'): Place => {
    const { key, node } = nearestNode(tree, pointer);
    const shown = (part === 'key' || node === null) && key !== undefined ? key : node;
    return { ...findings.at(offsetOf(shown)), pointer };
  };
}

/** The first line of what the parser says, without what it repeats of the file: that may be a secret. */
function sentence(text: string): string {
  if (text.startsWith('Block scalar header includes extra'))
    return 'Nothing may stand behind the | or > of a block';
  return (text.split('\n')[0] ?? text).replace(/:$/, '').slice(0, 200);
}

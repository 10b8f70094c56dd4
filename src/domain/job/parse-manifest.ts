import type { Diagnostic } from '../source/diagnostic.js';
import { MOST_BYTES, MOST_DEPTH, type Manifest } from './manifest.js';
import { parseJsonManifest } from './parse-json.js';
import { parseYamlManifest } from './parse-yaml.js';

/** True for file names that may hold jobs. */
export function isManifestPath(path: string): boolean {
  return /\.(json|ya?ml)$/i.test(path);
}

/**
 * Parses a file by its extension: JSON (one document) or YAML (any number). Whatever the bytes are, the answer is a
 * manifest with what could be read and everything that is wrong, each with its place; nothing is ever thrown.
 */
export function parseManifest(path: string, bytes: Uint8Array): Manifest {
  const broken = (code: string, message: string, fix: string): Manifest => ({
    path,
    documents: [],
    diagnostics: [
      {
        code: `manifest/${code}`,
        severity: 'error',
        message,
        fix,
        place: { file: path },
      } satisfies Diagnostic,
    ],
  });
  if (bytes.byteLength > MOST_BYTES)
    return broken(
      'too-large',
      `the file has ${bytes.byteLength} bytes, at most ${MOST_BYTES} are read`,
      'Split it, or move it out of the folder.',
    );
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return broken('encoding', 'the file is not valid UTF-8', 'Save it as UTF-8.');
  }
  try {
    return /\.json$/i.test(path) ? parseJsonManifest(path, text) : parseYamlManifest(path, text);
  } catch (error) {
    // Deep nesting overflows the parsers' stacks; nothing else is expected here, and a daemon must outlive a file.
    if (error instanceof RangeError)
      return broken('too-deep', `it is nested more than ${MOST_DEPTH} levels deep`, 'Flatten it.');
    return broken(
      'unreadable',
      `it can't be parsed: ${error instanceof Error ? error.message : String(error)}`,
      'Check its syntax.',
    );
  }
}

import type { Place } from '../source/diagnostic.js';
import { Lines } from './text/lines.js';
import type { Json } from '../source/json.js';
import { MOST_BYTES, plainDocument, type Manifest, type ManifestDocument } from './manifest.js';
import { parseJsonManifest } from './text/parse-json.js';
import { parseYamlManifest } from './text/parse-yaml.js';

/** True for file names that may hold jobs. */
export function isManifestPath(path: string): boolean {
  return /\.(json|ya?ml)$/i.test(path);
}

/**
 * Parses a file by its extension: JSON (one document) or YAML (any number). Whatever the bytes are, the answer is a
 * manifest with what could be read and everything that is wrong, each with its place; nothing is ever thrown.
 */
export function parseManifest(path: string, bytes: Uint8Array): Manifest {
  if (bytes.byteLength > MOST_BYTES)
    return broken(
      { file: path },
      'too-large',
      `the file has ${bytes.byteLength} bytes, at most ${MOST_BYTES} are read`,
      'Split it, or move it out of the folder.',
    );
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return broken(
      firstBadByte(path, bytes),
      'encoding',
      'this is not valid UTF-8',
      'Save the file as UTF-8.',
    );
  }
  try {
    const manifest = parseText(path, text);
    // Who finds nothing asks for no places: trees of thousands of files would only fill the memory.
    return manifest.diagnostics.length === 0 ? withLatePlaces(manifest, text) : manifest;
  } catch (error) {
    // Not known to happen, but a daemon must outlive a file whatever a parser makes of it.
    const message = error instanceof Error ? error.message : String(error);
    return broken(
      { file: path, line: 1, column: 1 },
      'unreadable',
      `it can't be parsed: ${message}`,
      'Check its syntax.',
    );
  }
}

function parseText(path: string, text: string): Manifest {
  return isJsonPath(path) ? parseJsonManifest(path, text) : parseYamlManifest(path, text);
}

/** True where a file is read as JSON, false where as YAML. */
export function isJsonPath(path: string): boolean {
  return /\.json$/i.test(path);
}

/** The manifest of a file of which it is known that it is faultless, and what its documents say. */
export function manifestOf(
  path: string,
  bytes: Uint8Array,
  values: readonly (readonly [index: number, value: Json])[],
): Manifest {
  const text = (): string => new TextDecoder('utf-8').decode(bytes);
  return { path, documents: documentsOf(path, values, text), diagnostics: [] };
}

/** The same manifest without its syntax trees: they are made again when a place is asked for. */
function withLatePlaces(manifest: Manifest, text: string): Manifest {
  const { path } = manifest;
  const values = manifest.documents.map(({ index, value }) => [index, value] as const);
  return { ...manifest, documents: documentsOf(path, values, () => text) };
}

function documentsOf(
  path: string,
  values: readonly (readonly [index: number, value: Json])[],
  text: () => string,
): ManifestDocument[] {
  let parsed: ManifestDocument[] | undefined;
  return values.map(([index, value]) =>
    plainDocument(path, {
      index,
      value,
      placeOf: (at, part) => {
        parsed ??= parseText(path, text()).documents;
        const document = parsed.find((each) => each.index === index);
        return document?.placeOf(at, part) ?? { file: path, line: 1, column: 1, pointer: at };
      },
    }),
  );
}

function broken(place: Place, code: string, message: string, fix: string): Manifest {
  return {
    path: place.file,
    documents: [],
    diagnostics: [{ code: `manifest/${code}`, severity: 'error', message, fix, place }],
  };
}

/** The decoder puts U+FFFD for what it can't read; the first that does not stand in the bytes as such is the place. */
function firstBadByte(path: string, bytes: Uint8Array): Place {
  const text = new TextDecoder('utf-8').decode(bytes);
  const bom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const encoder = new TextEncoder();
  let seen = 0;
  let length = bom;
  for (let at = text.indexOf('\uFFFD'); at >= 0; at = text.indexOf('\uFFFD', at + 1)) {
    length += encoder.encode(text.slice(seen, at)).byteLength;
    seen = at;
    if (bytes[length] !== 0xef || bytes[length + 1] !== 0xbf || bytes[length + 2] !== 0xbd)
      return { file: path, ...new Lines(text).at(at) };
  }
  return { file: path, line: 1, column: 1 };
}

import type { Diagnostic, Place } from '../source/diagnostic.js';
import type { Json, Pointer } from '../source/json.js';

/** Larger files are no manifests. */
export const MOST_BYTES = 4 * 1024 * 1024;
/** Nesting beyond this is no manifest either, and would only exhaust somebody's stack. */
export const MOST_DEPTH = 100;

/** Which document of which file states a value. */
export interface Origin {
  /** Path in the job repository. */
  file: string;
  /** Number of the document in the file, from 0. */
  document: number;
}

/** One document of a manifest: a whole JSON file, one document of a YAML stream, or several of them merged from layers. */
export interface ManifestDocument {
  /** Number in its file, from 0; of a merged document the number in the first file. */
  index: number;
  value: Json;
  /** The files that state it, in the order of the layers. */
  files: readonly string[];
  /** The place of a value or of its key; falls back to the nearest parent that exists. */
  placeOf(at: Pointer, part?: 'key' | 'value'): Place;
  /** The documents that it was made of, one for each of the files, and what each of them says. */
  origins: readonly (Origin & { value: Json })[];
  /** The document of a file that says what stands at a pointer. */
  originOf(at: Pointer): Origin;
}

/** A comment that takes findings back. */
export interface Silence {
  /** Path of the file that holds it. */
  file: string;
  /** Line of the comment. */
  line: number;
  /** Line whose findings are meant. */
  target: number;
  wholeFile: boolean;
  /** Rule ids. */
  codes: string[];
  /** Absent: it takes nothing back. */
  reason?: string;
  /** The file is shared with other environments: what has no finding here may have one there. */
  shared?: boolean;
}

/** A parsed file. Where `diagnostics` holds errors, `documents` holds what could still be read (possibly nothing). */
export interface Manifest {
  path: string;
  documents: ManifestDocument[];
  diagnostics: Diagnostic[];
  silences?: Silence[];
}

/** A document that stands in one file. */
export function plainDocument(
  file: string,
  { index, value, placeOf }: Pick<ManifestDocument, 'index' | 'value' | 'placeOf'>,
): ManifestDocument {
  const origin = { file, document: index };
  return { index, value, placeOf, files: [file], origins: [{ ...origin, value }], originOf: () => origin };
}

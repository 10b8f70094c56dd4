import type { Diagnostic, Place } from '../source/diagnostic.js';
import type { Json, Pointer } from '../source/json.js';

/** Larger files are no manifests. */
export const MOST_BYTES = 4 * 1024 * 1024;
/** Nesting beyond this is no manifest either, and would only exhaust somebody's stack. */
export const MOST_DEPTH = 100;

/** One document of a manifest: a whole JSON file, or one document of a YAML stream. */
export interface ManifestDocument {
  /** From 0. */
  index: number;
  value: Json;
  /** The place of a value or of its key; falls back to the nearest parent that exists. */
  placeOf(at: Pointer, part?: 'key' | 'value'): Place;
}

/** A comment that takes findings back. */
export interface Silence {
  /** Line of the comment. */
  line: number;
  /** Line whose findings are meant. */
  target: number;
  wholeFile: boolean;
  /** Rule ids. */
  codes: string[];
  /** Absent: it takes nothing back. */
  reason?: string;
}

/** A parsed file. Where `diagnostics` holds errors, `documents` holds what could still be read (possibly nothing). */
export interface Manifest {
  path: string;
  documents: ManifestDocument[];
  diagnostics: Diagnostic[];
  silences?: Silence[];
}

import type { Pointer } from './json.js';

/** A place in a file. Lines and columns count from 1; columns count UTF-16 units. */
export interface Place {
  /** Path in the job repository (or as given on the command line). */
  file: string;
  line?: number;
  column?: number;
  /** JSON pointer inside the document. */
  pointer?: Pointer;
}

export type Severity = 'error' | 'warning';

/** One finding about an input. Domain code returns these and never throws on bad input. */
export interface Diagnostic {
  /** Stable rule id, for example `marathon/cmd-xor-args`. Has an entry in docs/rules.md. */
  code: string;
  severity: Severity;
  /** What is wrong, in one sentence. */
  message: string;
  /** What to write instead. */
  fix?: string;
  place: Place;
}

/** `file:line:column`, as editors and terminals understand it. */
export function placeText(place: Place): string {
  let text = place.file;
  if (place.line !== undefined) text += `:${place.line}:${place.column ?? 1}`;
  return text;
}

/** Whole diagnostics in the order in which a person reads a repository. */
export function byPlace(a: Diagnostic, b: Diagnostic): number {
  return (
    compareText(a.place.file, b.place.file) ||
    (a.place.line ?? 0) - (b.place.line ?? 0) ||
    (a.place.column ?? 0) - (b.place.column ?? 0) ||
    compareText(a.code, b.code)
  );
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((d) => d.severity === 'error');
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

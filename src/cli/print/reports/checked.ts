import type { Diagnostic } from '../../../domain/source/diagnostic.js';

/** A set of manifests that was checked together, with what was found. */
export interface Checked {
  name: string;
  files: string[];
  jobs: number;
  diagnostics: Diagnostic[];
}

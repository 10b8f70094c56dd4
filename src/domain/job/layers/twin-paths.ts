import type { Diagnostic } from '../../source/diagnostic.js';

/** A file of a layer. */
export interface LayeredPath {
  /** Path in its layer. */
  path: string;
  /** Path in the job repository. */
  file: string;
  layer: number;
}

/**
 * Files whose paths are the same where names are compared without regard to case or to the way accents are written (macOS
 * and Windows: only one of them survives a checkout there); and files of two layers that differ in nothing but the
 * extension, where a patch was meant and a second job comes out.
 */
export function twinPaths(paths: readonly LayeredPath[]): Diagnostic[] {
  const found: Diagnostic[] = [];
  const folded = new Map<string, LayeredPath>();
  const stems = new Map<string, LayeredPath>();
  for (const here of paths) {
    const plain = here.path.normalize('NFC').toLowerCase();
    const stem = plain.replace(/\.(json|ya?ml)$/, '');
    const twin = folded.get(plain);
    const other = stems.get(stem);
    if (twin !== undefined && twin.path !== here.path)
      found.push(
        finding(
          here,
          `${twin.file} has the same path but for case or accents; some systems keep only one of them`,
          'Rename one of them.',
        ),
      );
    else if (twin === undefined && other !== undefined && other.layer !== here.layer)
      found.push(
        finding(
          here,
          `it does not change ${other.file}: the paths differ in their extensions`,
          'Give both the same extension to merge them, or this one another name.',
        ),
      );
    if (twin === undefined) folded.set(plain, here);
    if (other === undefined) stems.set(stem, here);
  }
  return found;
}

function finding({ file }: LayeredPath, message: string, fix: string): Diagnostic {
  return {
    code: 'manifest/twin-path',
    severity: 'warning',
    message,
    fix,
    place: { file, line: 1, column: 1 },
  };
}

import type { Diagnostic } from '../../source/diagnostic.js';
import { isObject, pointer, type Json, type Pointer } from '../../source/json.js';
import type { ManifestDocument } from '../manifest.js';

/** The member that leaves a job of an earlier layer out; the word and its form are Kustomize's. */
export const DIRECTIVE = '$patch';

/** True where a document of a later layer says that the job is left out. Its findings are those of `directiveFindings`. */
export function leavesOut({ value }: ManifestDocument): boolean {
  return isObject(value) && Object.hasOwn(value, DIRECTIVE);
}

/**
 * What is wrong with the directive in a document: another word than `delete`, other members than those that name the job,
 * or a directive below the top, where it would do nothing.
 */
export function directiveFindings(
  document: ManifestDocument,
  isName: (member: string) => boolean,
): Diagnostic[] {
  const { value } = document;
  if (!isObject(value)) return [];
  if (!leavesOut(document)) {
    const below = nested(value, '');
    return below === undefined
      ? []
      : [
          finding(
            document,
            below,
            `"${DIRECTIVE}" leaves out whole jobs, not a part of one`,
            'Write the member as null to remove it; state a list anew.',
          ),
        ];
  }
  if (value[DIRECTIVE] !== 'delete')
    return [
      finding(
        document,
        pointer(DIRECTIVE),
        `"${DIRECTIVE}" can only be "delete"`,
        `Write  ${DIRECTIVE}: delete  to leave the job out, or remove the line.`,
      ),
    ];
  const other = Object.keys(value).find((member) => member !== DIRECTIVE && !isName(member));
  return other === undefined
    ? []
    : [
        finding(
          document,
          pointer(other),
          `"${other}" says nothing of a job that is left out`,
          `Remove it, or the line "${DIRECTIVE}: delete".`,
        ),
      ];
}

function finding(document: ManifestDocument, at: Pointer, message: string, fix: string): Diagnostic {
  return {
    code: 'manifest/leave-out',
    severity: 'error',
    message,
    fix,
    place: document.placeOf(at, 'key'),
  };
}

function nested(value: Json, at: Pointer): Pointer | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const here = at + pointer(name);
    if (name === DIRECTIVE && !Array.isArray(value)) return here;
    const below = nested(inner, here);
    if (below !== undefined) return below;
  }
  return undefined;
}

import { hasErrors, placeText, type Diagnostic } from '../../source/diagnostic.js';
import { isObject, type JsonObject } from '../../source/json.js';
import type { Manifest, ManifestDocument } from '../manifest.js';
import type { JobNaming } from '../scheduler-model.js';
import { DIRECTIVE, directiveFindings, leavesOut } from './directive.js';
import { patchDocument } from './patch-document.js';

/** A file that no earlier layer has: it stands as it is. */
export function firstManifest(manifest: Manifest): Manifest {
  const leaving = manifest.documents.filter(leavesOut);
  if (leaving.length === 0) return manifest;
  return {
    ...manifest,
    documents: manifest.documents.filter((document) => !leaving.includes(document)),
    diagnostics: [
      ...manifest.diagnostics,
      ...leaving.map((document) =>
        problem(document, 'leave-out', 'no earlier layer states this file', FIX_GONE),
      ),
    ],
  };
}

const FIX_GONE = 'Remove it, or correct its path: it must be the same in both layers.';

/**
 * A file with the one of the same path in a later layer merged into it, document by document. One document on each side
 * are each other's; where a file holds more, a document says by the job's name which one it means, and one that only
 * leaves out, without a name, leaves all of them out. With an error on either
 * side nothing is left of the file: a job must not go out half patched, nor be taken for gone.
 */
export function patchManifest(base: Manifest, patch: Manifest, naming: readonly JobNaming[]): Manifest {
  const isName = (member: string): boolean => naming.some((each) => each.member === member);
  const found: Diagnostic[] = patch.documents.flatMap((document) => directiveFindings(document, isName));
  let documents = base.documents;
  for (const document of patch.documents) {
    if (patch.documents.length === 1 && leavesOut(document) && isNameless(document, naming)) {
      documents = [];
      continue;
    }
    const target = targetOf(document, base, patch, naming);
    if ('code' in target) found.push(target);
    else if (leavesOut(document)) documents = documents.filter((each) => each !== target.document);
    else if (target.document === undefined) documents = [...documents, document];
    else {
      const before = target.document;
      documents = documents.map((each) => (each === before ? patchDocument(each, document) : each));
    }
  }
  if (patch.documents.length === 0 && !hasErrors(patch.diagnostics))
    found.push({
      code: 'manifest/layer-empty',
      severity: 'error',
      message: `it says nothing, and changes nothing of ${base.path}`,
      fix: `Write what differs, or  ${DIRECTIVE}: delete  to leave the file's jobs out, or remove the file.`,
      place: { file: patch.path, line: 1, column: 1 },
    });
  const diagnostics = [...base.diagnostics, ...patch.diagnostics, ...found];
  const silences = [...(base.silences ?? []), ...(patch.silences ?? [])];
  return {
    path: base.path,
    documents: hasErrors(diagnostics) ? [] : documents,
    diagnostics,
    ...(silences.length === 0 ? {} : { silences }),
  };
}

/** The document that one of a later layer is about; undefined where it states a job that the file did not hold. */
function targetOf(
  document: ManifestDocument,
  base: Manifest,
  patch: Manifest,
  naming: readonly JobNaming[],
): { document: ManifestDocument | undefined } | Diagnostic {
  if (!isObject(document.value) && !Array.isArray(document.value))
    return problem(
      document,
      'layer-document',
      'it is neither an object nor a list of jobs',
      `Write what differs, or  ${DIRECTIVE}: delete  to leave the job out.`,
    );
  const [only] = base.documents;
  if (base.documents.length === 1 && patch.documents.length === 1 && only !== undefined)
    return { document: only };
  const names = isObject(document.value) ? namesOf(document.value, naming) : [];
  if (names.length === 0 && base.documents.length > 0)
    return problem(
      document,
      'layer-document',
      `${base.path} holds ${base.documents.length} documents, and this does not say which one it is about`,
      'Give the id (Marathon) or name (Chronos) of the job. Lists of jobs can only be replaced where a file holds one document.',
    );
  const target = base.documents.find(
    ({ value }) =>
      isObject(value) &&
      namesOf(value, naming).some((has) =>
        names.some(({ member, name }) => member === has.member && name === has.name),
      ),
  );
  if (target === undefined && leavesOut(document))
    return problem(
      document,
      'leave-out',
      `${base.path} states no ${names.map(({ name }) => name).join(' or ')}`,
      `It has: ${base.documents.map((each) => placeText(each.placeOf(''))).join(', ')}.`,
    );
  return { document: target };
}

function isNameless({ value }: ManifestDocument, naming: readonly JobNaming[]): boolean {
  return isObject(value) && namesOf(value, naming).length === 0;
}

/** The names that a document goes by, one for each scheduler that could understand it. */
function namesOf(value: JsonObject, naming: readonly JobNaming[]): { member: string; name: string }[] {
  return naming.flatMap(({ member, canonical }) => {
    const name = Object.hasOwn(value, member) ? value[member] : undefined;
    return typeof name === 'string' ? [{ member, name: canonical(name) }] : [];
  });
}

function problem(document: ManifestDocument, code: string, message: string, fix: string): Diagnostic {
  return { code: `manifest/${code}`, severity: 'error', message, fix, place: document.placeOf('') };
}

import { editManifest, type FileEdit } from '../domain/edit/edit-manifest.js';
import { placeText } from '../domain/source/diagnostic.js';
import type { Revision } from '../domain/source/revision.js';
import type { JobRepository } from '../ports/job-repository.js';
import { TowlineError } from '../runtime/errors.js';

/** The files of a revision with edits made in them. Throws `refused` for what can't be edited without changing more. */
export async function editedFiles(
  edits: readonly FileEdit[],
  revision: Revision,
  repository: JobRepository,
  signal: AbortSignal,
): Promise<Map<string, Uint8Array>> {
  const byPath = new Map<string, FileEdit[]>();
  for (const edit of edits) byPath.set(edit.path, [...(byPath.get(edit.path) ?? []), edit]);
  const files = new Map<string, Uint8Array>();
  for (const [path, all] of byPath) {
    const bytes = await repository.readFile(revision, path, { signal });
    if (bytes === undefined)
      throw new TowlineError('manifest-gone', 'conflict', `${path} is gone at ${revision}`);
    const edited = editManifest(path, bytes, all);
    if ('diagnostics' in edited) {
      const first = edited.diagnostics[0];
      throw new TowlineError(
        'manifest-not-editable',
        'refused',
        first === undefined ? path : `${placeText(first.place)}: ${first.message}`,
        {
          help: first?.fix ?? 'Write it as a plain value in this file, or change it by hand.',
          details: edited.diagnostics,
          ...(first === undefined ? {} : { place: first.place }),
        },
      );
    }
    files.set(path, edited.bytes);
  }
  return files;
}

import type { ObjectId, Revision } from '../domain/source/revision.js';
import type { JobRepository } from '../ports/job-repository.js';
import { holdsJobs } from './declared.js';

export interface RevisionFile {
  /** In the job repository, the folder included. */
  path: string;
  id: ObjectId;
  bytes: Uint8Array;
}

/**
 * The manifests of a folder at a revision: plain files whose names may hold jobs, in Git's order. Links, submodules and
 * names that are not UTF-8 hold none.
 */
export async function manifestsAt(
  repository: JobRepository,
  revision: Revision,
  folder: string,
  signal: AbortSignal,
): Promise<RevisionFile[]> {
  const tree = await repository.readTree(revision, folder, { signal });
  const entries = tree.entries.filter(
    (e) => e.mode.startsWith('100') && e.pathHex === undefined && holdsJobs(e.path),
  );
  const contents = new Map<ObjectId, Uint8Array>();
  for await (const { id, bytes } of repository.readBlobs([...new Set(entries.map((e) => e.id))], { signal }))
    contents.set(id, bytes);
  return entries.flatMap(({ path, id }) => {
    const bytes = contents.get(id);
    return bytes === undefined ? [] : [{ path: folder === '' ? path : `${folder}/${path}`, id, bytes }];
  });
}

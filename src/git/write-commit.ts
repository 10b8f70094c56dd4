import { parseObjectId, parseRevision, type ObjectId, type Revision } from '../domain/source/revision.js';
import type { NewCommit } from '../ports/git-store.js';
import type { Waiting } from '../ports/kv-store.js';
import type { CatFile } from './cat-file.js';
import { editTree } from './edit-tree.js';
import { git, type OpenRepository } from './run.js';

/** Writes blobs, trees and a commit that nothing points to yet. No work tree and no index is touched. */
export async function writeCommit(
  place: OpenRepository,
  objects: CatFile,
  commit: NewCommit,
  waiting: Waiting,
): Promise<Revision> {
  const [base, sign] = await Promise.all([treeOf(objects, commit.base), wantsSignature(place, waiting)]);
  const tree = await editTree(place, objects, { base, files: commit.files }, waiting);
  const date = `${Math.floor(commit.at / 1000)} +0000`;
  const { name, email } = commit.author;
  const who = {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
    GIT_COMMITTER_DATE: date,
  };
  const parents = commit.parents.flatMap((parent) => ['-p', parent]);
  const { stdout } = await git(place, ['commit-tree', ...(sign ? ['-S'] : []), ...parents, '-F', '-', tree], {
    ...waiting,
    env: who,
    input: commit.message,
  });
  const revision = parseRevision(stdout.toString('utf8').trim());
  if (revision === undefined) throw new Error('git commit-tree printed no commit');
  return revision;
}

async function treeOf(objects: CatFile, base: Revision | undefined): Promise<ObjectId | undefined> {
  if (base === undefined) return undefined;
  const found = await objects.ask(`${base}^{tree}`);
  const id = found?.type === 'tree' ? parseObjectId(found.id) : undefined;
  if (id === undefined) throw new Error(`${base} is no commit of this repository`);
  return id;
}

/** commit-tree ignores commit.gpgSign, so the repository's wish is asked for and passed on. */
async function wantsSignature(place: OpenRepository, waiting: Waiting): Promise<boolean> {
  const args = ['config', '--type=bool', '--get', 'commit.gpgSign'];
  const { stdout } = await git(place, args, { ...waiting, allow: [0, 1] });
  return stdout.toString('utf8').trim() === 'true';
}

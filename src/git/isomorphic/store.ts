import * as isomorphic from 'isomorphic-git';
import fs from 'node:fs';
import type { GitStore } from '../../ports/git-store.js';
import { TowlineError } from '../../runtime/errors.js';
import { redact } from '../../runtime/redact.js';
import type { Place } from '../open.js';
import { PLAIN_ACCESS } from '../remote-access.js';
import type { RawCommits } from '../signatures.js';
import { HttpCopy } from './copy.js';
import { gitFolder, ifThere } from './opened.js';
import { isomorphicRepository } from './repository.js';

/**
 * The job repository on a machine without git (a slim container with Node): it is read as with git, a local one in place
 * and one over HTTP as a copy. Nothing can be written: no signature, no lease and no hook could be had.
 */
export function storeWithoutGit({
  location,
  storeDir,
  access = PLAIN_ACCESS,
}: Place): GitStore & RawCommits & { close(): Promise<void> } {
  if (isOther(location))
    throw noGit(
      `${redact(location)} can't be reached`,
      'Install git, or name a local folder or an https address.',
    );
  const copy = /^https?:/i.test(location) ? new HttpCopy(location, storeDir, access) : undefined;
  const repository = isomorphicRepository({
    location: copy?.gitdir ?? location,
    ...(copy === undefined ? {} : { bring: (signal) => copy.bring(signal) }),
  });
  const refuse = (): Promise<never> =>
    Promise.reject(
      noGit('nothing can be committed', 'Install git: commits, the ledger among them, are written by it.'),
    );
  return {
    ...repository,
    location: redact(location),
    async commitBytes(id, { signal }) {
      signal.throwIfAborted();
      const gitdir = copy?.gitdir ?? (await gitFolder(location));
      const found = await ifThere(isomorphic.readObject({ fs, gitdir, oid: id, format: 'content' }));
      return found?.type === 'commit' && found.format === 'content' ? found.object : undefined;
    },
    writeCommit: refuse,
    publish: refuse,
    append: refuse,
    close: () => Promise.resolve(),
  };
}

/** Of a scheme that isomorphic-git does not speak. */
function isOther(location: string): boolean {
  return (
    !/^https?:/i.test(location) &&
    (/^[a-z][a-z0-9+.-]*:\/\//i.test(location) || /^[^/\\]+@[^/\\:]+:/.test(location))
  );
}

function noGit(what: string, help: string): TowlineError {
  return new TowlineError('git-missing', 'invalid', `${what}: there is no git program here`, { help });
}

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gitStore } from '../../src/git/index.js';
import { isomorphicRepository } from '../../src/git/isomorphic/repository.js';
import { parseTrailers } from '../../src/domain/source/trailers.js';
import { gitStoreContract } from '../../src/ports/git-store.contract.js';
import { jobRepositoryContract } from '../../src/ports/job-repository.contract.js';
import { PLAIN_ACCESS } from '../../src/git/remote-access.js';
import { storeWithoutGit } from '../../src/git/isomorphic/store.js';
import type { JobRepository } from '../../src/ports/job-repository.js';
import { silentLog } from '../../src/runtime/log.js';
import { startGitHttp, type GitHttp } from '../fakes/git-http.js';
import { GitSandbox } from '../fakes/git-sandbox.js';

const author = { name: 'Towline', email: 'towline@localhost' };
const inPlace = (location: string) =>
  gitStore({ location, storeDir: `${location}.store`, author, log: silentLog() });
const byUrl = (location: string) =>
  gitStore({ location: `file://${location}`, storeDir: `${location}.copies`, author, log: silentLog() });

describe('git in place', () => {
  jobRepositoryContract(inPlace, { rawNames: true, largeBlobs: true });
  gitStoreContract(inPlace);
});

describe('git over a remote', () => {
  const fetched = (location: string) => {
    const store = byUrl(location);
    // A remote is only known as far as it was fetched.
    return {
      ...store,
      resolve: async (name: string, waiting: { signal: AbortSignal }) => (
        await store.fetch(waiting),
        store.resolve(name, waiting)
      ),
    };
  };
  jobRepositoryContract(fetched, { rawNames: true, largeBlobs: true });
  gitStoreContract(byUrlWithHooksInPlace);

  /** Hooks of a remote run on every push: `runHooks: false` can't be asked of it, so that contract holds there as well. */
  function byUrlWithHooksInPlace(location: string) {
    return fetched(location);
  }
});

describe('isomorphic-git', () => {
  jobRepositoryContract((location) => isomorphicRepository({ location }), {
    rawNames: false,
    largeBlobs: false,
  });
});

describe('isomorphic-git over HTTP', () => {
  let server: GitHttp;
  const copies = mkdtempSync(path.join(os.tmpdir(), 'towline-copies-'));
  beforeAll(async () => void (server = await startGitHttp({ root: '/', env: process.env }, 'secret')));
  afterAll(async () => {
    await server.close();
    rmSync(copies, { recursive: true, force: true });
  });
  jobRepositoryContract(
    (location) => {
      const store = storeWithoutGit({
        location: `${server.url}${location}`,
        storeDir: copies,
        access: { ...PLAIN_ACCESS, user: 'ann', token: 'secret' },
      });
      // A remote is only known as far as it was fetched.
      const resolve: JobRepository['resolve'] = async (name, waiting) => {
        await store.fetch(waiting);
        return store.resolve(name, waiting);
      };
      return { ...store, resolve };
    },
    { rawNames: false, largeBlobs: false },
  );
});

describe('SHA-256 repositories', () => {
  it('are read and written by the git command line', async () => {
    const sandbox = new GitSandbox('sha256');
    const signal = new AbortController().signal;
    sandbox.write({ 'jobs/a.json': '{}' });
    const revision = sandbox.commit();
    sandbox.push();
    for (const store of [inPlace(sandbox.bare), byUrl(sandbox.bare)]) {
      await store.fetch({ signal });
      expect(await store.resolve('main', { signal })).toBe(revision);
      const tree = await store.readTree(revision as never, 'jobs', { signal });
      expect(tree).toMatchObject({ format: 'sha256', entries: [{ path: 'a.json' }] });
      await store.close();
    }
    sandbox.remove();
  });
});

describe('trailers', () => {
  it('are the last paragraph, and only when every line of it is one', () => {
    expect(parseTrailers('Subject\n\nBody: not this\n\nKey: a\nOther-Key: b\n  c\n')).toEqual([
      { key: 'Key', value: 'a' },
      { key: 'Other-Key', value: 'b c' },
    ]);
    expect(parseTrailers('Subject: x\n')).toEqual([]);
    expect(parseTrailers('Subject\n\nKey: a\nplain text\n')).toEqual([]);
  });
});

import { afterEach, expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { GitSandbox } from '../../test/fakes/git-sandbox.js';
import type { Revision } from '../domain/source/revision.js';
import { silentLog } from '../runtime/log.js';
import { gitStore } from './index.js';

const signal = AbortSignal.timeout(60_000);
const sandboxes: GitSandbox[] = [];
afterEach(() => sandboxes.splice(0).forEach((each) => each.remove()));

it('has git pack a repository in place once many commits were written there, by its own settings', async () => {
  const sandbox = new GitSandbox();
  sandboxes.push(sandbox);
  const config = (name: string, value: string) =>
    sandbox.git('--git-dir', sandbox.bare, 'config', name, value);
  config('gc.auto', '100');
  config('gc.autoDetach', 'false');
  const author = { name: 'Towline', email: 'towline@localhost' };
  const store = gitStore({
    location: sandbox.bare,
    storeDir: path.join(sandbox.root, 'copies'),
    author,
    log: silentLog(),
  });
  let tip: Revision | undefined;
  for (let n = 0; n < 520; n++) {
    const commit = await store.writeCommit(
      {
        ...(tip === undefined ? {} : { base: tip }),
        parents: tip === undefined ? [] : [tip],
        files: new Map([['n', Buffer.from(`${n}`)]]),
        message: `${n}\n`,
        author,
        at: Date.now(),
      },
      { signal },
    );
    await store.publish('ledger/test', commit, { signal, expected: tip, runHooks: false });
    tip = commit;
  }
  const packs = () =>
    readdirSync(path.join(sandbox.bare, 'objects/pack')).filter((name) => name.endsWith('.pack'));
  while (packs().length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await store.resolve('ledger/test', { signal })).toBe(tip);
  expect(tip === undefined ? 0 : (await store.log(tip, { signal, limit: 1000 })).length).toBe(520);
  await store.close();
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { GitSandbox } from '../../test/fakes/git-sandbox.js';
import type { RevisionState } from '../domain/record/revision-verdict.js';
import type { Revision } from '../domain/source/revision.js';
import type { StatusBoard } from '../ports/revision-status.js';
import { silentLog } from '../runtime/log.js';
import { gitStore } from './git-store.js';
import { gitNotes } from './notes.js';

const signal = new AbortController().signal;
const author = { name: 'Towline', email: 'towline@localhost' };

describe.each(['in place', 'of a remote'])('notes of a repository %s', (where) => {
  let sandbox: GitSandbox;
  let revision: Revision;

  const bare = (...args: string[]): string =>
    execFileSync('git', ['--git-dir', sandbox.bare, ...args], { env: sandbox.env }).toString();
  const note = (): string => bare('notes', '--ref=towline', 'show', revision);
  const location = (): string => (where === 'in place' ? sandbox.bare : pathToFileURL(sandbox.bare).href);
  const board = (store = 'store'): StatusBoard =>
    gitNotes({ location: location(), storeDir: path.join(sandbox.root, store), author });
  /** The copy has the revision, as it is read before it is deployed. */
  const fetched = async (store = 'store'): Promise<void> => {
    const opened = gitStore({
      location: location(),
      storeDir: path.join(sandbox.root, store),
      author,
      log: silentLog(),
    });
    await opened.fetch({ signal });
    await opened.close();
  };
  const say = (environment: string, state: RevisionState, from = board()): Promise<void> =>
    from.report({ environment, revision, state, description: `${state} now` }, { signal });

  beforeEach(async () => {
    sandbox = new GitSandbox();
    sandbox.write({ 'a.json': '{}' });
    revision = sandbox.commit() as Revision;
    sandbox.push();
    await fetched();
  });
  afterEach(() => sandbox.remove());

  it('have a line of JSON for each environment, the newest word of each', async () => {
    await say('production', 'pending');
    await say('staging', 'live');
    await say('production', 'failed');
    expect(
      note()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { context: 'towline/staging', state: 'live', description: 'live now' },
      { context: 'towline/production', state: 'failed', description: 'failed now' },
    ]);
    expect(bare('for-each-ref', '--format=%(refname)')).toBe('refs/heads/main\nrefs/notes/towline\n');
    expect(bare('log', '-1', '--notes=towline', revision)).toContain('failed now');
  });

  it('keep what people wrote beside it, and write nothing where nothing is new', async () => {
    await say('production', 'live');
    bare('notes', '--ref=towline', 'append', '-m', 'looked at by Ann', revision);
    await say('staging', 'live');
    expect(note()).toContain('looked at by Ann');
    const tip = bare('rev-parse', 'refs/notes/towline');
    await say('staging', 'live');
    expect(bare('rev-parse', 'refs/notes/towline')).toBe(tip);
  });

  it('lose nothing when several write at once', async () => {
    await fetched('other');
    const boards = [board(), board('other'), board()];
    const names = ['one', 'two', 'three', 'four', 'five', 'six'];
    await Promise.all(names.map((name, at) => say(name, 'live', boards[at % boards.length])));
    for (const name of names) expect(note()).toContain(`towline/${name}"`);
  });

  it('are no more than notes: no draft of one stays behind, also where it could not be written', async () => {
    const status = {
      environment: 'a',
      revision: '--all' as Revision,
      state: 'live' as const,
      description: 'x',
    };
    await expect(board().report(status, { signal })).rejects.toMatchObject({ code: 'git-failed' });
    expect(bare('for-each-ref', 'refs/notes')).toBe('');
  });

  if (where === 'of a remote')
    it('that a hook refuses say so', async () => {
      const hook = path.join(sandbox.bare, 'hooks/pre-receive');
      writeFileSync(hook, '#!/bin/sh\necho no notes here\nexit 1\n');
      chmodSync(hook, 0o755);
      await expect(say('production', 'live')).rejects.toMatchObject({
        code: 'notes-rejected',
        kind: 'refused',
        details: [expect.stringContaining('no notes here')],
      });
    });
});

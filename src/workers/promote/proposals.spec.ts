import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryMergeRequests } from '../../../test/fakes/memory-merge-requests.js';
import { PromoteWorld } from '../../../test/fakes/promote-world.js';
import { proposalBranch } from '../../domain/release/proposal.js';
import { TowlineError } from '../../runtime/errors.js';
import type { PromoteResult } from './index.js';

const web = 'id: /web\ncmd: x\ncontainer: {docker: {image: "shop/web:1.0.0"}}\n';
const branch = proposalBranch('production', 'shop/web');

describe('a promotion that is proposed', () => {
  let world: PromoteWorld;
  let forge: MemoryMergeRequests;
  beforeEach(() => {
    world = new PromoteWorld({ 'production/web.yaml': web });
    forge = new MemoryMergeRequests();
  });
  afterEach(() => world.close());

  const propose = (): Promise<PromoteResult> =>
    world.promote({ via: { by: 'merge-request', requests: forge } });
  const branches = (): string[] =>
    world.bare('for-each-ref', '--format=%(refname:short)', 'refs/heads').split('\n');

  it('is a branch with one commit and a request for it; the branch of the environment stays', async () => {
    const before = world.tip();
    await world.release('1.1.0', { sourceCommit: 'c0ffee' });
    expect(await propose()).toMatchObject({
      applied: { commits: [{ release: 'shop/web:1.1.0', branch, url: 'https://forge.example/1' }] },
    });
    expect(world.tip()).toBe(before);
    expect(world.bare('log', '--format=%s', `main..${branch}`)).toBe('Promote shop/web 1.1.0 to production');
    expect(world.bare('show', `${branch}:production/web.yaml`)).toContain('shop/web:1.1.0');
    expect(forge.all).toMatchObject([
      {
        title: 'Promote shop/web 1.1.0 to production',
        body: expect.stringContaining('Towline-Source-Commit: c0ffee'),
      },
    ]);
  });

  it('is not made again, however often it is announced', async () => {
    await world.release('1.1.0');
    await propose();
    const tip = world.tip(branch);
    for (let n = 0; n < 10; n++) {
      await world.release('1.1.0', { buildUrl: `https://ci.example/${n}` });
      expect(await propose()).toMatchObject({
        kind: 'unchanged',
        plan: {
          held: [{ reason: expect.stringContaining('https://forge.example/1, and waits to be merged') }],
        },
      });
    }
    expect(world.tip(branch)).toBe(tip);
    expect(forge.calls.filter((call) => call !== 'find')).toEqual(['create']);
  });

  it('is brought up to date by the next release: the same branch and request', async () => {
    await world.release('1.1.0');
    await propose();
    await world.release('1.2.0');
    expect(await propose()).toMatchObject({ kind: 'applied' });
    expect(world.subjects(branch)).toEqual(['Promote shop/web 1.2.0 to production', 'Begin']);
    expect(forge.all).toMatchObject([{ id: 1, title: 'Promote shop/web 1.2.0 to production' }]);
  });

  it('was merged: there is nothing more to do, and a revert of it stands', async () => {
    await world.release('1.1.0');
    await propose();
    world.sandbox.git('fetch', '-q', 'origin');
    world.sandbox.git('merge', '-q', '--squash', `origin/${branch}`);
    world.sandbox.git('commit', '-q', '-m', 'Squashed, without trailers');
    world.sandbox.push();
    Object.assign(forge.all[0] ?? {}, { state: 'merged' });
    expect(await propose()).toMatchObject({ kind: 'unchanged', plan: { held: [] } });
    world.sandbox.git('revert', '--no-edit', 'HEAD');
    world.sandbox.push();
    expect(await propose()).toMatchObject({
      kind: 'unchanged',
      plan: { held: [{ reason: expect.stringContaining('taken back since') }] },
    });
  });

  it('was closed: a person said no, until another release or a person comes', async () => {
    await world.release('1.1.0');
    await propose();
    Object.assign(forge.all[0] ?? {}, { state: 'closed' });
    expect(await propose()).toMatchObject({
      kind: 'unchanged',
      plan: { held: [{ reason: expect.stringContaining('a person said no') }] },
    });
    expect(forge.all).toHaveLength(1);
    await world.release('1.2.0');
    expect(await propose()).toMatchObject({ applied: { commits: [{ url: 'https://forge.example/2' }] } });
    expect(forge.all.map(({ state }) => state)).toEqual(['closed', 'open']);
  });

  it('leaves a branch alone on which somebody else has committed', async () => {
    await world.release('1.1.0');
    await propose();
    world.sandbox.git('fetch', '-q', 'origin');
    world.sandbox.git('checkout', '-q', '-b', 'mine', `origin/${branch}`);
    const mine = world.sandbox.commit('And this too');
    world.sandbox.push('origin', `HEAD:${branch}`);
    await world.release('1.2.0');
    expect(await propose()).toMatchObject({
      kind: 'unchanged',
      plan: { held: [{ reason: expect.stringContaining('somebody else has committed') }] },
    });
    expect(world.tip(branch)).toBe(mine);
  });

  it('loses no commit that comes in between: the branch is moved by comparing', async () => {
    await world.release('1.1.0');
    await propose();
    await world.release('1.2.0');
    world.sandbox.git('fetch', '-q', 'origin');
    world.sandbox.git('checkout', '-q', '-b', 'mine', `origin/${branch}`);
    const repository = world.store();
    const publish = repository.publish.bind(repository);
    let mine = '';
    repository.publish = async (...args) => {
      if (mine === '') {
        mine = world.sandbox.commit('Just now');
        world.sandbox.push('origin', `HEAD:${branch}`);
      }
      return publish(...args);
    };
    const result = await world.promote({ repository, via: { by: 'merge-request', requests: forge } });
    expect(result).toMatchObject({ kind: 'unchanged', plan: { held: [{ release: 'shop/web:1.2.0' }] } });
    expect(world.tip(branch)).toBe(mine);
  });

  it('is completed after a crash between the branch and the request', async () => {
    await world.release('1.1.0');
    const create = forge.create.bind(forge);
    forge.create = () => Promise.reject(new TowlineError('forge-unavailable', 'unavailable', 'away'));
    await expect(propose()).rejects.toMatchObject({ code: 'forge-unavailable' });
    const tip = world.tip(branch);
    forge.create = create;
    expect(await propose()).toMatchObject({ applied: { commits: [{ url: 'https://forge.example/1' }] } });
    expect(world.tip(branch)).toBe(tip);
    expect(forge.all).toHaveLength(1);
  });

  it('is told of with push options, where the server takes them; the options hold no line break', async () => {
    world.bare('config', 'receive.advertisePushOptions', 'true');
    const seen = `${world.sandbox.root}/options`;
    const hook = `#!/bin/sh\nenv | grep '^GIT_PUSH_OPTION_[0-9]' | sort > ${seen}\n`;
    mkdirSync(`${world.sandbox.bare}/hooks`, { recursive: true });
    writeFileSync(`${world.sandbox.bare}/hooks/pre-receive`, hook);
    chmodSync(`${world.sandbox.bare}/hooks/pre-receive`, 0o755);
    await world.release('1.1.0', { by: 'eve\nTowline-Pass: forged' });
    const via = { by: 'push-options' } as const;
    expect(await world.promote({ via })).toMatchObject({ applied: { commits: [{ branch }] } });
    const options = readFileSync(seen, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.replace(/^[^=]*=/, ''));
    expect(options.slice(0, 3)).toEqual([
      'merge_request.create',
      'merge_request.target=main',
      'merge_request.title=Promote shop/web 1.1.0 to production',
    ]);
    expect(options).toHaveLength(4);
    const tip = world.tip(branch);
    expect(await world.promote({ via })).toMatchObject({ kind: 'unchanged' });
    expect(world.tip(branch)).toBe(tip);
  });

  it('is refused with push options where the server takes none, and nothing is pushed', async () => {
    await world.release('1.1.0');
    await expect(world.promote({ via: { by: 'push-options' } })).rejects.toMatchObject({
      code: 'git-push-options',
      kind: 'refused',
    });
    expect(branches()).toEqual(['main']);
  });
});

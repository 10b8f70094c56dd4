import { describe, expect, it } from '@jest/globals';
import type { Json } from '../../domain/source/json.js';
import { translate, type Translated } from './translate.js';

function translated(repos: Json, more: Record<string, Json> = {}): Translated {
  const result = translate({ repos, ...more });
  if ('problems' in result) throw new Error(result.problems.join(', '));
  return result;
}

const repo = { name: 'cfg', url: 'ssh://git@git.example/cfg.git', branches: ['main'] };

describe('a configuration of git2consul', () => {
  it('polls each branch as often as its repository says, and others hardly ever', () => {
    const { polls, once } = translated([
      { ...repo, branches: ['main', 'dev'], hooks: [{ type: 'polling', interval: '5' }] },
      { ...repo, name: 'other', hooks: [{ type: 'github', port: 5050, url: '/x' }] },
    ]);
    expect([...polls]).toEqual([
      ['cfg-main', 300_000],
      ['cfg-dev', 300_000],
    ]);
    expect(once).toBe(false);
  });

  it('gives every mirror a name, and so a lock, of its own', () => {
    const { mirrors } = translated([
      { ...repo, name: 'a', branches: ['b-c', 'b/c', 'B.c'] },
      { ...repo, name: 'a-b', branches: ['c'] },
    ]);
    const names = mirrors.map(({ name }) => name);
    expect(new Set(names).size).toBe(4);
    expect(names.slice(0, 2)).toEqual(['a-b-c', expect.stringMatching(/^a-b-c-[0-9a-f]{6}$/)]);
  });

  it('wakes by a hook the branches of its repository and its tags', () => {
    const { hooks, mirrors } = translated([
      { ...repo, support_tags: true, hooks: [{ type: 'gitea', port: 5050, url: '/x', secretFile: 's' }] },
    ]);
    expect(hooks).toEqual([{ port: 5050, path: '/x', mirrors: ['cfg-main', 'cfg-tags'], secretFile: 's' }]);
    expect(mirrors[1]).toMatchObject({
      many: { tags: ['**'], annotatedOnly: true },
      prefix: 'cfg/',
      revisionKey: 'cfg/{ref}.ref',
    });
  });

  it.each<[Json, string | undefined]>([
    [{ level: 'debug' }, 'debug'],
    [{ level: 60 }, 'error'],
    [{ streams: [{ level: 20, stream: 'process.stderr' }] }, 'debug'],
    [{ streams: [] }, undefined],
    [undefined as unknown as Json, undefined],
  ])('takes the level of the logger %j', (logger, level) => {
    expect(translated([repo], { logger }).logLevel).toBe(level);
  });
});

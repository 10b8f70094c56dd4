import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { GitSandbox } from '../fakes/git-sandbox.js';
import { Processes, type Finished } from '../scenario/processes.js';
import { idle } from './world.js';

const program = path.resolve(import.meta.dirname, '../../dist/towline.js');
const DEEP = 20_000;

/** What each file must be told; undefined: nothing at all. */
const FILES: Record<string, { content: string | Buffer; code?: string }> = {
  'good.json': { content: idle('/good') },
  'bom.json': { content: `\uFEFF${idle('/bom')}` },
  'crlf.yaml': { content: 'id: /crlf\r\ncmd: exec sleep 1\r\nportDefinitions: []\r\n' },
  'dots..name.json': { content: idle('/dots') },
  'alias-bomb.yaml': {
    content: `a0: &a0 [x, x]\n${Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]\n`).join('')}`,
    code: 'manifest/aliases',
  },
  'deep.json': { content: '['.repeat(DEEP) + ']'.repeat(DEEP), code: 'manifest/too-deep' },
  'deep.yaml': {
    content: `id: /deep\nenv: ${'{a: '.repeat(DEEP)}1${'}'.repeat(DEEP)}\n`,
    code: 'manifest/too-deep',
  },
  'deep-block.yaml': {
    content: Array.from({ length: 2000 }, (_, n) => `${' '.repeat(n)}a:\n`).join(''),
    code: 'manifest/too-deep',
  },
  'twice.json': { content: '{"id": "/a", "id": "/b"}', code: 'manifest/duplicate-key' },
  'twice.yaml': { content: 'id: /a\nid: /b\n', code: 'manifest/duplicate-key' },
  'proto.json': { content: '{"id": "/p", "__proto__": {"cmd": "x"}}', code: 'manifest/key' },
  'digits.json': {
    content: '{"id": "/n", "cmd": "run", "cpus": 0.12345678901234567890123}',
    code: 'manifest/number',
  },
  'infinite.yaml': { content: 'id: /i\ncmd: run\ncpus: .inf\n', code: 'manifest/number' },
  'bytes.json': { content: Buffer.from('7b226964223a20222fff227d', 'hex'), code: 'manifest/encoding' },
  'utf16.yaml': { content: Buffer.from('id: /u', 'utf16le'), code: 'manifest/character' },
  'tag.yaml': { content: 'id: /t\ncmd: !!js/function "x"\n', code: 'manifest/tag' },
  'many.yaml': { content: 'id: /m\n---\n'.repeat(12_000), code: 'manifest/too-many' },
  'comments.json': { content: '{"id": "/c"} // no', code: 'manifest/syntax' },
  'empty.json': { content: '', code: 'manifest/syntax' },
  'Case.json': { content: idle('/case-one') },
  'case.json': { content: idle('/case-two'), code: 'manifest/twin-path' },
  'caf\u00e9.json': { content: idle('/nfc'), code: 'manifest/twin-path' },
  'cafe\u0301.json': { content: idle('/nfd') },
  'line\nbreak.json': { content: idle('/line'), code: 'manifest/unread' },
  'no\u00a0break.json': { content: idle('/nbsp'), code: 'manifest/unread' },
  'large.json': { content: Buffer.alloc(50 * 1024 * 1024, ' '), code: 'manifest/unread' },
  'regex.json': {
    content: idle('/regex', { constraints: [['hostname', 'LIKE', '(a+)+$'.repeat(50)]] }),
  },
  'wide.json': {
    content: idle('/wide', {
      env: Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`A${n}`, 'x'])),
    }),
  },
};

describe('a repository that means harm', () => {
  const sandbox = new GitSandbox();
  const processes = new Processes({
    PATH: process.env['PATH'] ?? '',
    HOME: sandbox.root,
    NO_COLOR: '1',
    // Bounded memory: what is not read can't fill it.
    NODE_OPTIONS: '--max-old-space-size=256',
  });
  beforeAll(() => {
    sandbox.write({
      'towline.yaml':
        "version: 1\nenvironments:\n  test:\n    folder: jobs\n    schedulers: { marathon: { url: 'http://127.0.0.1:1' } }\n",
      ...Object.fromEntries(Object.entries(FILES).map(([name, { content }]) => [`jobs/${name}`, content])),
    });
    sandbox.link('jobs/link.json', 'good.json');
    sandbox.link('jobs/outside.yaml', '/etc/passwd');
    sandbox.link('jobs/folder.json', '/etc');
    sandbox.link('jobs/dangling.json', 'nowhere');
    mkdirSync(path.join(sandbox.work, 'jobs/directory.json'));
    writeFileSync(path.join(sandbox.work, 'jobs/directory.json/inner.json'), idle('/inner'));
    writeFileSync(
      Buffer.concat([Buffer.from(`${sandbox.work}/jobs/`), Buffer.from('ff2e6a736f6e', 'hex')]),
      idle('/latin'),
    );
    sandbox.commit('Harm');
  }, 60_000);
  afterAll(() => sandbox.remove());

  const towline = (...args: string[]): Promise<Finished> =>
    processes.run(process.execPath, [program, ...args], { cwd: sandbox.work });

  /** File and code of each finding, once. */
  async function found(...args: string[]): Promise<{ lines: string[]; jobs: number }> {
    const { code, stdout, stderr } = await towline('validate', ...args, '--output', 'json');
    expect([code, stderr]).toEqual([1, '']);
    const [set] = JSON.parse(stdout) as {
      jobs: number;
      diagnostics: { code: string; place: { file: string } }[];
    }[];
    const lines = set?.diagnostics.map((d) => `${d.place.file.replace(/^jobs\//, '')} ${d.code}`) ?? [];
    return { lines: [...new Set(lines)].sort(), jobs: set?.jobs ?? -1 };
  }

  const expected = [
    ...Object.entries(FILES).flatMap(([name, { code }]) => (code === undefined ? [] : [`${name} ${code}`])),
    'many.yaml manifest/duplicate-job',
    'many.yaml marathon/command',
    'dangling.json manifest/unread',
    'folder.json manifest/unread',
    'link.json manifest/unread',
    'outside.yaml manifest/unread',
    '\uFFFD.json manifest/unread',
  ].sort();

  it('is judged file by file: a named finding for each, and the good ones stay good', async () => {
    const { lines, jobs } = await found();
    expect(lines).toEqual(expected);
    // Warnings take nothing away: the twins are jobs like others.
    expect(jobs).toBe(Object.values(FILES).filter(({ code }) => code === undefined).length + 2 + 1);
  }, 60_000);

  it('is judged the same as a revision, where the files are blobs of Git', async () => {
    expect(await found('--revision', 'HEAD')).toEqual(await found());
  }, 60_000);

  it('is refused by the hook with all that is wrong, and without harm to what stands there', async () => {
    const install = await towline('hook', 'install', sandbox.bare);
    expect(install.code).toBe(0);
    const { code, stderr } = await processes.run('git', ['push', '-q', 'origin', 'HEAD:main'], {
      cwd: sandbox.work,
    });
    expect(code).not.toBe(0);
    expect(stderr).toContain('jobs/link.json:1:1: error it is a symbolic link');
    expect(stderr).toContain('alias-bomb.yaml');
    expect(stderr).toContain('the push is refused; nothing was changed');
    expect(execFileSync('git', ['for-each-ref'], { cwd: sandbox.bare }).toString()).toBe('');
  }, 60_000);
});

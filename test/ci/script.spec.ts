import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Processes, type Finished } from '../scenario/processes.js';
import { commandOf, towlineProgram, unknownFlags } from './programs.js';

const script = path.resolve(import.meta.dirname, '../../hooks/ci/shell/towline-ci.sh');
const DIGEST = `sha256:${'d'.repeat(64)}`;
const SHA = 'c'.repeat(40);

/** Writes down its arguments, one a line, and answers what it is told to. */
const RECORDER = `#!/bin/sh
for each in "$@"; do printf '%s\\n' "$each"; done >>"$RECORD"
printf '%s\\n' "== end" >>"$RECORD"
[ ! -e "$ANSWER" ] || cat "$ANSWER"
exit "\${CODE:-0}"
`;

describe('the CI script', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'towline-ci-'));
    await writeFile(path.join(folder, 'recorder'), RECORDER);
    await chmod(path.join(folder, 'recorder'), 0o755);
  });
  afterEach(async () => rm(folder, { recursive: true, force: true }));

  const step = async (name: string, env: Record<string, string> = {}, answer?: string): Promise<Finished> => {
    if (answer !== undefined) await writeFile(path.join(folder, 'answer'), answer);
    const processes = new Processes({
      PATH: process.env['PATH'] ?? '',
      RECORD: path.join(folder, 'record'),
      ANSWER: path.join(folder, 'answer'),
      TOWLINE_CI_COMMAND: path.join(folder, 'recorder'),
      ...env,
    });
    return processes.run('sh', [script, ...(name === '' ? [] : [name])], { cwd: folder });
  };
  /** The calls of towline that it made, each with its arguments. */
  const calls = async (): Promise<string[][]> => {
    const text = await readFile(path.join(folder, 'record'), 'utf8').catch(() => '');
    return text
      .split('== end\n')
      .filter((call) => call !== '')
      .map((call) => call.trimEnd().split('\n'));
  };
  const output = (): Promise<string> => readFile(path.join(folder, 'towline.env'), 'utf8');

  it('calls towline only with commands and flags that it has', async () => {
    const all = {
      TOWLINE_CI_ENV: 'production',
      TOWLINE_CI_IMAGE: 'shop/web',
      TOWLINE_CI_TAG: '1.2',
      GIT_COMMIT: SHA,
    };
    const review = {
      TOWLINE_CI_COMMENT: 'always',
      TOWLINE_CI_FORGE: 'gitea',
      TOWLINE_CI_FORGE_URL: 'https://g',
    };
    await step('validate', all);
    await step('plan', { ...all, ...review, TOWLINE_CI_PROJECT: 'a/b', TOWLINE_CI_REQUEST: '7' });
    await step('release', all, JSON.stringify({ pushed: [{ image: 'shop/web:1.2', digest: DIGEST }] }));
    await step('promote', all);
    await step('wait', all);
    const program = towlineProgram();
    const made = await calls();
    expect(made.map(([first]) => first)).toEqual([
      'validate',
      'plan',
      'image',
      'image',
      'release',
      'promote',
      'wait',
    ]);
    // Without the commands for images this is a part of Towline that has none to check.
    const images = program.commands.some((each) => each.name() === 'image');
    for (const words of made) {
      const found = commandOf(program, words);
      if (!images && (words[0] === 'image' || words[0] === 'release')) continue;
      expect({
        words,
        unknown: found === undefined ? words : unknownFlags(found.command, found.rest),
      }).toEqual({
        words,
        unknown: [],
      });
    }
  });

  it('validates with annotations and a report, all environments or one', async () => {
    await step('validate');
    await step('validate', { TOWLINE_CI_ENV: 'production', TOWLINE_CI_JUNIT: 'j.xml' });
    expect(await calls()).toEqual([
      ['validate', '--annotate', 'auto', '--report', 'towline-junit.xml'],
      ['validate', '--annotate', 'auto', '--report', 'j.xml', '--env', 'production'],
    ]);
  });

  it.each([
    ['0', {}, 0],
    ['2', {}, 0],
    ['3', {}, 0],
    ['3', { TOWLINE_CI_HELD: 'fail' }, 3],
    ['1', {}, 1],
    ['130', {}, 130],
  ])('takes a plan that ends with %s and %j for %i', async (code, env, expected) => {
    expect(await step('plan', { ...env, CODE: code })).toMatchObject({ code: expected });
  });

  it.each<[string, Record<string, string>, string[]]>([
    ['a build of a branch', { GITHUB_TOKEN: 't' }, []],
    ['a pull request without a token', { GITHUB_EVENT_NAME: 'pull_request' }, []],
    ['a pull request', { GITHUB_EVENT_NAME: 'pull_request', GITHUB_TOKEN: 't' }, ['--comment']],
    ['a merge request with the token of the job', { CI_MERGE_REQUEST_IID: '3', CI_JOB_TOKEN: 't' }, []],
    ['a merge request', { GITLAB_CI: 'true', CI_MERGE_REQUEST_IID: '3', GITLAB_TOKEN: 't' }, ['--comment']],
    [
      'a merge request with a token for GitHub',
      { GITLAB_CI: 'true', CI_MERGE_REQUEST_IID: '3', GITHUB_TOKEN: 't' },
      [],
    ],
    [
      'a change of Jenkins',
      { CHANGE_ID: '3', TOWLINE_COMMENT_TOKEN: 't', TOWLINE_CI_FORGE: 'gitea' },
      ['--comment', '--forge', 'gitea', '--request', '3'],
    ],
    [
      'a pull request, and no comment is wanted',
      { CHANGE_ID: '3', GITHUB_TOKEN: 't', TOWLINE_CI_COMMENT: 'never' },
      [],
    ],
  ])('writes the plan where %s is reviewed, or not', async (_what, env, flags) => {
    await step('plan', env);
    expect(await calls()).toEqual([['plan', ...flags]]);
  });

  it('plans the commit that is built', async () => {
    await step('plan', { CI_COMMIT_SHA: SHA, TOWLINE_CI_ENV: 'production' });
    await step('plan', { CI_COMMIT_SHA: SHA, CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: 'e'.repeat(40) });
    expect(await calls()).toEqual([
      ['plan', '--revision', SHA, '--', 'production'],
      ['plan', '--revision', 'e'.repeat(40)],
    ]);
  });

  it.each<[Record<string, string>, string]>([
    [{ CI_COMMIT_TAG: 'v1.2.3', CI_COMMIT_SHA: SHA }, 'v1.2.3'],
    [{ TAG_NAME: 'feature/x+1' }, 'feature-x-1'],
    [{ GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: '.$(touch pwned)' }, '_--touch-pwned-'],
    [{ GITHUB_REF_TYPE: 'branch', GITHUB_REF_NAME: 'main', GITHUB_SHA: SHA }, SHA.slice(0, 12)],
    [{ GIT_COMMIT: SHA }, SHA.slice(0, 12)],
    [{ TOWLINE_CI_TAG: '9', CI_COMMIT_TAG: 'v1' }, '9'],
  ])('names an image after what is built: %j', async (env, tag) => {
    const pushed = JSON.stringify({ pushed: [{ image: 'x', digest: DIGEST }] }, null, 2);
    expect(
      await step('release', { TOWLINE_CI_IMAGE: 'r.example:5000/shop/web', ...env }, pushed),
    ).toMatchObject({
      code: 0,
    });
    const named = `r.example:5000/shop/web:${tag}`;
    expect(await calls()).toEqual([
      ['image', 'build', '--name', 'r.example:5000/shop/web', '--tag', tag, '--', '.'],
      ['image', 'push', '--output', 'json', '--', named],
      ['release', '--digest', DIGEST, '--verify', '--', named],
    ]);
    expect(await output()).toBe(`TOWLINE_CI_IMAGE=${named}@${DIGEST}\n`);
  });

  it('announces nothing that was not pushed', async () => {
    const env = { TOWLINE_CI_IMAGE: 'shop/web', TOWLINE_CI_TAG: '1' };
    expect(await step('release', env, '{"pushed": [{"digest": "sha256:short"}]}')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('named no digest'),
    });
    expect(await step('release', { ...env, CODE: '1' })).toMatchObject({ code: 1 });
    expect((await calls()).filter(([first]) => first === 'release')).toEqual([]);
  });

  it('tells later steps what was promoted, and waits for that', async () => {
    const applied = (revision: string): object => ({
      environment: 'staging',
      plan: { revision: 'f'.repeat(40) },
      applied: { commits: [{ release: 'shop/web:1', revision, files: ['a.json'] }] },
    });
    const env = { TOWLINE_CI_IMAGE: 'shop/web:1', TOWLINE_CI_ENV: 'staging', GIT_COMMIT: 'b'.repeat(40) };
    const github = { ...env, GITHUB_OUTPUT: path.join(folder, 'github') };
    await step('promote', github, JSON.stringify([applied('a'.repeat(40)), applied(SHA)], null, 2));
    expect(await output()).toBe(`TOWLINE_CI_REVISION=${SHA}\n`);
    expect(await readFile(path.join(folder, 'github'), 'utf8')).toBe(`revision=${SHA}\n`);
    await step('wait', env);
    expect(await calls()).toEqual([
      ['promote', '--output', 'json', '--env', 'staging', '--', 'shop/web:1'],
      ['wait', '--timeout', '15m', '--env', 'staging', '--', SHA],
    ]);
    const nothing = await step('promote', env, '[{"environment": "staging", "kind": "unchanged"}]');
    expect(nothing.stdout).toContain('nothing to promote');
    expect(await output()).toBe('');
  });

  it('passes the outcome of a wait on, and a promotion that failed', async () => {
    expect(await step('wait', { GIT_COMMIT: SHA, CODE: '6' })).toMatchObject({ code: 6 });
    expect(await step('promote', { TOWLINE_CI_IMAGE: 'x:1', CODE: '3' })).toMatchObject({ code: 3 });
  });

  it('takes no value for a flag or for shell', async () => {
    await step('wait', { TOWLINE_CI_REVISION: '--help; touch pwned', TOWLINE_CI_ENV: '$(touch pwned)' });
    await step('plan', { TOWLINE_CI_ENV: '`touch pwned` *' });
    expect(await calls()).toEqual([
      ['wait', '--timeout', '15m', '--env', '$(touch pwned)', '--', '--help; touch pwned'],
      ['plan', '--', '`touch pwned` *'],
    ]);
    await expect(readFile(path.join(folder, 'pwned'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each(['', 'deploy', '--help'])(
    'does nothing but say which steps there are when asked for "%s"',
    async (name) => {
      expect(await step(name)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('validate, plan, release'),
      });
      expect(await calls()).toEqual([]);
    },
  );
});

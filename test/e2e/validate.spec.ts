import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { GitSandbox } from '../fakes/git-sandbox.js';
import { Processes, type Finished } from '../scenario/processes.js';
import { idle } from './world.js';

const program = path.resolve(import.meta.dirname, '../../dist/towline.js');

interface Set {
  name: string;
  files: string[];
  jobs: number;
  diagnostics: { code: string; place: { file: string; line: number } }[];
}

describe('towline validate', () => {
  const sandbox = new GitSandbox();
  const processes = new Processes({ PATH: process.env['PATH'] ?? '', HOME: sandbox.root, NO_COLOR: '1' });
  beforeAll(() => {
    sandbox.write({
      'towline.yaml':
        "version: 1\nenvironments:\n  production:\n    folder: jobs\n    schedulers: { marathon: { url: 'http://127.0.0.1:1' } }\n",
      'jobs/db.json': idle('/db'),
      'jobs/api.json': idle('/api', { dependencies: ['/db'] }),
      'jobs/web.json': idle('/web', { dependencies: ['/api'] }),
      'jobs/alone.json': idle('/alone'),
    });
    sandbox.commit('Good');
  });
  afterAll(() => sandbox.remove());

  const validate = (args: string[], input?: string): Promise<Finished> =>
    processes.run(process.execPath, [program, 'validate', ...args], {
      cwd: sandbox.work,
      ...(input === undefined ? {} : { input }),
    });
  const sets = async (...args: string[]): Promise<Set[]> =>
    JSON.parse((await validate([...args, '--output', 'json'])).stdout) as Set[];

  it('needs no server: it reads the work tree and nothing else', async () => {
    expect(await validate([])).toMatchObject({
      code: 0,
      stdout: 'production: 4 files, 4 valid jobs, 0 errors, 0 warnings\n',
    });
  });

  it('opens a few files at a time, however many there are', async () => {
    const names = Array.from({ length: 400 }, (_, at) => `many/app-${at}.json`);
    sandbox.write(Object.fromEntries(names.map((name, at) => [name, idle(`/many-${at}`)])));
    const args = ['-c', 'ulimit -n 128 && exec "$@"', 'sh', process.execPath, program, 'validate', 'many'];
    const { code, stdout, stderr } = await processes.run('/bin/sh', args, { cwd: sandbox.work });
    expect([code, stdout, stderr]).toEqual([0, expect.stringContaining('400 valid jobs'), '']);
    sandbox.write(Object.fromEntries(names.map((name) => [name, null])));
  });

  it('takes from its cache only what has the same content, and notices everything else', async () => {
    const cache = path.join(sandbox.root, '.cache/towline');
    const kept = (): string => readFileSync(path.join(cache, readdirSync(cache)[0] ?? ''), 'utf8');
    const first = await validate([]);
    expect(kept()).toContain('"/alone"');
    expect(await validate([])).toEqual(first);
    // The same size and the same times, another content.
    const file = path.join(sandbox.work, 'jobs/alone.json');
    const { atime, mtime } = statSync(file);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('"cmd":', '"cmb":'));
    utimesSync(file, atime, mtime);
    expect(await validate([])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('jobs/alone.json:3:3'),
    });
    // Findings about how a file is written have places, and are found anew each time.
    writeFileSync(file, text.replace('"cmd":', '"cpus":'));
    for (let run = 0; run < 2; run++)
      expect(await validate([])).toMatchObject({ code: 1, stdout: expect.stringContaining('duplicate-key') });
    writeFileSync(file, text);
    // That it is used at all shows in what an entry is changed to; it is somebody's own cache.
    await validate([]);
    for (const name of readdirSync(cache))
      writeFileSync(path.join(cache, name), kept().replace('"cpus":0.01', '"cpus":-1'));
    expect(await validate([])).toMatchObject({ code: 1 });
    expect(await validate(['--no-cache'])).toEqual(first);
    for (const damage of ['', 'x', kept().slice(0, -40), kept().replaceAll('{', '')])
      for (const name of readdirSync(cache)) {
        writeFileSync(path.join(cache, name), damage);
        expect(await validate([])).toEqual(first);
      }
  }, 30_000);

  it('judges standard input under a name that says how it is read', async () => {
    expect(await validate(['-'], 'id: /x\ncmd: sleep 1\n')).toMatchObject({ code: 0 });
    const bad = await validate(['-', '--stdin-name', 'editor.json'], '{"id": "/x", "cmd": 1}');
    expect(bad).toMatchObject({ code: 1, stdout: expect.stringContaining('editor.json:1:21: error') });
  });

  it('judges a revision, whatever stands in the work tree', async () => {
    sandbox.write({ 'jobs/alone.json': '{"id": "/alone", "cmd": 1}' });
    expect(await validate([])).toMatchObject({ code: 1 });
    expect(await validate(['--revision', 'HEAD'])).toMatchObject({ code: 0 });
    expect(await validate(['--revision', 'nowhere'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('nowhere'),
    });
    sandbox.git('checkout', '-q', '--', '.');
  });

  it('judges only what a range changed and what depends on it', async () => {
    sandbox.write({ 'jobs/alone.json': '{"id": "/alone", "cmd": 1}' });
    sandbox.commit('Bad, but long ago');
    sandbox.write({ 'jobs/api.json': idle('/api', { dependencies: ['/db'], cpus: 0.2 }) });
    sandbox.commit('A change of the api');
    const [set] = await sets('--range', 'HEAD~1..HEAD');
    expect(set).toMatchObject({ files: ['jobs/api.json', 'jobs/web.json'], jobs: 2, diagnostics: [] });
    expect((await validate(['--range', 'HEAD~1..HEAD'])).code).toBe(0);
    expect((await validate(['--range', 'HEAD~2..'])).code).toBe(1);
  });

  it('judges who depends on a job that the range took away', async () => {
    sandbox.write({ 'jobs/db.json': null });
    sandbox.commit('No more db');
    const [set] = await sets('--range', 'HEAD~1..HEAD');
    expect(set?.files).toEqual(['jobs/api.json', 'jobs/web.json']);
    expect(set?.diagnostics.map(({ code, place }) => `${place.file} ${code}`)).toEqual([
      'jobs/api.json marathon/dependency-unknown',
    ]);
  });

  it.each([
    ['junit', /<testsuite name="production"/],
    ['sarif', /"version": "2\.1\.0"/],
    ['github', /^::error file=jobs\/alone\.json,line=1/m],
    ['gitlab', /"check_name": "marathon\/type"/],
  ])('speaks %s, with the same exit code', async (form, words) => {
    const { code, stdout } = await validate(['--output', form]);
    expect([code, stdout]).toEqual([1, expect.stringMatching(words)]);
  });

  it('wants to know which of the three it is asked for', async () => {
    expect(await validate(['jobs', '--revision', 'HEAD'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('exclude each other'),
    });
    expect(await validate(['--range', 'HEAD'])).toMatchObject({ code: 0 });
    expect(await validate(['--range', '..HEAD'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('FROM..TO'),
    });
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseManifest } from '../../src/domain/job/parse-manifest.js';
import { validateManifests } from '../../src/domain/job/validate/index.js';
import { SCHEDULER_KINDS } from '../../src/schedulers/registry.js';
import { GitSandbox } from '../fakes/git-sandbox.js';
import { Processes, type Finished } from '../scenario/processes.js';
import { idle } from './world.js';

const project = path.resolve(import.meta.dirname, '../..');
const program = path.join(project, 'dist/towline.js');

const CONFIG =
  'version: 1\nenvironments:\n  production:\n    folder: jobs\n    schedulers:\n' +
  "      marathon: { url: 'http://127.0.0.1:1' }\n      chronos: { url: 'http://127.0.0.1:1' }\n";
const POD = {
  id: '/pod',
  containers: [{ name: 'a', resources: { cpus: 0.1, mem: 32 }, exec: { command: { shell: 'sleep 9' } } }],
};
const GOOD = {
  'jobs/app.json': idle('/app'),
  'jobs/pod.json': JSON.stringify(POD),
  'jobs/group.json': JSON.stringify({ id: '/shop', dependencies: ['/db'], apps: [] }),
  'jobs/db.json': JSON.stringify({ id: '/db', enforceRole: true, apps: [] }),
  'jobs/nightly.json': JSON.stringify({
    name: 'nightly',
    schedule: 'R/2026-01-01T03:00:00Z/P1D',
    command: 'true',
    owner: 'a@example.org',
    epsilon: 'PT1H',
  }),
};
const BAD = {
  'jobs/app.json': idle('/app', { instnaces: 1, env: { A: 1 }, mem: -1 }),
  'jobs/pod.json': JSON.stringify({ ...POD, scaling: { kind: 'none' } }),
  'jobs/group.json': JSON.stringify({ id: '/shop', enforceRole: 'yes', apps: [], pods: [{}] }),
  'jobs/nightly.json': JSON.stringify({ name: 'nightly', schedule: 'R//P1D', command: 7, retries: 1.5 }),
};

describe('the built program, of what its schemas say', () => {
  const sandbox = new GitSandbox();
  const processes = new Processes({ PATH: process.env['PATH'] ?? '', HOME: sandbox.root, NO_COLOR: '1' });
  const coverage = path.join(sandbox.root, 'coverage');
  beforeAll(() => sandbox.write({ 'towline.yaml': CONFIG }));
  afterEach(() => rmSync(coverage, { recursive: true, force: true }));
  afterAll(() => sandbox.remove());

  const run = (...args: string[]): Promise<Finished> =>
    processes.run(process.execPath, [program, ...args], {
      cwd: sandbox.work,
      env: { NODE_V8_COVERAGE: coverage },
    });
  /** Files of ajv that were run, by V8's own count; what its compiled functions themselves need is not meant. */
  const ranOfAjv = (): string[] => {
    const [report = ''] = readdirSync(coverage);
    const { result } = JSON.parse(readFileSync(path.join(coverage, report), 'utf8')) as Coverage;
    return result
      .flatMap(({ functions }) => functions)
      .filter(({ functionName: name, ranges }) => /^node_modules\/ajv/.test(name) && ranges[0]!.count > 0)
      .map(({ functionName }) => functionName)
      .filter((name) => !name.startsWith('node_modules/ajv/dist/runtime/'));
  };

  it('runs nothing of ajv where configuration and manifests of every kind are right', async () => {
    sandbox.write(GOOD);
    expect(await run('validate')).toMatchObject({
      code: 0,
      stdout: 'production: 5 files, 5 valid jobs, 0 errors, 0 warnings\n',
    });
    expect(ranOfAjv()).toEqual([]);
  });

  it('asks ajv where something is wrong, and says word for word what the uncompiled schemas say', async () => {
    sandbox.write(BAD);
    const { code, stdout } = await run('validate', '--output', 'json');
    const [{ diagnostics } = { diagnostics: [] }] = JSON.parse(stdout) as { diagnostics: unknown[] }[];
    const manifests = Object.entries(BAD).map(([name, text]) => parseManifest(name, Buffer.from(text)));
    const schedulers = new Map(
      [...SCHEDULER_KINDS].map(([name, { model }]) => [name, { model, context: { settings: {} } }]),
    );
    const expected = validateManifests(manifests, schedulers).diagnostics;
    const codes = expected.map((finding) => finding.code);
    for (const each of [
      'marathon/unknown-field',
      'marathon/form',
      'marathon/range',
      'marathon/enum',
      'chronos/type',
    ])
      expect(codes).toContain(each);
    expect({ code, diagnostics }).toEqual({
      code: 1,
      diagnostics: JSON.parse(JSON.stringify(expected)) as unknown,
    });
    expect(ranOfAjv()).toContain('node_modules/ajv/dist/core.js');
  });

  it('says what is wrong with the configuration', async () => {
    sandbox.write({ 'towline.yaml': CONFIG.replace('folder: jobs', 'fodler: jobs') });
    const { code, stderr } = await run('validate');
    sandbox.write({ 'towline.yaml': CONFIG });
    expect([code, stderr]).toEqual([1, expect.stringContaining('unknown field "fodler"')]);
  });

  it("takes no check of its own for a policy's schema, though it has the same $id", async () => {
    const schema = { $id: 'https://towline.dev/schemas/marathon-app.json', required: ['labels'] };
    const policy = JSON.stringify([{ name: 'labelled', kinds: ['app'], schema }]);
    sandbox.write({ ...GOOD, 'towline.yaml': `${CONFIG}policies: ${policy}\n` });
    const { code, stdout } = await run('validate');
    sandbox.write({ 'towline.yaml': CONFIG });
    expect([code, stdout]).toEqual([1, expect.stringContaining('"labels" is missing')]);
  });

  it('loads no check and no ajv to print its help', () => {
    const files = [...loadedAtOnce(program)];
    expect(files.length).toBeGreaterThan(1);
    const heavy = files.filter(([, text]) => /QUICK_CHECKS|dist\/core\.js/.test(text));
    expect(heavy.map(([name]) => name)).toEqual([]);
    const all = readdirSync(path.join(project, 'dist/parts'));
    const holding = all.filter((name) =>
      /QUICK_CHECKS/.test(readFileSync(path.join(project, 'dist/parts', name), 'utf8')),
    );
    expect(holding).toHaveLength(1);
  });
});

describe('a build after a schema was changed', () => {
  const sandbox = new GitSandbox();
  const copy = path.join(sandbox.root, 'project');
  const processes = new Processes({ PATH: process.env['PATH'] ?? '', HOME: sandbox.root, NO_COLOR: '1' });
  afterAll(() => sandbox.remove());

  const built = async (): Promise<Finished> => {
    const done = await processes.run(process.execPath, ['scripts/build.mjs'], { cwd: copy });
    expect(done).toMatchObject({ code: 0, stderr: '' });
    return processes.run(process.execPath, [path.join(copy, 'dist/towline.js'), 'validate'], {
      cwd: sandbox.work,
    });
  };

  it('checks by the new schema, whatever the build before it left', async () => {
    mkdirSync(copy);
    for (const name of ['src', 'scripts', 'schemas', 'package.json', 'tsconfig.json'])
      cpSync(path.join(project, name), path.join(copy, name), { recursive: true });
    symlinkSync(path.join(project, 'node_modules'), path.join(copy, 'node_modules'));
    sandbox.write({ 'towline.yaml': CONFIG, ...GOOD });
    expect(await built()).toMatchObject({ code: 0 });

    const schema = path.join(copy, 'src/schedulers/marathon/model/schema/group.ts');
    const text = readFileSync(schema, 'utf8');
    writeFileSync(
      schema,
      text.replace('    dependencies,\n', '    dependencies: { ...dependencies, minItems: 2 },\n'),
    );
    expect(readFileSync(schema, 'utf8')).not.toBe(text);
    expect(await built()).toMatchObject({ code: 1, stdout: expect.stringContaining('marathon/count') });
  });
});

interface Coverage {
  result: { functions: { functionName: string; ranges: { count: number }[] }[] }[];
}

/** A module and everything that it imports before it runs, with the texts. */
function loadedAtOnce(file: string, seen = new Map<string, string>()): Map<string, string> {
  if (!seen.has(file)) {
    const text = readFileSync(file, 'utf8');
    seen.set(file, text);
    for (const [, name = ''] of text.matchAll(/(?:^import|from) "(\.[^"]+)";$/gm))
      loadedAtOnce(path.resolve(path.dirname(file), name), seen);
  }
  return seen;
}

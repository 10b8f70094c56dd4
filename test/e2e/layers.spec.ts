import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { GitSandbox } from '../fakes/git-sandbox.js';
import { Processes, type Finished } from '../scenario/processes.js';

const project = path.resolve(import.meta.dirname, '../..');
const program = path.join(project, 'dist/towline.js');

describe('the company with three environments', () => {
  const sandbox = new GitSandbox();
  const processes = new Processes({ PATH: process.env['PATH'] ?? '', HOME: sandbox.root, NO_COLOR: '1' });
  beforeAll(() => {
    cpSync(path.join(project, 'fixtures/harbour'), sandbox.work, { recursive: true });
    sandbox.commit("Harbour's jobs");
  });
  afterAll(() => sandbox.remove());

  const towline = (args: string[], input?: string): Promise<Finished> =>
    processes.run(process.execPath, [program, ...args], {
      cwd: sandbox.work,
      ...(input === undefined ? {} : { input }),
    });

  it('states every job once', () => {
    const files = (folder: string): string[] =>
      readdirSync(path.join(sandbox.work, folder), { recursive: true, withFileTypes: true })
        .filter((each) => each.isFile())
        .map((each) => path.join(each.parentPath, each.name));
    const commands = ['base', 'production', 'staging', 'development'].flatMap((folder) =>
      files(folder).flatMap(
        (file) => readFileSync(file, 'utf8').match(/^ *"?(id|name)"?: *"?[/\w-]+/gm) ?? [],
      ),
    );
    const whole = ['production', 'staging', 'development'].flatMap((folder) =>
      files(folder).filter((file) => /\bcmd|schedule\b/.test(readFileSync(file, 'utf8'))),
    );
    expect(commands.length).toBeGreaterThan(20);
    expect(whole.map((file) => path.basename(file))).toEqual(['mailbox.yaml']);
  });

  it('is valid in all of them', async () => {
    const { code, stdout } = await towline(['validate']);
    expect([code, stdout.trim().split('\n')]).toEqual([
      0,
      [
        'production: 18 files, 20 valid jobs, 0 errors, 0 warnings',
        'staging: 19 files, 14 valid jobs, 0 errors, 0 warnings',
        'development: 22 files, 12 valid jobs, 0 errors, 0 warnings',
      ],
    ]);
  });

  it('renders a job with the place of every value', async () => {
    expect((await towline(['render', 'production', '/shop/web'])).stdout).toMatchSnapshot();
    expect((await towline(['render', 'staging', 'chronos:nightly-export'])).stdout).toMatchSnapshot();
    const [pod] = JSON.parse(
      (await towline(['render', 'production', 'reporting/dashboard', '-o', 'json'])).stdout,
    ) as {
      origins: Record<string, string>;
    }[];
    expect(pod?.origins['/containers/1/name']).toBe('base/reporting/dashboard.yaml:12');
    expect(await towline(['render', 'staging', '/reporting/dashboard'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('staging has no job "/reporting/dashboard"'),
    });
  });

  it('renders what parses to the same documents again', async () => {
    const { stdout } = await towline(['render', 'production']);
    const rendered = JSON.parse((await towline(['render', 'production', '-o', 'json'])).stdout) as {
      spec: object;
    }[];
    expect(rendered).toHaveLength(20);
    expect(parseAllDocuments(stdout).map((document) => document.toJS() as object)).toEqual(
      rendered.map(({ spec }) => spec),
    );
  });

  it('shows what differs between two of them', async () => {
    expect((await towline(['diff', 'staging', 'production'])).stdout).toMatchSnapshot();
    expect((await towline(['diff', 'staging', 'production', '--exit-code'])).code).toBe(2);
    expect((await towline(['diff', 'staging', 'staging', '--exit-code'])).code).toBe(0);
  });

  it('points at the layer that is wrong, wherever the job is stated', async () => {
    sandbox.write({ 'production/shop/api.yaml': 'instances: many\n' });
    const { code, stdout } = await towline(['validate', 'production/shop/api.yaml']);
    expect(code).toBe(1);
    expect(stdout).toContain('production/shop/api.yaml:1:12: error');
    expect(stdout).toContain('1 valid job, 1 error');
    expect((await towline(['validate', 'staging'])).code).toBe(0);
    sandbox.git('checkout', '-q', '--', '.');
  });

  it('judges a patch on standard input as what it would make of the job', async () => {
    const stdin = (text: string): Promise<Finished> =>
      towline(['validate', '-', '--stdin-name', 'production/shop/api.yaml'], text);
    expect((await stdin('instances: 4\n')).code).toBe(0);
    expect(await stdin('cpus: null\ncmd: null\ncontainer: null\n')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('production/shop/api.yaml'),
    });
  });

  it('judges a change of a shared file in every environment that has it', async () => {
    sandbox.write({ 'base/platform/images.json': '{"id": "/platform/images"}' });
    sandbox.commit('No command any more');
    const sets = JSON.parse(
      (await towline(['validate', '--range', 'HEAD~1..HEAD', '-o', 'json'])).stdout,
    ) as {
      name: string;
      diagnostics: object[];
    }[];
    expect(sets.map(({ name, diagnostics }) => [name, diagnostics.length > 0])).toEqual([
      ['production', true],
      ['staging', true],
      ['development', true],
    ]);
  });
});

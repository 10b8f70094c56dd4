import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { getLanguageService, TextDocument, type Diagnostic } from 'vscode-json-languageservice';
import { parse } from 'yaml';
import { parseManifest } from '../../src/domain/job/parse-manifest.js';
import { validateManifests } from '../../src/domain/job/validate/index.js';
import { SCHEDULER_KINDS } from '../../src/schedulers/registry.js';
import { mergePatch } from '../../src/domain/source/merge-patch.js';

const project = path.resolve(import.meta.dirname, '../..');

const schedulers = new Map(
  [...SCHEDULER_KINDS].map(([name, { model }]) => [name, { model, context: { settings: {} } }]),
);

const corpus = process.env['TOWLINE_CORPUS'];

/** VS Code's own validator, with the files that are published; it knows nothing of ours. */
const service = getLanguageService({
  schemaRequestService: async (uri) => readFileSync(path.join(project, 'schemas', path.basename(uri)), 'utf8'),
});

async function complaints(schema: string, text: string): Promise<string[]> {
  service.configure({ schemas: [{ uri: `file:///schemas/${schema}.json`, fileMatch: ['*.json'] }] });
  const document = TextDocument.create('file:///job.json', 'json', 1, text);
  const found: Diagnostic[] = await service.doValidation(document, service.parseJSONDocument(document));
  return found.map(({ range, message }) => `${range.start.line + 1}:${range.start.character + 1} ${typeof message === 'string' ? message : message.value}`);
}

const APP = { id: '/a', cmd: 'sleep 100', instances: 2, env: { A: '1' }, networks: [{ mode: 'container/bridge' }] };
const POD = { id: '/p', containers: [{ name: 'a', resources: {}, exec: { command: { shell: 'x' } } }] };
const SCHEDULED = { name: 'a', schedule: 'R/2026-01-01T03:00:00Z/P1D', command: 'true', cpus: '0.5' };
const GROUP = { id: '/g', groups: [{ id: 'inner', apps: [{ id: 'x', cmd: 'run' }] }], dependencies: ['/a'] };

describe("VS Code's validator with the schema of manifests", () => {
  it.each([
    ['an app', APP],
    ['a pod', POD],
    ['a group', GROUP],
    ['a Chronos job', SCHEDULED],
    ['a list of them', [APP, POD, SCHEDULED]],
    ['words in any case, as the server reads them', { ...APP, container: { type: 'docker', docker: { image: 'a:1' } }, killSelection: 'oldest_first' }],
  ])('has nothing against %s', async (_what, job) => {
    expect(await complaints('manifest', JSON.stringify(job))).toEqual([]);
  });

  it.each([
    ['a misspelt field', { ...APP, instnaces: 2 }, /^1:\d+ Property instnaces is not allowed/],
    ['a text for a number', { ...APP, instances: '2' }, /Incorrect type. Expected "integer"/],
    ['an unknown word', { ...APP, killSelection: 'ANY' }, /./],
    ['a variable that is no text', { ...APP, env: { A: 1 } }, /Expected "string"/],
    ['a port that is none', { ...APP, portDefinitions: [{ port: 70000 }] }, /above the maximum of 65535/],
    ['a pod without resources', { ...POD, containers: [{ name: 'a' }] }, /Missing property "resources"/],
    ['a field of an app in a group', { ...GROUP, apps: [{ id: 'y', cmd: 'run', mem: '1' }] }, /"number"/],
    ['a field of a group in a group', { ...GROUP, groups: [{ id: 'x', app: [] }] }, /Property app is not allowed/],
    ['a Chronos job with a space in its name', { ...SCHEDULED, name: 'a b' }, /a name has letters, digits/],
    ['environment variables of a Chronos job as a mapping', { ...SCHEDULED, environmentVariables: { A: '1' } }, /array/],
    ['the second of a list', [APP, { ...APP, cpus: -1 }], /below the minimum of 0/],
    ['a field of Marathon in a Chronos job', { ...SCHEDULED, instances: 1 }, /Property instances is not allowed/],
  ])('finds %s', async (_what, job, expected) => {
    const found = await complaints('manifest', JSON.stringify(job));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(expected);
  });

  it.each(['production', 'staging', 'development', 'base'])('has nothing against the company: %s', async (layer) => {
    const folder = path.join(project, 'fixtures/harbour', layer);
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) {
      const text = readFileSync(path.join(file.parentPath, file.name), 'utf8');
      for (const document of text.split(/^---$/m)) {
        const schema = layer === 'base' ? 'manifest' : 'manifest-patch';
        const found = await complaints(schema, JSON.stringify(parse(document)));
        // The image of the front page stands in each environment.
        expect({ file: file.name, found }).toEqual({
          file: file.name,
          found: layer === 'base' && file.name === 'web.yaml' ? [expect.stringContaining('"image"')] : [],
        });
      }
    }
  });

  const withCorpus = corpus === undefined ? it.skip : it;
  withCorpus('has nothing against real manifests that Towline takes, but fields that do nothing (needs TOWLINE_CORPUS)', async () => {
    let taken = 0;
    for (const kind of ['marathon', 'chronos']) {
      const folder = path.join(corpus ?? '', kind);
      for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (!file.isFile() || !/\.json$/.test(file.name)) continue;
        const bytes = readFileSync(path.join(file.parentPath, file.name));
        const { diagnostics, jobs } = validateManifests([parseManifest(file.name, bytes)], schedulers);
        if (jobs.length === 0 || diagnostics.some(({ severity, code }) => severity === 'error' || code === 'marathon/null')) continue;
        taken += 1;
        const found = (await complaints('manifest', bytes.toString())).filter(
          (line) => !/is not allowed/.test(line),
        );
        expect({ file: file.name, found }).toEqual({ file: file.name, found: [] });
      }
    }
    expect(taken).toBeGreaterThan(20);
  });

  it('offers words and shows what they mean', async () => {
    service.configure({ schemas: [{ uri: 'file:///schemas/manifest.json', fileMatch: ['*.json'] }] });
    const text = '{"id": "/a", "killSelection": "", "instances": 1}';
    const document = TextDocument.create('file:///job.json', 'json', 1, text);
    const parsed = service.parseJSONDocument(document);
    const offered = await service.doComplete(document, { line: 0, character: text.indexOf('""') + 1 }, parsed);
    expect(offered?.items.map(({ label }) => label)).toEqual(expect.arrayContaining(['"OLDEST_FIRST"']));
    const shown = await service.doHover(document, { line: 0, character: text.indexOf('instances') + 1 }, parsed);
    expect(JSON.stringify(shown?.contents)).toContain('restarts nothing');
  });
});

describe("VS Code's validator with the schema of later layers", () => {
  it.each([
    ['a value alone', { instances: 3 }],
    ['null for anything', { cmd: null, env: { A: null }, container: { docker: { forcePullImage: null } } }],
    ['a part of an object of which more is required', { container: { docker: { privileged: true } }, upgradeStrategy: { maximumOverCapacity: 0.5 } }],
    ['a job that is left out', { id: '/a', $patch: 'delete' }],
    ['a job of its own', APP],
    ['a part of a Chronos job', { name: 'a', retries: 0, environmentVariables: [{ name: 'A', value: '1' }] }],
  ])('has nothing against %s', async (_what, patch) => {
    expect(await complaints('manifest-patch', JSON.stringify(patch))).toEqual([]);
    expect(() => mergePatch(APP, patch as never)).not.toThrow();
  });

  it.each([
    ['another word than delete', { $patch: 'remove' }, /Value must be "delete"/],
    ['a misspelt field', { instnaces: 3 }, /Property instnaces is not allowed/],
    ['a text for a number', { instances: '3' }, /./],
    ['a part of an entry of a list, which is whole', { fetch: [{ extract: true }] }, /Missing property "uri"/],
  ])('finds %s', async (_what, patch, expected) => {
    expect((await complaints('manifest-patch', JSON.stringify(patch))).join('\n')).toMatch(expected);
  });
});

describe("VS Code's validator with the schema of towline.yaml", () => {
  it('has nothing against the fixture, and finds a slip', async () => {
    const config = parse(readFileSync(path.join(project, 'fixtures/harbour/towline.yaml'), 'utf8')) as object;
    expect(await complaints('towline', JSON.stringify(config))).toEqual([]);
    expect(await complaints('towline', JSON.stringify({ ...config, pol: {} }))).toEqual([
      expect.stringContaining('Property pol is not allowed'),
    ]);
  });
});

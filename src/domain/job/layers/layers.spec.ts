import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { placeText } from '../../source/diagnostic.js';
import { parseManifest } from '../parse-manifest.js';
import { mergeLayers } from './index.js';

const naming = [
  { member: 'id', canonical: (id: string) => (id.startsWith('/') ? id : `/${id}`) },
  { member: 'name', canonical: (name: string) => name },
];

/** The layers of an environment, each with its files. */
function merge(...layers: Record<string, string>[]) {
  const manifests = mergeLayers(
    layers.map((files, at) => ({
      folder: `layer${at}`,
      manifests: Object.entries(files).map(([path, text]) =>
        parseManifest(`layer${at}/${path}`, Buffer.from(text)),
      ),
    })),
    naming,
  );
  const documents = manifests.flatMap((manifest) => manifest.documents);
  return {
    manifests,
    documents,
    values: documents.map(({ value }) => value),
    found: manifests.flatMap(({ diagnostics }) =>
      diagnostics.map(({ code, severity, place }) => `${placeText(place)} ${severity} ${code}`),
    ),
    messages: manifests.flatMap(({ diagnostics }) => diagnostics.map(({ message }) => message)),
  };
}

describe('layers', () => {
  it('lay a file of a later one over that of an earlier one, and add what is new', () => {
    const { values, found } = merge(
      { 'web.yaml': 'id: /web\ncmd: run\nenv: {A: "1", B: "2"}\nargs: [a, b]\n', 'db.yaml': 'id: /db\n' },
      { 'web.yaml': 'instances: 2\nenv: {A: null, C: "3"}\nargs: [c]\n', 'extra.json': '{"id": "/extra"}' },
      { 'web.yaml': 'instances: 3\n' },
    );
    expect(values).toEqual([
      { id: '/web', cmd: 'run', env: { B: '2', C: '3' }, args: ['c'], instances: 3 },
      { id: '/db' },
      { id: '/extra' },
    ]);
    expect(found).toEqual([]);
  });

  it('keep a file that no other layer has as it is, nulls included', () => {
    expect(merge({}, { 'a.yaml': 'id: /a\ncmd: null\n' }).values).toEqual([{ id: '/a', cmd: null }]);
  });

  it('know for every value which file says it', () => {
    const { documents } = merge(
      { 'web.yaml': 'id: /web\nenv:\n  A: "1"\n  B: "2"\nlist: [1]\n' },
      { 'web.yaml': 'env:\n  B: "3"\n' },
      { 'web.yaml': '# here\nlist: [1, 2]\nmore: {x: 1}\n' },
    );
    const [web] = documents;
    const place = (at: string): string => placeText(web?.placeOf(at) ?? { file: 'none' });
    expect(['', '/id', '/env', '/env/A', '/env/B', '/list/1', '/more/x', '/no/such'].map(place)).toEqual([
      'layer0/web.yaml:1:1',
      'layer0/web.yaml:1:5',
      'layer0/web.yaml:3:3',
      'layer0/web.yaml:3:6',
      'layer1/web.yaml:2:6',
      'layer2/web.yaml:2:11',
      'layer2/web.yaml:3:11',
      'layer0/web.yaml:1:1',
    ]);
    expect(web?.files).toEqual(['layer0/web.yaml', 'layer1/web.yaml', 'layer2/web.yaml']);
    expect(web?.originOf('/env/B')).toEqual({ file: 'layer1/web.yaml', document: 0 });
  });

  it('match the documents of a file by the names of their jobs', () => {
    const base = 'id: /a\nn: 1\n---\nid: b\nn: 2\n---\nname: c\nn: 3\n';
    const { values, documents, found } = merge(
      { 'x.yaml': base },
      { 'x.yaml': 'name: c\nn: 30\n---\nid: /b\nn: 20\n---\nid: /d\nn: 4\n' },
    );
    expect(values).toEqual([
      { id: '/a', n: 1 },
      { id: '/b', n: 20 },
      { name: 'c', n: 30 },
      { id: '/d', n: 4 },
    ]);
    expect(documents[2]?.originOf('/n')).toEqual({ file: 'layer1/x.yaml', document: 0 });
    expect(found).toEqual([]);
    expect(merge({ 'x.yaml': base }, { 'x.yaml': 'n: 5\n' })).toMatchObject({
      values: [],
      found: ['layer1/x.yaml:1:1 error manifest/layer-document'],
    });
  });

  it('replace a list of jobs as a whole', () => {
    const list = '- {id: /a}\n- {id: /b}\n';
    expect(merge({ 'x.yaml': list }, { 'x.yaml': '- {id: /c}\n' }).values).toEqual([[{ id: '/c' }]]);
  });

  it('leave out what says so, and only that', () => {
    const two = 'id: /a\n---\nid: /b\n';
    const leave = (base: string, patch: string) => merge({ 'x.yaml': base }, { 'x.yaml': patch });
    expect(leave('id: /a\n', '$patch: delete\n')).toMatchObject({ values: [], found: [] });
    expect(leave(two, '$patch: delete\n')).toMatchObject({ values: [], found: [] });
    expect(leave(two, 'id: /b\n$patch: delete\n')).toMatchObject({ values: [{ id: '/a' }], found: [] });
    expect(
      merge({ 'x.yaml': 'id: /a\nn: 1\n' }, { 'x.yaml': '$patch: delete' }, { 'x.yaml': 'id: /a\nm: 1' }),
    ).toMatchObject({ values: [{ id: '/a', m: 1 }], found: [] });
  });

  it.each([
    ['another word', 'id: /a\n', '$patch: replace\n', 'leave-out', 'can only be "delete"'],
    ['more than the name', 'id: /a\n', '$patch: delete\ncpus: 1\n', 'leave-out', 'says nothing'],
    ['a part of a job', 'id: /a\n', 'env: {A: {$patch: delete}}\n', 'leave-out', 'whole jobs'],
    ['a job that is not there', 'id: /a\n---\nid: /b\n', 'id: /c\n$patch: delete\n', 'leave-out', 'no /c'],
    ['nothing at all', 'id: /a\n', '# nothing\n', 'layer-empty', 'changes nothing of layer0/x.yaml'],
    ['a word', 'id: /a\n', 'word\n', 'layer-document', 'neither an object nor a list'],
  ])('refuse a patch that holds %s', (_what, base, patch, code, words) => {
    const { values, found, messages } = merge({ 'x.yaml': base }, { 'x.yaml': patch });
    expect(values).toEqual([]);
    expect(found).toEqual([expect.stringMatching(`^layer1/x.yaml:\\d+:\\d+ error manifest/${code}$`)]);
    expect(messages[0]).toContain(words);
  });

  it('refuse null as a patch in JSON: it would leave a job out by an oversight', () => {
    expect(merge({ 'x.json': '{"id": "/a"}' }, { 'x.json': 'null' }).found).toEqual([
      'layer1/x.json:1:1 error manifest/layer-document',
    ]);
  });

  it('refuse to leave out what no layer states', () => {
    expect(merge({ 'y.yaml': 'id: /a\n' }, { 'x.yaml': '$patch: delete\n' })).toMatchObject({
      values: [{ id: '/a' }],
      found: ['layer1/x.yaml:1:1 error manifest/leave-out'],
    });
  });

  it('let nothing of a file through of which one layer is broken', () => {
    const broken = merge({ 'x.yaml': 'id: /a\n', 'y.yaml': 'id: /b\n' }, { 'x.yaml': 'id: [\n' });
    expect(broken.values).toEqual([{ id: '/b' }]);
    expect(broken.found[0]).toContain('layer1/x.yaml:2:1 error manifest/syntax');
  });

  it('tell of paths that some systems take for one, and of patches that miss by their extension', () => {
    const { found, values } = merge(
      {
        'Web.yaml': 'id: /a\n',
        'caf\u00e9.yaml': 'id: /b\n',
        'api.yaml': 'id: /c\n',
        'same.yaml': 'id: /d\n',
      },
      { 'web.yaml': 'id: /e\n', 'cafe\u0301.yaml': 'id: /f\n', 'api.yml': 'id: /g\n', 'same.yaml': 'n: 1\n' },
    );
    expect(values).toHaveLength(7);
    expect(found).toEqual([
      'layer1/web.yaml:1:1 warning manifest/twin-path',
      'layer1/cafe\u0301.yaml:1:1 warning manifest/twin-path',
      'layer1/api.yml:1:1 warning manifest/twin-path',
    ]);
    expect(merge({ 'a.yaml': 'id: /a\n', 'a.json': '{"id": "/b"}' }).found).toEqual([]);
  });

  it('say of every member a layer that has it', () => {
    const value = fc.dictionary(
      fc.constantFrom('a', 'b'),
      fc.oneof(fc.constant(null), fc.integer(), fc.dictionary(fc.constantFrom('x', 'y'), fc.integer())),
    );
    fc.assert(
      fc.property(value, value, value, (one, two, three) => {
        const file = (each: object) => ({ 'x.json': JSON.stringify({ id: '/a', ...each }) });
        const { documents } = merge(file(one), file(two), file(three));
        const [document] = documents;
        if (document === undefined) throw new Error('no document');
        const layered = [one, two, three].map((each) => ({ id: '/a', ...each }));
        for (const at of Object.keys(document.value as object)) {
          const { file: from } = document.placeOf(`/${at}`);
          expect(Object.keys(layered[Number(/layer(\d)/.exec(from)?.[1])] ?? {})).toContain(at);
        }
      }),
    );
  });
});

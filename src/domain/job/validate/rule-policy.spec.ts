import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { plainModel } from '../../../../test/builders/plan-input.js';
import type { Diagnostic } from '../../source/diagnostic.js';
import { parseManifest } from '../parse-manifest.js';
import { validateManifests } from './index.js';
import { pathMatches } from './path-pattern.js';
import type { RulePolicy } from './rule-policy.js';

/** Says what a job tells it to say: `say: [[rule, severity, pointer]]`. */
const talkative = {
  ...plainModel,
  validate: ({ spec, source }: Parameters<typeof plainModel.validate>[0]): Diagnostic[] =>
    (Array.isArray(spec['say']) ? (spec['say'] as [string, 'error' | 'warning', string][]) : []).map(
      ([code, severity, at]) => ({ code, severity, message: code, place: source.placeOf(at) }),
    ),
};
const judge = (files: Record<string, string>, policy?: RulePolicy) =>
  validateManifests(
    Object.entries(files).map(([path, text]) => parseManifest(path, Buffer.from(text))),
    new Map([['plain', { model: talkative, context: { settings: {} } }]]),
    policy,
  );
const said = ({ diagnostics }: ReturnType<typeof judge>): string[] =>
  diagnostics.map(({ severity, code, place }) => `${severity} ${code} ${place.line}`);
const policy = (levels: RulePolicy['levels'], ignored: RulePolicy['ignored'] = []): RulePolicy => ({
  levels,
  ignored,
  policies: [],
});

const web = `# Front page
id: web
say: [[plain/tag, warning, /image], [plain/size, error, /mem]]
image: a:latest
mem: 1
`;

describe('what configuration makes of a rule', () => {
  it('lets a job through whose error is only said, and refuses one whose warning counts', () => {
    expect(judge({ 'a.yaml': web })).toMatchObject({ jobs: [], rejected: [{ ref: 'plain:web' }] });
    const lenient = judge({ 'a.yaml': web }, policy({ 'plain/size': 'warning' }));
    expect([said(lenient), lenient.jobs.length]).toEqual([
      ['warning plain/tag 4', 'warning plain/size 5'],
      1,
    ]);
    const strict = judge({ 'a.yaml': web }, policy({ 'plain/size': 'ignore', 'plain/tag': 'error' }));
    expect([said(strict), strict.jobs.length]).toEqual([['error plain/tag 4'], 0]);
  });

  it('takes findings back in the files that are named, with a reason', () => {
    const vendor = policy({}, [{ rule: 'plain/size', files: ['vendor/**'], reason: 'theirs' }]);
    expect(said(judge({ 'vendor/deep/a.yaml': web }, vendor))).toEqual(['warning plain/tag 4']);
    expect(judge({ 'own/a.yaml': web }, vendor).jobs).toEqual([]);
  });

  it('can not make a file readable that is not', () => {
    const all = policy({
      'manifest/syntax': 'ignore',
      'manifest/unknown-shape': 'ignore',
      'manifest/duplicate-job': 'ignore',
    });
    expect(judge({ 'a.yaml': 'id: [' }, all)).toMatchObject({ jobs: [], complete: false });
    expect(said(judge({ 'a.yaml': 'noid: 1' }, all))).toEqual(['error manifest/unknown-shape 1']);
    expect(said(judge({ 'a.yaml': 'id: x', 'b.yaml': 'id: x' }, all))).toHaveLength(2);
  });
});

describe('a comment in the file', () => {
  it('takes the findings of its own line back, or those of the next', () => {
    expect(
      said(judge({ 'a.yaml': web.replace('mem: 1', 'mem: 1 # towline-ignore plain/size: it is tiny') })),
    ).toEqual(['warning plain/tag 4']);
    const above = web.replace(
      'image:',
      '# towline-ignore plain/tag, plain/size: the vendor has no other\n# and more words\nimage:',
    );
    expect(said(judge({ 'a.yaml': above }))).toEqual([
      'warning manifest/ignore-unused 4',
      'error plain/size 7',
    ]);
  });

  it('takes them back in the whole file where it says so', () => {
    const all = `# towline-ignore-file plain/size: a batch job\n---\n${web}---\n${web.replace('id: web', 'id: b')}`;
    expect(said(judge({ 'a.yaml': all })).filter((line) => line.startsWith('error'))).toEqual([]);
  });

  it('takes nothing back without a reason, and says so', () => {
    expect(said(judge({ 'a.yaml': web.replace('mem: 1', 'mem: 1 # towline-ignore plain/size') }))).toEqual([
      'warning plain/tag 4',
      'warning manifest/ignore-reason 5',
      'error plain/size 5',
    ]);
  });

  it('is none inside a string, a script or a JSON file', () => {
    const script = `id: web\ncmd: |\n  # towline-ignore plain/size: no\n  run\nname: "# towline-ignore plain/size: no"\nsay: [[plain/size, error, /name]]\n`;
    expect(said(judge({ 'a.yaml': script }))).toEqual(['error plain/size 5']);
  });

  it('is found at its line whatever stands around it', () => {
    const line = fc.constantFrom(
      '',
      'k: v',
      '  ',
      '# words',
      'k: "a # b"',
      "k: '# x'",
      'k: |',
      '  text # no',
      '- [a, b]',
      '\u00e4: 1',
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.constantFrom('\n', '\r\n'), (lines, end) => {
        const text = [...lines, '# towline-ignore-file plain/size: why', 'id: x'].join(end);
        const { silences = [] } = parseManifest('a.yaml', Buffer.from(text));
        for (const silence of silences) expect(silence.line).toBe(lines.length + 1);
      }),
    );
  });
});

describe('a pattern of paths', () => {
  it.each([
    ['a/b.yaml', 'a/b.yaml', true],
    ['a/b.yaml', 'a/*.yaml', true],
    ['a/b.yaml', '*.yaml', false],
    ['a/b/c.yaml', '**/*.yaml', true],
    ['c.yaml', '**/*.yaml', true],
    ['a/b/c.yaml', 'a/**', true],
    ['a/b/c/d.yaml', 'a/**/c/*', true],
    ['a/x/b/y/b/c', '**/b/c', true],
    ['a/b', 'a/b/**', true],
    ['ab', 'a*b*', true],
    ['aXbYc', 'a*b*c', true],
    ['a.yaml', 'b*', false],
  ])('%s fits %s: %s', (path, pattern, fits) => {
    expect(pathMatches(path, pattern)).toBe(fits);
  });

  it('is judged in no time, however it is written', () => {
    const stars = Array.from({ length: 200 }, () => '**').join('/');
    expect(pathMatches(Array.from({ length: 400 }, () => 'a').join('/'), `${stars}/b`)).toBe(false);
    expect(pathMatches('a'.repeat(5000), `${'a*'.repeat(500)}b`)).toBe(false);
  });
});

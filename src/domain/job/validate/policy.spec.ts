import { describe, expect, it } from '@jest/globals';
import { plainModel } from '../../../../test/builders/plan-input.js';
import { placeText } from '../../source/diagnostic.js';
import type { JsonObject } from '../../source/json.js';
import { mergeLayers } from '../layers/index.js';
import { parseManifest } from '../parse-manifest.js';
import { validateManifests } from './index.js';
import { makePolicy, type Policy } from './policy.js';
import { EVERY_RULE, type RulePolicy } from './rule-policy.js';

const two: JsonObject = {
  required: ['instances', 'labels'],
  properties: { instances: { minimum: 2 }, labels: { required: ['owner'] } },
};
const policyOf = (schema: JsonObject, more: Partial<Policy> = {}): Policy =>
  makePolicy(schema, { name: 'mine', level: 'error', files: [], kinds: [], ...more });

function judge(files: Record<string, string>, policy: Policy, more: Partial<RulePolicy> = {}) {
  const layers = ['base', 'live'].map((folder) => ({
    folder,
    manifests: Object.entries(files)
      .filter(([path]) => path.startsWith(`${folder}/`))
      .map(([path, text]) => parseManifest(path, Buffer.from(text))),
  }));
  const { jobs, diagnostics } = validateManifests(
    mergeLayers(layers, [plainModel.naming]),
    new Map([['plain', { model: plainModel, context: { settings: {} } }]]),
    { ...EVERY_RULE, policies: [policy], ...more },
  );
  return {
    jobs: jobs.map(({ id }) => id),
    found: diagnostics.map((d) => `${placeText(d.place)} ${d.severity} ${d.code}: ${d.message}`),
    fixes: diagnostics.map(({ fix }) => fix),
  };
}

const bad = 'id: a\ninstances: 1\nlabels: {}\n';

describe('a policy', () => {
  it('refuses the jobs that do not fit it, with the place and what to write instead', () => {
    expect(
      judge(
        { 'live/a.yaml': bad, 'live/b.yaml': 'id: b\ninstances: 2\nlabels: {owner: x}\n' },
        policyOf(two),
      ),
    ).toEqual({
      jobs: ['b'],
      found: [
        'live/a.yaml:2:12 error policy/mine: "instances" must be at least 2, not 1',
        'live/a.yaml:3:1 error policy/mine: "owner" is missing',
      ],
      fixes: [undefined, 'Add "owner".'],
    });
  });

  it('says what its author has to say', () => {
    const { fixes } = judge({ 'live/a.yaml': bad }, policyOf(two, { description: 'See the handbook.' }));
    expect(new Set(fixes)).toEqual(new Set(['See the handbook.']));
    const explained = policyOf({ properties: { instances: { minimum: 2, explain: 'one is none' } } });
    expect(judge({ 'live/a.yaml': bad }, explained).found).toEqual([
      'live/a.yaml:2:12 error policy/mine: one is none',
    ]);
  });

  it('is for the files and kinds that it names', () => {
    const found = (more: Partial<Policy>): number =>
      judge({ 'live/shop/a.yaml': bad }, policyOf(two, more)).found.length;
    expect(found({ files: ['live/**'], kinds: ['job'] })).toBe(2);
    expect(found({ files: ['live/*'] })).toBe(0);
    expect(found({ files: ['other/**', 'live/shop/*'] })).toBe(2);
    expect(found({ kinds: ['pod'] })).toBe(0);
  });

  it('judges what the layers make of a job, and points at the layer that says it', () => {
    const files = { 'base/a.yaml': bad, 'live/a.yaml': 'labels: {owner: x}\n' };
    expect(judge(files, policyOf(two, { files: ['live/**'] })).found).toEqual([
      'base/a.yaml:2:12 error policy/mine: "instances" must be at least 2, not 1',
    ]);
    expect(judge({ ...files, 'live/a.yaml': 'instances: null\n' }, policyOf(two)).found).toContain(
      'base/a.yaml:1:1 error policy/mine: "instances" is missing (merged with live/a.yaml)',
    );
  });

  it('can be a warning, be taken back by a comment, or be weighed by configuration', () => {
    expect(judge({ 'live/a.yaml': bad }, policyOf(two, { level: 'warning' })).jobs).toEqual(['a']);
    expect(
      judge({ 'live/a.yaml': bad }, policyOf(two), { levels: { 'policy/mine': 'ignore' } }).found,
    ).toEqual([]);
    const silenced = `# towline-ignore-file policy/mine: it moves next week\n${bad}`;
    expect(judge({ 'live/a.yaml': silenced }, policyOf(two))).toMatchObject({ jobs: ['a'], found: [] });
  });

  it('takes what is unknown to it for an error where it says so, and knows formats and words of others', () => {
    const strict = policyOf({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      properties: { id: { format: 'uri', markdownDescription: 'for editors' } },
      additionalProperties: false,
    });
    expect(judge({ 'live/a.yaml': 'id: a\ncolour: red\n' }, strict).found).toEqual([
      expect.stringMatching(/^live\/a.yaml:1:5 error policy\/mine: "id" /),
      'live/a.yaml:2:1 error policy/mine: unknown field "colour"',
    ]);
  });

  it('with a slip in its schema is found out when it is made', () => {
    expect(() => policyOf({ type: 'sring' })).toThrow();
    expect(() => policyOf({ $ref: '#/definitions/none' })).toThrow();
    expect(() => policyOf({ properties: { a: { pattern: '(' } } })).toThrow();
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { placeText, type Diagnostic } from '../../source/diagnostic.js';
import { isObject, valueAt } from '../../source/json.js';
import { jobRef } from '../job-ref.js';
import type { Job } from '../job.js';
import { parseManifest } from '../parse-manifest.js';
import type { SchedulerModel } from '../scheduler-model.js';
import { validateManifests } from './index.js';

/** A scheduler with just enough rules: `id` names a job, `apps` a group; `cmd` is required, `needs` must exist. */
const plain: SchedulerModel = {
  kind: 'plain',
  shapes: 'a job has "id", a group "apps"',
  kinds: ['job', 'group'],
  schemas: [],
  naming: { member: 'id', canonical: (id) => id },
  rules: [],
  recognise: (value) =>
    Array.isArray(value['apps']) ? 'group' : typeof value['id'] === 'string' ? 'job' : undefined,
  jobsOf(manifest, document, at, kind) {
    const job = (pointer: string): Job => {
      const spec = valueAt(document.value, pointer);
      const id = isObject(spec) && typeof spec['id'] === 'string' ? spec['id'] : '';
      return {
        ref: jobRef('plain', id),
        scheduler: 'plain',
        kind,
        id,
        spec: isObject(spec) ? spec : {},
        source: {
          file: manifest.path,
          files: document.files,
          document: document.index,
          pointer,
          placeOf: (inner, part) => document.placeOf(pointer + inner, part),
        },
      };
    };
    const apps = valueAt(document.value, `${at}/apps`);
    const group = valueAt(document.value, at);
    const items = Array.isArray(apps) ? apps : [];
    const jobs = kind === 'group' ? items.map((_, index) => job(`${at}/apps/${index}`)) : [job(at)];
    const bad = isObject(group) && group['bad'] !== undefined;
    return {
      jobs: kind === 'group' && isObject(group) && 'id' in group ? [job(at), ...jobs] : jobs,
      diagnostics: [
        ...(bad ? [error('plain/group', document.placeOf(`${at}/bad`))] : []),
        ...items.flatMap((item, index) =>
          isObject(item) && item['outside'] === true
            ? [error('plain/outside', document.placeOf(`${at}/apps/${index}/id`))]
            : [],
        ),
      ],
    };
  },
  validate: (job) => {
    if (job.spec['trip'] === true) throw new TypeError('tripped');
    return 'cmd' in job.spec || job.kind === 'group'
      ? []
      : [error('plain/cmd', job.source.placeOf('', 'key'))];
  },
  validateSet: (jobs) => {
    if (jobs.some((job) => job.spec['trip'] === 'set')) throw new TypeError('tripped');
    return jobs
      .filter(
        (job) =>
          typeof job.spec['needs'] === 'string' && !jobs.some((other) => other.id === job.spec['needs']),
      )
      .map((job) => error('plain/needs', job.source.placeOf('/needs')));
  },
  dependencies: () => [],
  compare: () => ({ fields: [], action: 'none' }),
  images: () => [],
};

function error(code: string, place: Diagnostic['place']): Diagnostic {
  return { code, severity: 'error', message: 'wrong', place };
}

const validate = (files: Record<string, string>, name = 'plain') => {
  const manifests = Object.entries(files).map(([path, text]) => parseManifest(path, Buffer.from(text)));
  const { jobs, rejected, diagnostics, complete } = validateManifests(
    manifests,
    new Map([[name, { model: plain, context: { settings: {} } }]]),
  );
  return {
    jobs: jobs.map((job) => job.ref),
    rejected: rejected.map((job) => job.ref),
    found: diagnostics.map((d) => `${placeText(d.place)} ${d.code}`),
    messages: diagnostics.map((d) => `${d.message} | ${d.fix ?? ''}`),
    complete,
  };
};

describe('the jobs of an environment', () => {
  it('come from documents, from arrays of them and from groups', () => {
    const files = {
      'a.yaml': 'id: a\ncmd: x\n---\n- {id: b, cmd: x}\n- {id: c, cmd: x}\n',
      'g.json': '{"apps": [{"id": "d", "cmd": "x"}]}',
    };
    expect(validate(files)).toMatchObject({
      jobs: ['plain:a', 'plain:b', 'plain:c', 'plain:d'],
      rejected: [],
      found: [],
      complete: true,
    });
  });

  it('are named after the scheduler as the environment calls it', () => {
    expect(validate({ 'a.yaml': 'id: a\ncmd: x\n' }, 'east').jobs).toEqual(['east:a']);
  });
});

describe('a job with an error', () => {
  it('is refused alone, and what is stated stays complete', () => {
    expect(validate({ 'a.yaml': 'id: a\n---\nid: b\ncmd: x\n' })).toMatchObject({
      jobs: ['plain:b'],
      rejected: ['plain:a'],
      found: ['a.yaml:1:1 plain/cmd'],
      complete: true,
    });
  });

  it('still counts for the rules over all jobs: who needs it does not miss it', () => {
    expect(validate({ 'a.yaml': 'id: a\n---\nid: b\ncmd: x\nneeds: a\n' })).toMatchObject({
      jobs: ['plain:b'],
      rejected: ['plain:a'],
    });
  });

  it('is found among documents with the same pointers, and inside a group', () => {
    expect(validate({ 'a.yaml': 'id: a\ncmd: x\n---\nid: b\ncmd: x\nneeds: z\n' })).toMatchObject({
      jobs: ['plain:a'],
      rejected: ['plain:b'],
      found: ['a.yaml:6:8 plain/needs'],
    });
    const group = 'id: g\napps:\n- {id: a, cmd: x}\n- {id: b, cmd: x, needs: z}\n';
    expect(validate({ 'g.yaml': group })).toMatchObject({
      jobs: ['plain:g', 'plain:a'],
      rejected: ['plain:b'],
    });
  });

  it('is refused where a rule trips over it, and keeps nobody else', () => {
    expect(validate({ 'a.yaml': 'id: a\ncmd: x\ntrip: true\n---\nid: b\ncmd: x\n' })).toMatchObject({
      jobs: ['plain:b'],
      rejected: ['plain:a'],
      found: ['a.yaml:1:1 manifest/rule-failed'],
    });
    expect(validate({ 'a.yaml': 'id: a\ncmd: x\ntrip: set\n---\nid: b\ncmd: x\n' })).toMatchObject({
      jobs: [],
      rejected: ['plain:a', 'plain:b'],
    });
  });
});

describe('a job that is stated more than once', () => {
  it('is refused everywhere, and each place names the others', () => {
    const { jobs, rejected, found, messages } = validate({
      'a.yaml': 'id: a\ncmd: x\n',
      'b.yaml': '- {cmd: y, id: a}\n- {id: b, cmd: x}\n',
    });
    expect({ jobs, rejected }).toEqual({ jobs: ['plain:b'], rejected: ['plain:a', 'plain:a'] });
    expect(found).toEqual(['a.yaml:1:5 manifest/duplicate-job', 'b.yaml:1:16 manifest/duplicate-job']);
    expect(messages[0]).toContain('also at b.yaml:1:16');
    expect(messages[1]).toContain('also at a.yaml:1:5');
  });

  it('names a few of a thousand', () => {
    const { messages } = validate({ 'a.yaml': '- {id: a, cmd: x}\n'.repeat(1000) });
    expect(messages).toHaveLength(1000);
    expect(messages[500]).toContain('also at a.yaml:1:8, a.yaml:2:8, a.yaml:3:8 and 996 more places');
  });
});

describe('nobody may conclude that a job is gone', () => {
  it.each([
    ['a file has a syntax error', 'id: a\ncmd: [\n', 'manifest/syntax'],
    ['a document has an unknown shape', 'name: a\n', 'manifest/unknown-shape'],
    ['an entry of an array is empty', '- {id: b, cmd: x}\n-\n', 'manifest/unknown-shape'],
    ['a document is just a word', 'hello\n', 'manifest/unknown-shape'],
    ['a group could not be read whole', 'bad: 1\napps: [{id: a, cmd: x}]\n', 'plain/group'],
  ])('where %s', (_name, text, code) => {
    const { complete, found, jobs } = validate({ 'a.yaml': text, 'ok.yaml': 'id: ok\ncmd: x\n' });
    expect(complete).toBe(false);
    expect(found[0]).toContain(code);
    expect(jobs).toContain('plain:ok');
    expect(jobs).not.toContain('plain:a');
  });

  it('and the finding says what shapes there are', () => {
    expect(validate({ 'a.yaml': 'x: 1\n' }).messages[0]).toContain(
      'Known are: a job has "id", a group "apps".',
    );
  });

  it('but one bad app of a group keeps only itself', () => {
    const text = 'apps:\n- {id: a, cmd: x}\n- {id: b, cmd: x, outside: true}\n';
    expect(validate({ 'g.yaml': text })).toMatchObject({
      jobs: ['plain:a'],
      rejected: ['plain:b'],
      complete: false,
    });
  });
});

describe('over all manifests', () => {
  it('every stated job is accepted or rejected, never both, and errors without a rejected job do not exist', () => {
    const job = fc.record(
      {
        id: fc.constantFrom('a', 'b', 'c', 'd'),
        cmd: fc.constant('x'),
        needs: fc.constantFrom('a', 'b', 'z'),
      },
      { requiredKeys: ['id'] },
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(job, fc.record({ apps: fc.array(job, { maxLength: 3 }) })), { maxLength: 5 }),
        (list) => {
          const { jobs, rejected, found } = validate({ 'a.json': JSON.stringify(list) });
          const stated = new Set(
            list.flatMap((e) => ('apps' in e ? e.apps : [e])).map((e) => `plain:${e.id}`),
          );
          expect(new Set([...jobs, ...rejected])).toEqual(stated);
          expect(jobs.some((ref) => rejected.includes(ref))).toBe(false);
          expect(new Set(jobs).size).toBe(jobs.length);
          expect(found.length > 0).toBe(rejected.length > 0);
        },
      ),
    );
  });
});

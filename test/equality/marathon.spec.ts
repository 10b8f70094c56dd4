import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseManifest } from '../../src/domain/job/parse-manifest.js';
import { validateManifests } from '../../src/domain/job/validate/index.js';
import { isObject, type Json, type JsonObject } from '../../src/domain/source/json.js';
import { storedApp, reloadedApp } from '../../src/sandbox/marathon/stored/app.js';
import { storedPod } from '../../src/sandbox/marathon/stored/pod.js';
import { definitionDigest } from '../../src/schedulers/marathon/model/digest.js';
import { marathonModel } from '../../src/schedulers/marathon/model/index.js';
import { marathonApp, marathonPod } from '../builders/marathon-app.js';

const RUNS = { numRuns: 400 };
const compare = (kind: string, desired: JsonObject, live: JsonObject) =>
  marathonModel.compare({ kind, spec: desired }, { kind, spec: live }, { settings: {} });

/** Errors of a manifest, as messages. */
const accepted = (spec: JsonObject, name: string): string[] => {
  const manifest = parseManifest(name, Buffer.from(JSON.stringify(spec)));
  const schedulers = new Map([['marathon', { model: marathonModel, context: { settings: {} } }]]);
  const { diagnostics } = validateManifests([manifest], schedulers);
  return diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message);
};

/** What `GET` answers for a definition: as the sandbox stores it, with what only a server has. */
const answered = (spec: JsonObject, former?: JsonObject): JsonObject =>
  JSON.parse(
    JSON.stringify({
      ...storedApp(spec, String(spec['id']), former),
      version: '2026-01-01T00:00:00.000Z',
      versionInfo: { lastScalingAt: 'x', lastConfigChangeAt: 'x' },
      tasksStaged: 0,
      tasksRunning: 1,
      tasksHealthy: 0,
      tasksUnhealthy: 0,
      deployments: [],
    }),
  ) as JsonObject;

/** Lists whose order has no meaning, and the members of every object, in another order. */
function shuffled(value: Json, seed: number, name = ''): Json {
  const turn = <T>(list: T[]): T[] =>
    list.length < 2
      ? list
      : [...list.slice(seed % list.length), ...list.slice(0, seed % list.length)].reverse();
  if (Array.isArray(value)) {
    const items = value.map((item) => shuffled(item, seed));
    return SETS.has(name) ? turn(items) : items;
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(
    turn(Object.entries(value).map(([key, inner]) => [key, shuffled(inner, seed, key)])),
  );
}
const SETS = new Set(['constraints', 'healthChecks', 'dependencies', 'acceptedResourceRoles']);

interface Edit {
  name: string;
  /** Undefined where this app has nothing to edit in this way. */
  edit(spec: JsonObject): JsonObject | undefined;
  /** All places that must be reported. */
  at: string[];
  action?: 'scale';
}

const object = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});
const APP_EDITS: readonly Edit[] = [
  {
    name: 'a number of instances',
    edit: (s) => ({ ...s, instances: Number(s['instances'] ?? 1) + 1 }),
    at: ['/instances'],
    action: 'scale',
  },
  ...['cpus', 'mem', 'disk', 'backoffSeconds', 'taskKillGracePeriodSeconds'].map((field): Edit => ({
    name: field,
    edit: (s) => ({ ...s, [field]: Number(s[field] ?? 0) + 777 }),
    at: [`/${field}`],
  })),
  { name: 'a user', edit: (s) => ({ ...s, user: 'edited' }), at: ['/user'] },
  {
    name: 'a user that is gone',
    edit: ({ user, ...s }) => (user === undefined ? undefined : s),
    at: ['/user'],
  },
  {
    name: 'a variable',
    edit: (s) => ({ ...s, env: { ...object(s['env']), EDITED: '1' } }),
    at: ['/env/EDITED'],
  },
  {
    name: 'a label',
    edit: (s) => ({ ...s, labels: { ...object(s['labels']), EDITED: '1' } }),
    at: ['/labels/EDITED'],
  },
  {
    name: 'a variable that is gone',
    edit: (s) =>
      object(s['env'])['A'] === undefined ? undefined : { ...s, env: without(object(s['env']), 'A') },
    at: ['/env/A'],
  },
  {
    name: 'a command',
    edit: (s) => (s['cmd'] === undefined ? undefined : { ...s, cmd: 'other command' }),
    at: ['/cmd'],
  },
  {
    name: 'an argument',
    edit: (s) => (s['args'] === undefined ? undefined : { ...s, args: ['a', 'c'] }),
    at: ['/args/1'],
  },
  {
    name: 'the order of arguments',
    edit: (s) => (s['args'] === undefined ? undefined : { ...s, args: ['b', 'a'] }),
    at: ['/args/0', '/args/1'],
  },
  {
    name: 'an image',
    edit: (s) =>
      object(s['container'])['docker'] === undefined
        ? undefined
        : {
            ...s,
            container: {
              ...object(s['container']),
              docker: { ...object(object(s['container'])['docker']), image: 'edited:1' },
            },
          },
    at: ['/container/docker/image'],
  },
  {
    name: 'a strategy',
    edit: (s) => ({
      ...s,
      upgradeStrategy: {
        minimumHealthCapacity: 0.33,
        maximumOverCapacity: Number(object(s['upgradeStrategy'])['maximumOverCapacity'] ?? 1),
      },
    }),
    at: ['/upgradeStrategy/minimumHealthCapacity'],
  },
  {
    name: 'a constraint more',
    edit: (s) => {
      const before = (s['constraints'] as Json[] | undefined) ?? [];
      return before.length === 0 ? undefined : { ...s, constraints: [...before, ['edited', 'UNIQUE']] };
    },
    at: ['/constraints'],
  },
  {
    name: 'a dependency more',
    edit: (s) => ({ ...s, dependencies: [...((s['dependencies'] as Json[] | undefined) ?? []), '/edited'] }),
    at: ['/dependencies'],
  },
  {
    name: 'a health check interval',
    edit: (s) => {
      const [check] = (s['healthChecks'] as JsonObject[] | undefined) ?? [];
      return check === undefined ? undefined : { ...s, healthChecks: [{ ...check, intervalSeconds: 999 }] };
    },
    at: ['/healthChecks/0/intervalSeconds'],
  },
  {
    name: 'how tasks are chosen',
    edit: (s) => (s['killSelection'] === undefined ? { ...s, killSelection: 'OLDEST_FIRST' } : undefined),
    at: ['/killSelection'],
  },
];

function without(value: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
}

describe('the same app, as Marathon answers it', () => {
  it('is made of apps that the rules accept', () => {
    fc.assert(
      fc.property(marathonApp, (spec) => expect(accepted(spec, 'app.json')).toEqual([])),
      RUNS,
    );
    fc.assert(
      fc.property(marathonPod, (spec) => expect(accepted(spec, 'pod.json')).toEqual([])),
      RUNS,
    );
  });

  it('has no difference, whatever was filled in, moved or sorted', () => {
    fc.assert(
      fc.property(marathonApp, fc.nat(20), (desired, seed) => {
        expect(compare('app', desired, shuffled(answered(desired), seed) as JsonObject)).toEqual({
          fields: [],
          action: 'none',
        });
      }),
      RUNS,
    );
  });

  it('has the digest of what Git states, and no other app has it', () => {
    fc.assert(
      fc.property(marathonApp, fc.constantFrom(...APP_EDITS), (spec, { edit, action }) => {
        const digest = definitionDigest('app', spec);
        expect(definitionDigest('app', answered(spec))).toBe(digest);
        expect(definitionDigest('app', { ...spec, id: '/another' })).not.toBe(digest);
        const edited = edit(spec);
        if (edited === undefined) return;
        expect(definitionDigest('app', edited) === digest).toBe(action === 'scale');
      }),
      RUNS,
    );
  });

  it('is exported as a manifest that is valid, plans nothing, and has no default left to leave out', () => {
    fc.assert(
      fc.property(marathonApp, (spec) => {
        const live = { kind: 'app', spec: answered(spec) };
        const manifest = marathonModel.exported?.(live) ?? {};
        expect(compare('app', manifest, live.spec)).toEqual({ fields: [], action: 'none' });
        expect(accepted(manifest, 'app.json')).toEqual([]);
        expect(marathonModel.exported?.({ kind: 'app', spec: manifest })).toEqual(manifest);
        for (const field of [
          'version',
          'role',
          'backoffFactor',
          'killSelection',
          'executor',
          'gpus',
          'tasksRunning',
        ])
          if (spec[field] === undefined) expect(manifest).not.toHaveProperty(field);
      }),
      { numRuns: 200 },
    );
  });

  it('has none after a leader loaded it again, or when it was stored by a partial update', () => {
    fc.assert(
      fc.property(marathonApp, (desired) => {
        const id = String(desired['id']);
        expect(
          compare('app', desired, reloadedApp(storedApp(desired, id, undefined)) as JsonObject).fields,
        ).toEqual([]);
        expect(
          compare('app', desired, storedApp(desired, id, undefined, { partial: true }) as JsonObject).fields,
        ).toEqual([]);
      }),
      RUNS,
    );
  });

  it('has exactly the difference of one edit, in Git or by hand', () => {
    fc.assert(
      fc.property(
        marathonApp,
        fc.constantFrom(...APP_EDITS),
        fc.nat(20),
        (spec, { edit, at, action }, seed) => {
          const edited = edit(spec);
          fc.pre(edited !== undefined);
          if (edited === undefined) return;
          for (const [desired, live] of [
            [edited, answered(spec)],
            [spec, answered(edited, answered(spec))],
          ] as const) {
            const result = compare('app', desired, shuffled(live, seed) as JsonObject);
            expect(result.fields.map(({ pointer }) => pointer)).toEqual(at);
            expect(result.action).toBe(action ?? 'update');
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('the same pod, as Marathon answers it', () => {
  const stored = (spec: JsonObject): JsonObject =>
    JSON.parse(JSON.stringify({ ...storedPod(spec, '/shop/pod'), version: 'x' })) as JsonObject;
  const EDITS: readonly Edit[] = [
    {
      name: 'a label',
      edit: (s) => ({ ...s, labels: { ...object(s['labels']), EDITED: '1' } }),
      at: ['/labels/EDITED'],
    },
    {
      name: 'instances',
      edit: (s) => ({
        ...s,
        scaling: { kind: 'fixed', instances: Number(object(s['scaling'])['instances'] ?? 1) + 1 },
      }),
      at: ['/scaling/instances'],
      action: 'scale',
    },
    {
      name: 'memory of a container',
      edit: (s) => ({
        ...s,
        containers: [
          {
            ...(s['containers'] as JsonObject[])[0],
            resources: { ...object((s['containers'] as JsonObject[])[0]?.['resources']), mem: 999 },
          },
        ],
      }),
      at: ['/containers/0/resources/mem'],
    },
    {
      name: 'a command',
      edit: (s) => ({
        ...s,
        containers: [{ ...(s['containers'] as JsonObject[])[0], exec: { command: { shell: 'edited' } } }],
      }),
      at: ['/containers/0/exec/command/shell'],
    },
  ];

  it('has no difference, and exactly that of one edit', () => {
    fc.assert(
      fc.property(marathonPod, fc.constantFrom(...EDITS), fc.nat(20), (spec, { edit, at, action }, seed) => {
        expect(compare('pod', spec, shuffled(stored(spec), seed) as JsonObject)).toEqual({
          fields: [],
          action: 'none',
        });
        const edited = edit(spec);
        if (edited === undefined) return;
        for (const [desired, live] of [
          [edited, stored(spec)],
          [spec, stored(edited)],
        ] as const) {
          const result = compare('pod', desired, shuffled(live, seed) as JsonObject);
          expect(result.fields.map(({ pointer }) => pointer)).toEqual(at);
          expect(result.action).toBe(action ?? 'update');
        }
      }),
      { numRuns: 1000 },
    );
  });
});

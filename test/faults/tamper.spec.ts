import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { copyFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { jobRef } from '../../src/domain/job/job-ref.js';
import { isObject, type JsonObject } from '../../src/domain/source/json.js';
import { kvJson, kvKey, MIRROR_FLAG, releaseKey, type KvKey } from '../../src/domain/source/kv-layout.js';
import { documentText } from '../../src/domain/record/ledger-files.js';
import type { AuditLayer } from '../../src/queries/audit/findings.js';
import { SIGNERS, signaturesIn, SigningKeys } from './signing.js';
import {
  AuditedEnvironment,
  EVIDENCE,
  layout,
  LEDGER,
  removeWorld,
  verifyBundle,
  verifyOnline,
  type AuditWorld,
} from './audit-world.js';
import { editEntry, flipObject, indexOf, phase, rewrite, treeWith, type LooseCommit } from './tamper.js';

const signal = new AbortController().signal;
const manifest = (id: string, more: JsonObject): string => `${JSON.stringify({ id, ...more }, null, 2)}\n`;
const release = (tag: string, at: string) => ({
  image: 'shop/web',
  tag,
  digest: `sha256:${'d'.repeat(64)}`,
  sourceCommit: `c0ffee${tag}`,
  buildUrl: `https://ci.example/${tag}`,
  by: 'bob',
  at,
});

/** A short life: mirrored, deployed, promoted, changed, paused and pruned. */
export async function live(environment: AuditedEnvironment): Promise<void> {
  await environment.commit(
    {
      'jobs/README.md': 'not a job\n',
      'jobs/web.json': manifest('web', { image: `shop/web:1.0.0`, cmd: 'serve' }),
      'jobs/api.json': manifest('api', { cmd: 'answer' }),
      'jobs/old.json': manifest('old', { cmd: 'wait' }),
    },
    'Begin',
  );
  await environment.deploy();
  await environment.release(release('1.1.0', '2026-01-01T00:00:00Z'));
  await environment.deploy();
  await environment.order('pause', 'api');
  await environment.commit(
    { 'jobs/web.json': manifest('web', { image: 'shop/web:1.1.0', cmd: 'serve fast' }) },
    'Faster',
  );
  await environment.deploy();
  await environment.order('resume', 'api');
  await environment.commit(
    { 'jobs/api.json': manifest('api', { cmd: 'answer well' }), 'jobs/old.json': null },
    'Tidy up',
  );
  await environment.deploy();
  await environment.release(release('1.2.0', '2026-02-01T00:00:00Z'));
  await environment.deploy();
}

interface Case {
  layer: AuditLayer;
  how: string;
  tamper: (world: AuditWorld) => Promise<void> | void;
  /** The store itself is damaged: no bundle can be made of it. */
  store?: true;
}

const put = (world: AuditWorld, key: KvKey, value: Uint8Array | string, flags = 0): Promise<boolean> =>
  world.kv.put(key, Buffer.from(value), { signal, flags });
const valueAt = async (world: AuditWorld, key: KvKey): Promise<string> =>
  Buffer.from((await world.kv.get(key, { signal }))?.value ?? []).toString();
const config = (name: string): KvKey => kvKey(`${layout.config}${name}`);
const RELEASE = releaseKey('towline/', 'shop/web');

const editJson = async (
  world: AuditWorld,
  key: KvKey,
  edit: (value: JsonObject) => JsonObject,
): Promise<void> => {
  const value = JSON.parse(await valueAt(world, key)) as unknown;
  if (!isObject(value)) throw new Error('not an object');
  await put(world, key, kvJson(edit(value)));
};
const editTree =
  (
    fits: (message: string) => boolean,
    files: (world: AuditWorld, tree: string) => Record<string, string | null>,
  ) =>
  (world: AuditWorld): void =>
    editEntry(world, fits, (commit) => ({
      ...commit,
      tree: treeWith(world, commit.tree, files(world, commit.tree)),
    }));
const editMessage =
  (fits: (message: string) => boolean, edit: (message: string) => string) =>
  (world: AuditWorld): void =>
    editEntry(world, fits, (commit) => {
      const message = edit(commit.message);
      if (message === commit.message) throw new Error('nothing was changed');
      return { ...commit, message };
    });
const copyOver = (world: AuditWorld, from: string, to: string): void => {
  const [source, target] = [path.join(world.bare, from), path.join(world.bare, to)];
  rmSync(target, { force: true });
  copyFileSync(source, target);
};
const show = (world: AuditWorld, name: string): string => `${world.git(['show', name])}\n`;
const deployOf =
  (...refs: string[]) =>
  (message: string): boolean =>
    phase('outcome')(message) && refs.every((ref) => message.includes(`\nTowline-Job: ${ref} `));
const swapped = <T>(all: readonly T[], at: number): T[] => {
  const [a, b] = [all[at], all[at + 1]];
  if (a === undefined || b === undefined) throw new Error('there are not two of them');
  return [...all.slice(0, at), b, a, ...all.slice(at + 2)];
};
const liveJob = (world: AuditWorld, id: string) => {
  const found = world.live.find((job) => job.id === id);
  if (found === undefined) throw new Error(`${id} is not live`);
  return found;
};
const after = (commits: readonly LooseCommit[], at: number, next: LooseCommit): LooseCommit[] => [
  ...commits.slice(0, at + 1),
  next,
  ...commits.slice(at + 1),
];
const at = <T>(all: readonly T[], n: number): T => {
  const found = all.at(n);
  if (found === undefined) throw new Error(`there is no ${n}`);
  return found;
};

/**
 * Operation × layer. A signature is tried below, in a world that signs. To sign again is to write a commit anew, so that it
 * is tried where commits are: values of Consul, live jobs, trees and trailers have no signature of their own.
 */
const CASES: Case[] = [
  {
    layer: 'job repository',
    how: 'flip a file in the store',
    store: true,
    tamper: (world) => flipObject(world, 'main~2:jobs/web.json', (text) => text.replace('serve', 'crypt')),
  },
  {
    layer: 'job repository',
    how: 'flip a file of an old commit',
    tamper: (world) =>
      rewrite(world, 'main', (commits) =>
        commits.map((commit, n) =>
          n === 1 ? { ...commit, tree: treeWith(world, commit.tree, { 'jobs/web.json': '{}' }) } : commit,
        ),
      ),
  },
  {
    layer: 'job repository',
    how: 'drop a commit',
    tamper: (world) => rewrite(world, 'main', (commits) => commits.filter((_commit, n) => n !== 1)),
  },
  {
    layer: 'job repository',
    how: 'drop the newest commit',
    tamper: (world) => void world.git(['update-ref', 'refs/heads/main', 'main~1']),
  },
  {
    layer: 'job repository',
    how: 'reorder two commits',
    tamper: (world) => rewrite(world, 'main', (all) => swapped(all, 1)),
  },
  {
    layer: 'job repository',
    how: 'insert a commit',
    tamper: (world) =>
      rewrite(world, 'main', (all) => after(all, 1, { ...at(all, 1), message: 'Never was\n' })),
  },
  {
    layer: 'job repository',
    how: 're-sign a commit',
    tamper: (world) =>
      rewrite(world, 'main', (all) =>
        all.map((each, n) => (n === 1 ? { ...each, signature: 'gpgsig other\n' } : each)),
      ),
  },
  {
    layer: 'kv value',
    how: 'flip a value',
    tamper: (world) => void put(world, config('web.json'), '{"id":"web"}', MIRROR_FLAG),
  },
  {
    layer: 'kv value',
    how: 'flip a value by hand',
    tamper: (world) => void put(world, config('web.json'), '{"id":"web"}'),
  },
  {
    layer: 'kv value',
    how: 'drop a value',
    tamper: (world) => void world.kv.delete(config('web.json'), { signal }),
  },
  {
    layer: 'kv value',
    how: 'reorder two values',
    tamper: async (world) => {
      const [web, api] = [await valueAt(world, config('web.json')), await valueAt(world, config('api.json'))];
      await put(world, config('web.json'), api, MIRROR_FLAG);
      await put(world, config('api.json'), web, MIRROR_FLAG);
    },
  },
  {
    layer: 'kv value',
    how: 'insert a value',
    tamper: (world) => void put(world, config('evil.json'), '{"id":"evil"}', MIRROR_FLAG),
  },
  {
    layer: '.ref',
    how: 'flip its tree',
    tamper: (world) =>
      editJson(
        world,
        layout.ref,
        (ref) => JSON.parse(JSON.stringify(ref).replace(/"tree":"./, '"tree":"0')) as JsonObject,
      ),
  },
  { layer: '.ref', how: 'drop it', tamper: (world) => void world.kv.delete(layout.ref, { signal }) },
  {
    layer: '.ref',
    how: 'reorder: an older revision again',
    tamper: (world) =>
      editJson(world, layout.ref, (ref) => ({ ...ref, revision: world.git(['rev-parse', 'main~1']) })),
  },
  {
    layer: '.ref',
    how: 'insert a file that Consul is said not to hold',
    tamper: async (world) => {
      const id = world.git(['rev-parse', 'main:jobs/web.json']);
      const exception = { path: 'web.json', mode: '100644', id, held: false, reason: 'it is large' };
      await editJson(world, layout.ref, (ref) => ({
        ...ref,
        folders: (ref['folders'] as JsonObject[]).map((folder) => ({ ...folder, exceptions: [exception] })),
      }));
      await world.kv.delete(config('web.json'), { signal });
    },
  },
  {
    layer: '.ref',
    how: 'write it once more as it is',
    tamper: async (world) => {
      const text = await valueAt(world, layout.ref);
      await world.kv.delete(layout.ref, { signal });
      await put(world, layout.ref, text);
    },
  },
  {
    layer: 'ledger commit',
    how: 'flip a commit in the store',
    store: true,
    tamper: (world) =>
      flipObject(world, `${LEDGER}~3`, (text) =>
        text.replace('Towline-Environment: test', 'Towline-Environment: prod'),
      ),
  },
  {
    layer: 'ledger commit',
    how: 'flip who wrote it, and rewrite all after it',
    tamper: (world) =>
      editEntry(world, deployOf('plain:web'), (commit) => ({
        ...commit,
        author: commit.author.replace('Towline', 'Mallory'),
      })),
  },
  {
    layer: 'ledger commit',
    how: 'flip as whom it ran, and rewrite all after it',
    tamper: editMessage(deployOf('plain:web'), (message) =>
      message.replace('Towline-Actor: ann@host', 'Towline-Actor: bob@host'),
    ),
  },
  {
    layer: 'ledger commit',
    how: 'drop an entry',
    tamper: (world) =>
      rewrite(world, LEDGER, (all) => all.filter((_entry, n) => n !== indexOf(all, phase('order')))),
  },
  {
    layer: 'ledger commit',
    how: 'drop an intent',
    tamper: (world) =>
      rewrite(world, LEDGER, (all) => all.filter((_entry, n) => n !== indexOf(all, phase('intent')))),
  },
  {
    layer: 'ledger commit',
    how: 'drop the newest entries',
    tamper: (world) => void world.git(['update-ref', `refs/heads/${LEDGER}`, `${LEDGER}~2`]),
  },
  {
    layer: 'ledger commit',
    how: 'drop the oldest entries',
    tamper: (world) => rewrite(world, LEDGER, (all) => all.slice(3)),
  },
  {
    layer: 'ledger commit',
    how: 'drop the branch',
    tamper: (world) => void world.git(['update-ref', '-d', `refs/heads/${LEDGER}`]),
    store: true,
  },
  {
    layer: 'ledger commit',
    how: 'reorder two entries',
    tamper: (world) => rewrite(world, LEDGER, (all) => swapped(all, 3)),
  },
  {
    layer: 'ledger commit',
    how: 'insert an entry',
    tamper: (world) => rewrite(world, LEDGER, (all) => after(all, 4, at(all, 4))),
  },
  {
    layer: 'ledger commit',
    how: 're-sign an entry',
    tamper: (world) =>
      editEntry(world, phase('order'), (commit) => ({ ...commit, signature: 'gpgsig other\n' })),
  },
  {
    layer: 'ledger commit',
    how: 'drop what Consul knows of it',
    tamper: (world) => void world.kv.delete(layout.ledger, { signal }),
  },
  {
    layer: 'ledger tree',
    how: 'flip a document in the store',
    store: true,
    tamper: (world) =>
      flipObject(world, `${LEDGER}:plain/api.json`, (text) => text.replace('answer', 'listen')),
  },
  {
    layer: 'ledger tree',
    how: 'flip a tree in the store',
    store: true,
    tamper: (world) => {
      const other = world.git(['rev-parse', `${LEDGER}~1^{tree}`]);
      const [mine, id] = [world.git(['rev-parse', `${LEDGER}^{tree}`]), other];
      const [from, to] = [mine, id].map((each) => [each.slice(0, 2), each.slice(2)].join('/'));
      world.git(['cat-file', '-p', id]);
      copyOver(world, `objects/${to ?? ''}`, `objects/${from ?? ''}`);
    },
  },
  {
    layer: 'ledger tree',
    how: 'flip a document by an entry that sends nothing',
    tamper: editTree(phase('mirror'), () => ({
      'plain/api.json': documentText({ id: 'api', cmd: 'listen' }),
    })),
  },
  {
    layer: 'ledger tree',
    how: 'flip the order of its keys',
    tamper: editTree(deployOf('plain:web'), () => ({ 'plain/web.json': '{"image":"x","id":"web"}\n' })),
  },
  {
    layer: 'ledger tree',
    how: 'drop a document',
    tamper: editTree(deployOf('plain:web'), () => ({ 'plain/web.json': null })),
  },
  {
    layer: 'ledger tree',
    how: 'reorder two documents',
    tamper: editTree(deployOf('plain:api', 'plain:web'), (world, tree) => ({
      'plain/api.json': show(world, `${tree}:plain/web.json`),
      'plain/web.json': show(world, `${tree}:plain/api.json`),
    })),
  },
  {
    layer: 'ledger tree',
    how: 'insert a document',
    tamper: editTree(deployOf('plain:web'), () => ({ 'plain/evil.json': documentText({ id: 'evil' }) })),
  },
  {
    layer: 'ledger tree',
    how: 'insert a job into the state',
    tamper: editTree(phase('order'), (world, tree) => ({
      'state.json': show(world, `${tree}:state.json`).replace('"outcome": "applied"', '"outcome": "failed"'),
    })),
  },
  {
    layer: 'trailer',
    how: 'flip one',
    tamper: editMessage(deployOf('plain:web'), (m) =>
      m.replace('Towline-Outcome: applied', 'Towline-Outcome: failed'),
    ),
  },
  {
    layer: 'trailer',
    how: 'flip how a job ended',
    tamper: editMessage(deployOf('plain:web'), (m) =>
      m.replace(/(Towline-Job: plain:web \w+ applied) .*/, '$1 version=v77'),
    ),
  },
  {
    layer: 'trailer',
    how: 'flip the subject',
    tamper: editMessage(deployOf('plain:web'), (m) => m.replace(/^Deploy \d+ change/, 'Deploy 9 change')),
  },
  {
    layer: 'trailer',
    how: 'flip what was ordered',
    tamper: editMessage(phase('order'), (m) => m.replace(/^Resume/, 'Pause')),
  },
  {
    layer: 'trailer',
    how: 'drop one',
    tamper: editMessage(phase('intent'), (m) => m.replace(/Towline-Job: .*\n/, '')),
  },
  {
    layer: 'trailer',
    how: 'reorder two',
    tamper: editMessage(
      (m) => phase('intent')(m) && (m.match(/^Towline-Job: /gm)?.length ?? 0) > 1,
      (m) => m.replace(/(Towline-Job: .*\n)(Towline-Job: .*\n)/, '$2$1'),
    ),
  },
  {
    layer: 'trailer',
    how: 'insert one',
    tamper: editMessage(phase('intent'), (m) =>
      m.replace(/(Towline-Job: .*\n)/, '$1Towline-Job: plain:evil create announced\n'),
    ),
  },
  {
    layer: 'live',
    how: 'flip a field',
    tamper: (world) => void (liveJob(world, 'web').spec['cmd'] = 'crypt'),
  },
  { layer: 'live', how: 'drop a job', tamper: (world) => void world.live.splice(0, 1) },
  {
    layer: 'live',
    how: 'reorder two jobs',
    tamper: (world) => {
      const [web, api] = [liveJob(world, 'web'), liveJob(world, 'api')];
      [web.spec, api.spec] = [api.spec, web.spec];
    },
  },
  {
    layer: 'live',
    how: 'insert a job with our marks',
    tamper: (world) =>
      void world.live.push({
        ref: jobRef('plain', 'evil'),
        kind: 'job',
        id: 'evil',
        spec: { id: 'evil' },
        ownerLabel: 'test',
      }),
  },
  {
    layer: 'release',
    how: 'flip its digest',
    tamper: (world) => editJson(world, RELEASE, (r) => ({ ...r, digest: `sha256:${'e'.repeat(64)}` })),
  },
  {
    layer: 'release',
    how: 'flip who announced it',
    tamper: (world) => editJson(world, RELEASE, (r) => ({ ...r, by: 'mallory' })),
  },
  { layer: 'release', how: 'drop it', tamper: (world) => void world.kv.delete(RELEASE, { signal }) },
  {
    layer: 'release',
    how: 'reorder: an older one again',
    tamper: (world) => void put(world, RELEASE, kvJson(release('1.1.0', '2026-01-01T00:00:00Z'))),
  },
  {
    layer: 'release',
    how: 'insert what is none',
    tamper: (world) => void put(world, releaseKey('towline/', 'shop/evil'), '{"image":"shop/web"}'),
  },
  {
    layer: 'release',
    how: 'insert a promotion that changes more than an image',
    tamper: (world) =>
      rewrite(world, 'main', (all) => {
        const last = at(all, -1);
        const text = manifest('web', { image: 'shop/web:1.3.0', cmd: 'crypt' });
        const tree = treeWith(world, last.tree, { 'jobs/web.json': text });
        const message = `Promote shop/web 1.3.0 to test\n\njobs/web.json: shop/web:1.2.0 -> shop/web:1.3.0\n\nTowline-Release: shop/web:1.3.0\nTowline-Environment: test\n`;
        return [...all, { ...last, tree, message }];
      }),
  },
  {
    layer: 'plan',
    how: 'flip its input',
    tamper: editTree(phase('intent'), (world, tree) => ({
      'plan.json': show(world, `${tree}:plan.json`).replace('"complete": true', '"complete": false'),
    })),
  },
  { layer: 'plan', how: 'drop it', tamper: editTree(phase('intent'), () => ({ 'plan.json': null })) },
  {
    layer: 'plan',
    how: 'reorder: that of another pass',
    tamper: editTree(phase('intent'), (world) => ({ 'plan.json': show(world, `${LEDGER}~6:plan.json`) })),
  },
];

describe('an audit of an environment', () => {
  let environment: AuditedEnvironment;
  const worlds: AuditWorld[] = [];
  const world = async (): Promise<AuditWorld> => {
    const made = await environment.copy();
    worlds.push(made);
    return made;
  };

  beforeAll(async () => {
    environment = new AuditedEnvironment();
    await live(environment);
  }, 120_000);
  afterAll(async () => {
    worlds.forEach(removeWorld);
    await environment.close();
  });

  it('passes where nobody has touched anything, online and from a bundle', async () => {
    const untouched = await world();
    const online = await verifyOnline(untouched);
    expect(online.findings).toEqual([]);
    expect(online.counts).toMatchObject({ promotions: 2, live: 2, values: 3 });
    expect(online.ledger).toMatchObject({ entries: online.ledger.sequence });
    expect(online.notLookedAt.map(({ layer }) => layer)).toEqual(['signature']);
    const bundled = await verifyBundle(untouched);
    expect(bundled).toMatchObject({ findings: [], ledger: online.ledger, counts: online.counts });
    const tip = online.ledger.tip ?? '';
    expect((await verifyOnline(untouched, { since: tip.slice(0, 12) })).findings).toEqual([]);
  });

  it.each(CASES.map((each) => [each.layer, each.how, each] as const))(
    'finds that somebody touched it: %s, %s',
    async (layer, _how, { tamper, store }) => {
      const touched = await world();
      await tamper(touched);
      const online = await verifyOnline(touched, { most: 1 });
      expect(online.findings.map((finding) => finding.layer)).toEqual([layer]);
      if (store === true) await expect(verifyBundle(touched)).rejects.toThrow();
      else expect((await verifyBundle(touched, { most: 1 })).findings).toEqual(online.findings);
    },
  );

  it('looks at what is in Git alone, and says so, where a bundle holds nothing else', async () => {
    const plain = await verifyBundle(await world(), {
      between: ({ git }) => void git(['update-ref', '-d', EVIDENCE]),
    });
    expect(plain.findings).toEqual([]);
    expect(new Set(plain.notLookedAt.map(({ layer }) => layer))).toEqual(
      new Set(['.ref', 'kv value', 'release', 'live', 'ledger commit', 'signature']),
    );
  });

  it.each(
    CASES.filter(({ layer, store }) => store !== true && /^(ledger|trailer|plan|job)/.test(layer)).filter(
      (_each, n) => n % 4 === 0,
    ),
  )('finds that the bundle itself was made anew: $layer, $how', async ({ layer, tamper }) => {
    const report = await verifyBundle(await world(), { most: 1, between: (inside) => void tamper(inside) });
    expect(report.findings.map((finding) => finding.layer)).toEqual([layer]);
  });

  it('finds that the branch was rewritten by the id of an entry that a person has kept', async () => {
    const touched = await world();
    const kept = touched.git(['rev-parse', LEDGER]);
    editEntry(touched, phase('order'), (commit) => ({
      ...commit,
      author: commit.author.replace('Towline', 'Eve'),
    }));
    const commit = touched.git(['rev-parse', LEDGER]);
    await editJson(touched, layout.ledger, (anchor) => ({ ...anchor, commit }));
    expect((await verifyOnline(touched)).findings).toEqual([]);
    expect((await verifyOnline(touched, { since: kept })).findings).toMatchObject([
      { layer: 'ledger commit', at: kept },
    ]);
  });
});

describe('an audit of an environment whose ledger is signed', () => {
  let environment: AuditedEnvironment;
  let keys: SigningKeys;
  const worlds: AuditWorld[] = [];
  const world = async (): Promise<AuditWorld> => {
    const made = await environment.copy();
    worlds.push(made);
    return made;
  };
  const signed = (bare: string) => ({ signatures: signaturesIn(bare), required: true });
  /** Consul is told as well: nothing but the signatures is left. */
  const anchored = async (touched: AuditWorld): Promise<void> => {
    const [commit, sequence] = [
      touched.git(['rev-parse', LEDGER]),
      Number(touched.git(['log', '-1', '--format=%(trailers:key=Towline-Sequence,valueonly)', LEDGER])),
    ];
    await editJson(touched, layout.ledger, (anchor) => ({ ...anchor, commit, sequence }));
  };

  beforeAll(async () => {
    environment = new AuditedEnvironment();
    keys = new SigningKeys(environment.sandbox.root);
    keys.signWith(environment.sandbox.bare, 'towline');
    await environment.commit(
      { [SIGNERS]: keys.allowed('towline'), 'jobs/web.json': manifest('web', { cmd: 'serve' }) },
      'Begin',
    );
    await environment.deploy();
    await environment.order('pause', 'web');
    await environment.order('resume', 'web');
  }, 120_000);
  afterAll(async () => {
    worlds.forEach(removeWorld);
    await environment.close();
  });

  it('passes where nobody has touched anything', async () => {
    const report = await verifyOnline(await world(), { signed });
    expect(report.findings).toEqual([]);
    expect(report.counts.signatures).toBe(report.ledger.entries);
    expect((await verifyBundle(await world(), { signed })).counts).toEqual(report.counts);
  });

  it.each<[string, string, (touched: AuditWorld) => void]>([
    [
      'flip: another actor under an old signature',
      'bad',
      editMessage(phase('intent'), (m) => m.replace('Towline-Actor: ann@host', 'Towline-Actor: bob@host')),
    ],
    ['drop', 'not-signed', (touched) => editEntry(touched, phase('order'), (c) => ({ ...c, signature: '' }))],
    [
      'reorder: the signature of another entry',
      'bad',
      (touched) =>
        rewrite(touched, LEDGER, (all) =>
          all.map((each, n) => (n === all.length - 1 ? { ...each, signature: at(all, -2).signature } : each)),
        ),
    ],
    [
      'insert: an entry that nobody signed',
      'not-signed',
      (touched) =>
        rewrite(touched, LEDGER, (all) => {
          const last = at(all, -1);
          const next = JSON.parse(show(touched, `${last.tree}:state.json`)) as JsonObject;
          const sequence = Number(next['sequence']) + 1;
          const asked = { by: 'eve', at: '2026-01-01T00:00:00.000Z' };
          const state = documentText({ ...next, sequence, paused: { 'plain:web': asked } });
          const message = last.message
            .replace('Resume', 'Pause')
            .replaceAll('resume', 'pause')
            .replace('Towline-By: ann', 'Towline-By: eve')
            .replace(/Sequence: \d+/, `Sequence: ${sequence}`);
          const tree = treeWith(touched, last.tree, { 'state.json': state });
          return [...all, { ...last, tree, message, signature: '' }];
        }),
    ],
    [
      're-sign: the whole ledger by another key',
      'unknown-signer',
      (touched) =>
        rewrite(
          touched,
          LEDGER,
          (all) => all,
          (bytes) => keys.sign(bytes, 'mallory'),
        ),
    ],
  ])('finds that somebody touched it: %s', async (_how, state, tamper) => {
    const touched = await world();
    tamper(touched);
    await anchored(touched);
    const found = [{ layer: 'signature', found: expect.stringContaining(state) }];
    // Where one was touched, those after it are signed for what was before it.
    expect((await verifyOnline(touched, { signed, most: 1 })).findings).toMatchObject(found);
    expect((await verifyBundle(touched, { signed, most: 1 })).findings).toMatchObject(found);
  });
});

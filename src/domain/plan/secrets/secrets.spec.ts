import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { input, job, known, LENIENT, live, plainModel } from '../../../../test/builders/plan-input.js';
import { marathonModel } from '../../../schedulers/marathon/model/index.js';
import { definitionDigest } from '../../../schedulers/marathon/model/digest.js';
import { jobRef, type JobRef } from '../../job/job-ref.js';
import { valueAt, type Json, type JsonObject } from '../../source/json.js';
import { makePlan } from '../make-plan.js';
import type { KnownJob, PlanInput } from '../plan-input.js';
import { maskedPlaces, maskKey, SecretMask, type SecretRule } from './index.js';

const rule = (fields: string[], more: Partial<SecretRule> = {}): SecretRule => ({
  fields,
  jobs: [],
  files: [],
  ...more,
});
const DIGEST = /^secret:hmac-sha256:[0-9a-f]{8}:[0-9a-f]{32}$/;
const schedulers: PlanInput['schedulers'] = new Map([
  ['plain', { model: plainModel, context: { settings: {} } }],
  ['marathon', { model: marathonModel, context: { settings: {} } }],
]);

function maskOf(rules: SecretRule[], key = 'k'.repeat(32)) {
  const learned: string[] = [];
  let keys = 0;
  const mask = new SecretMask({
    rules,
    schedulers,
    key: () => {
      keys += 1;
      return maskKey(key);
    },
    learned: (value) => learned.push(value),
  });
  return { mask, learned, keysAsked: () => keys };
}
const about = (id: string, scheduler = 'plain') => ({
  id,
  scheduler,
  ref: jobRef(scheduler, id),
  files: ['jobs/a.yaml'],
});

describe('places that are secret', () => {
  it.each<[string, string, JsonObject, string[]]>([
    ['a name', '/env/PASSWORD', { env: { PASSWORD: 'x1', OTHER: 'y' } }, ['/env/PASSWORD']],
    ['a piece of a name', '/env/*_TOKEN', { env: { A_TOKEN: 'x', TOKEN_A: 'y' } }, ['/env/A_TOKEN']],
    ['any name', '/env/*', { env: { A: 'x', B: 'y' } }, ['/env/A', '/env/B']],
    ['a position', '/args/1', { args: ['a', 'b'] }, ['/args/1']],
    ['any position', '/args/*', { args: ['a', 'b'] }, ['/args/0', '/args/1']],
    [
      'the entry of a name',
      '/vars/DB_*/value',
      {
        vars: [
          { name: 'DB_A', value: 'x' },
          { name: 'C', value: 'y' },
        ],
      },
      ['/vars/0/value'],
    ],
    ['all texts below it', '/deep', { deep: { a: ['x', 1], b: true } }, ['/deep/a/0']],
    ['nothing where there is nothing', '/env/A', { env: 'text' }, []],
    ['dots in names as they are', '/labels/a.c', { labels: { abc: 'x', 'a.c': 'y' } }, ['/labels/a.c']],
    ['never what names the job', '/*', { id: '/a', cmd: 'x' }, ['/cmd']],
  ])('%s', (_name, field, spec, places) => {
    const { mask } = maskOf([rule([field])]);
    const masked = mask.document(about('/a'), spec);
    expect(maskedPlaces(masked).map((parts) => `/${parts.join('/')}`)).toEqual(places);
    for (const place of places) expect(valueAt(masked, place)).toMatch(DIGEST);
  });

  it('are those of the jobs and files that a rule names', () => {
    const { mask } = maskOf([
      rule(['/a'], { jobs: ['/shop/*'] }),
      rule(['/b'], { files: ['production/**'] }),
    ]);
    const spec = { a: 'x', b: 'y' };
    const placesIn = (id: string, files?: string[]) =>
      maskedPlaces(mask.document({ ...about(id), files }, spec)).flat();
    expect(placesIn('/shop/web', ['jobs/web.yaml'])).toEqual(['a']);
    expect(placesIn('/db', ['production/db.yaml'])).toEqual(['b']);
    expect(placesIn('/db', ['jobs/db.yaml'])).toEqual([]);
    // Where nobody knows the file, any rule may be meant.
    expect(placesIn('/db', undefined)).toEqual(['b']);
  });

  it('are references into a secret store, without any rule', () => {
    const { mask } = maskOf([]);
    const spec = { id: '/a', secrets: { pw: { source: 'vault/db' } }, env: { PW: { secret: 'pw' } } };
    const masked = mask.document(about('/a', 'marathon'), spec);
    expect(maskedPlaces(masked)).toEqual([['secrets', 'pw', 'source']]);
  });

  it('are logins in URLs, wherever they stand, and nothing else of the URL', () => {
    const { mask, learned } = maskOf([]);
    const spec = {
      cmd: 'get https://ann:s3cr3t@host/x.tgz && echo a@b http://host/x',
      url: 'ssh://git@host/x',
    };
    const masked = mask.document(about('/a'), spec);
    expect(masked['cmd']).toMatch(
      /^get https:\/\/secret:hmac-sha256:\S+@host\/x.tgz && echo a@b http:\/\/host\/x$/,
    );
    expect(masked['url']).toBe(spec.url);
    expect(learned).toEqual(['ann:s3cr3t']);
    expect(mask.document(about('/a'), masked)).toBe(masked);
  });

  it('leave the ending of an archive, by which Marathon unpacks it', () => {
    const { mask } = maskOf([rule(['/uris/*'])]);
    const uri = 'https://store.example/a.tar.gz?signature=abcdef';
    const desired = { id: '/a', cmd: 'x', uris: [uri] };
    const found = { id: '/a', cmd: 'x', fetch: [{ uri, extract: true, executable: false, cache: false }] };
    const [a, b] = [desired, found].map((spec) => mask.document(about('/a', 'marathon'), spec));
    expect(JSON.stringify([a, b])).not.toContain('abcdef');
    expect(
      marathonModel.compare({ kind: 'app', spec: a ?? {} }, { kind: 'app', spec: b ?? {} }, { settings: {} }),
    ).toMatchObject({ action: 'none' });
  });

  it('take the digest of the whole job with them, by which a secret could be guessed', () => {
    const { mask } = maskOf([rule(['/env/*'])]);
    const spec: JsonObject = { id: '/a', cmd: 'x', env: { PW: 'hunter2' } };
    const labels = { TOWLINE_ENVIRONMENT: 'test', TOWLINE_DIGEST: definitionDigest('app', spec) };
    const found = { ref: jobRef('marathon', '/a'), kind: 'app', id: '/a', spec: { ...spec, labels } };
    const masked = mask.live(found);
    expect(valueAt(masked.spec, '/labels/TOWLINE_DIGEST')).toMatch(DIGEST);
    // Still it is known to be no copy.
    expect(masked.copy).toBe(false);
    const copy = mask.live({ ...found, id: '/b', spec: { ...found.spec, id: '/b' } });
    expect(copy.copy).toBe(true);
  });

  it('cost neither a key nor a copy where there are none', () => {
    const { mask, keysAsked } = maskOf([rule(['/env/*_TOKEN'])]);
    const plain = job('a', { env: { A: 'x' } });
    expect(mask.job(plain)).toBe(plain);
    const parts = input({ desired: [plain], live: [live('a')], known: new Map([known('a')]) });
    const masked = mask.input(parts);
    expect([masked.desired, masked.live, masked.known]).toEqual([parts.desired, parts.live, parts.known]);
    expect(masked.desired).toBe(parts.desired);
    expect(masked.live).toBe(parts.live);
    expect(masked.known).toBe(parts.known);
    expect(keysAsked()).toBe(0);
  });
});

describe('a document without its secrets', () => {
  const name = fc.constantFrom('A', 'B_TOKEN', 'C_PASSWORD', 'd');
  const text = fc.oneof(
    fc.string({ minLength: 4, maxLength: 12 }),
    fc.constantFrom('same-value', 'https://u:pw-123@host/x', 'secret:hmac-sha256:nonsense'),
  );
  const value: fc.Arbitrary<Json> = fc.oneof(
    text,
    fc.integer(),
    fc.dictionary(name, text),
    fc.array(text, { maxLength: 3 }),
  );
  const spec = fc.record({
    env: fc.dictionary(name, value),
    labels: fc.dictionary(name, text),
    n: fc.integer(),
  });
  const rules = [rule(['/env/*_TOKEN', '/env/*_PASSWORD/*', '/labels/d'])];

  it('has them again, is hidden once only, and holds none of them', () => {
    fc.assert(
      fc.property(spec, (document) => {
        const { mask, learned } = maskOf(rules);
        const masked = mask.document(about('/a'), document);
        expect(mask.real(masked)).toEqual(document);
        expect(mask.real(JSON.parse(JSON.stringify(masked)) as JsonObject)).toEqual(document);
        expect(mask.document(about('/a'), masked)).toBe(masked);
        expect(mask.document(about('/a'), document)).toEqual(masked);
        for (const place of ['/env/B_TOKEN', '/labels/d']) {
          const [secret, shown] = [valueAt(document, place), valueAt(masked, place)];
          if (typeof secret === 'string') expect([place, shown]).not.toEqual([place, secret]);
          if (typeof secret === 'string') expect(learned).toContain(secret);
        }
      }),
    );
  });

  it('gives the same plan', () => {
    const ids = ['a', 'b', 'c', 'd'];
    const some = fc
      .subarray(ids)
      .chain((chosen) => fc.tuple(...chosen.map((id) => spec.map((document) => [id, document] as const))));
    // Often the same document on two sides: that it is the same has to be seen.
    const sides = fc.tuple(some, some, some, fc.boolean(), fc.boolean());
    fc.assert(
      fc.property(sides, ([stated, found, sent, asStated, asSent]) => {
        const parts = input({
          schedulers,
          desired: stated.map(([id, s]) => job(id, s)),
          live: (asStated ? stated : asSent ? sent : found).map(([id, s]) =>
            live(id, s, { ownerLabel: 'test' }),
          ),
          known: new Map(sent.map(([id, s]) => known(id, s))),
        });
        const told = (of: PlanInput) =>
          makePlan(of, LENIENT).changes.map(({ ref, action, reason, drift, after }) => [
            ref,
            action,
            reason,
            drift,
            after,
          ]);
        expect(told(maskOf(rules).mask.input(parts))).toEqual(told(parts));
      }),
    );
  });
});

describe('a plan without secrets', () => {
  const { mask } = maskOf([rule(['/env/*'])]);
  const parts = input({
    schedulers,
    desired: [job('a', { env: { PW: 'new-value' } })],
    live: [live('a', { env: { PW: 'old-value' } }, { ownerLabel: 'test' })],
    known: new Map([known('a', { env: { PW: 'old-value' } })]),
  });
  const plan = makePlan(mask.input(parts), LENIENT);

  it('says that one changed, and not what it is', () => {
    expect(plan.changes).toMatchObject([{ action: 'update', reason: 'changed in Git' }]);
    expect(JSON.stringify(plan)).not.toMatch(/new-value|old-value/);
  });

  it('is carried out with them', () => {
    const [change] = plan.changes.map((each) => mask.change(each));
    expect(change?.desired?.spec).toEqual({ id: 'a', env: { PW: 'new-value' } });
    expect(change?.live?.spec).toEqual({ id: 'a', env: { PW: 'old-value' } });
    expect(change?.lastApplied).toEqual({ id: 'a', env: { PW: 'old-value' } });
  });

  it('looks at what may have changed alike', () => {
    const { desired, live: found } = parts;
    const since = {
      touched: new Set(desired.map(({ ref }) => ref)),
      desired: new Map(desired.map((each) => [each.ref, each])),
      live: new Map(found.map((each) => [each.ref, each])),
    };
    const quick = makePlan(mask.input({ ...parts, since }), LENIENT);
    expect(quick.digest).toBe(plan.digest);
    expect(JSON.stringify(quick)).not.toMatch(/new-value|old-value/);
  });

  it('takes what was recorded under another key as it is live, so that nothing seems to have changed', () => {
    const old = maskOf([rule(['/env/*'])], 'o'.repeat(32)).mask;
    const document = old.document(about('a'), { id: 'a', env: { PW: 'new-value' } });
    const after = input({
      ...parts,
      live: [live('a', { env: { PW: 'new-value' } }, { ownerLabel: 'test' })],
      known: new Map([known('a', document)]),
    });
    expect(makePlan(mask.input(after), LENIENT).changes).toMatchObject([{ action: 'none' }]);
    const renewed = mask.input(after).known.get(jobRef('plain', 'a'))?.document;
    expect(renewed).toEqual(mask.input(after).live[0]?.spec);
  });
});

describe('an input that follows another one', () => {
  const id = fc.constantFrom('a', 'b', 'c');
  const env = fc.record(
    { PW: fc.constantFrom('s3cr3t-1', 's3cr3t-2'), PLAIN: fc.constantFrom('x', 'y') },
    { requiredKeys: [] },
  );
  const spec = env.map((each) => ({ env: each }));
  const step = fc.record({
    stated: fc.option(spec, { nil: undefined }),
    live: fc.option(spec, { nil: undefined }),
    sent: fc.option(spec, { nil: undefined }),
  });
  const steps = fc.array(fc.dictionary(id, step), { minLength: 1, maxLength: 6 });

  it('is hidden as one that is looked at whole, although only what was touched is looked at', () => {
    fc.assert(
      fc.property(steps, (rounds) => {
        const rules = [rule(['/env/PW'])];
        const { mask } = maskOf(rules);
        // Kept by the deployer and changed in place, as its memory does it.
        const desired = new Map<JobRef, ReturnType<typeof job>>();
        const found = new Map<JobRef, ReturnType<typeof live>>();
        let sent = new Map<JobRef, KnownJob>();
        for (const round of rounds) {
          const touched = new Set<JobRef>();
          sent = new Map(sent);
          for (const [name, { stated, live: now, sent: before }] of Object.entries(round)) {
            const ref = jobRef('plain', name);
            touched.add(ref);
            put(desired, ref, stated && job(name, stated));
            put(found, ref, now && live(name, now));
            put(sent, ref, before && known(name, before)[1]);
          }
          const parts = input({
            schedulers,
            desired: [...desired.values()],
            live: [...found.values()],
            known: sent,
            since: { touched, desired, live: found },
          });
          const masked = mask.input(parts);
          expect(masked).toEqual(maskOf(rules).mask.input(parts));
          expect(JSON.stringify([masked.desired, masked.live, [...masked.known.values()]])).not.toContain(
            's3cr3t',
          );
        }
      }),
    );
  });

  function put<T>(map: Map<JobRef, T>, ref: JobRef, value: T | undefined): void {
    if (value === undefined) map.delete(ref);
    else map.set(ref, value);
  }
});

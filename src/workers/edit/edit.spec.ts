import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GitSandbox } from '../../../test/fakes/git-sandbox.js';
import { MemoryLedger } from '../../../test/fakes/memory-ledger.js';
import type { EditRequest } from '../../domain/edit/request.js';
import { EVERY_RULE } from '../../domain/job/validate/rule-policy.js';
import type { JobRef } from '../../domain/job/job-ref.js';
import type { Veto } from '../../domain/plan/policy.js';
import { firstState } from '../../domain/record/orders.js';
import type { Outcome, OutcomeState } from '../../domain/record/outcome.js';
import type { Revision } from '../../domain/source/revision.js';
import { gitStore } from '../../git/index.js';
import type { GitStore } from '../../ports/git-store.js';
import { entryMessage } from '../../domain/record/entry-message.js';
import { TowlineError } from '../../runtime/errors.js';
import { silentLog } from '../../runtime/log.js';
import { systemClock } from '../../runtime/system-clock.js';
import { SCHEDULER_KINDS } from '../../schedulers/registry.js';
import { edit, type EditOptions, type EditResult } from './index.js';

const signal = new AbortController().signal;
const author = { name: 'Towline', email: 'towline@localhost' };
const asked = { by: 'ann', at: '2026-01-01T00:00:00.000Z' };
const app = (id: string, more = ''): string => `id: ${id}\ncmd: run\nportDefinitions: []\n${more}`;

type Wish = EditRequest extends infer Each ? (Each extends unknown ? Omit<Each, 'asked'> : never) : never;

describe('a change that a person asks for', () => {
  let sandbox: GitSandbox;
  let ledger: MemoryLedger;
  let stores: { close(): Promise<void> }[];

  beforeEach(() => {
    sandbox = new GitSandbox();
    ledger = new MemoryLedger();
    stores = [];
  });
  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
    sandbox.remove();
  });

  const commit = (files: Record<string, string>, message = 'Next'): Revision => {
    sandbox.write(files);
    const revision = sandbox.commit(message);
    sandbox.push();
    return revision as Revision;
  };
  const options = (more: Partial<EditOptions> = {}): EditOptions => {
    const repository = gitStore({
      location: `file://${sandbox.bare}`,
      storeDir: `${sandbox.root}/copies`,
      author,
      log: silentLog(),
    });
    stores.push(repository);
    return {
      environment: 'production',
      branch: 'main',
      layers: ['production'],
      shared: [],
      ignoreFields: [],
      rules: EVERY_RULE,
      repository,
      ledger,
      models: new Map(
        [...SCHEDULER_KINDS].map(([name, { model }]) => [name, { model, context: { settings: {} } }]),
      ),
      author,
      clock: systemClock,
      log: silentLog(),
      ...more,
    };
  };
  const wish = (request: Wish, more: Partial<EditOptions> = {}): Promise<EditResult> =>
    edit({ ...request, asked }, options(more), { signal });
  const show = (path: string): string => sandbox.git('--git-dir', sandbox.bare, 'show', `main:${path}`);
  const message = (): string => sandbox.git('--git-dir', sandbox.bare, 'log', '-1', '--format=%B', 'main');

  describe('to scale', () => {
    it('writes the number where it stands, of apps and pods, in groups too', async () => {
      commit({
        'production/a.yaml': app('/a', 'instances: 1 # one\n'),
        'production/p.yaml':
          'id: /p\ncontainers: [{name: c, resources: {cpus: 0.1, mem: 32}}]\nnetworks: [{mode: host}]\n',
        'production/g.json': JSON.stringify({ id: '/g', apps: [{ id: 'x', cmd: 'run', instances: 2 }] }),
      });
      await wish({ verb: 'scale', job: '/a', instances: 4 });
      expect(show('production/a.yaml')).toBe(app('/a', 'instances: 4 # one\n').trim());
      expect(message()).toContain('Scale marathon:/a to 4');
      expect(message()).toContain('Towline-By: ann');
      await wish({ verb: 'scale', job: 'p', instances: 2 });
      expect(show('production/p.yaml')).toContain('id: /p\nscaling: {"kind":"fixed","instances":2}\n');
      await wish({ verb: 'scale', job: 'marathon:/p', instances: 3 });
      expect(show('production/p.yaml')).toContain('"instances":3');
      await wish({ verb: 'scale', job: '/g/x', instances: 5 });
      expect(JSON.parse(show('production/g.json'))).toMatchObject({ apps: [{ instances: 5 }] });
      expect(await wish({ verb: 'scale', job: '/g/x', instances: 5 })).toMatchObject({ kind: 'unchanged' });
    });

    it('refuses what has no instances, what others scale, and what nobody knows', async () => {
      commit({
        'production/a.yaml': app('/a'),
        'production/c.json': JSON.stringify({
          name: 'c',
          command: 'x',
          schedule: 'R/2026-01-01T00:00:00Z/PT1H',
        }),
      });
      await expect(wish({ verb: 'scale', job: 'c', instances: 1 })).rejects.toMatchObject({
        code: 'edit-refused',
      });
      const ignoreFields = [{ fields: ['/instances'], jobs: ['/a'], files: [] }];
      await expect(wish({ verb: 'scale', job: '/a', instances: 1 }, { ignoreFields })).rejects.toMatchObject({
        code: 'edit-refused',
        message: expect.stringContaining('left to others'),
      });
      await expect(wish({ verb: 'scale', job: '/b', instances: 1 })).rejects.toMatchObject({
        code: 'job-unknown',
      });
    });

    it('writes into the last layer only, also what stands in none of its files yet', async () => {
      const base = { 'base/a.yaml': app('/a', 'instances: 1\n'), 'base/b.yaml': app('/b', 'instances: 1\n') };
      commit({ ...base, 'production/a.yaml': '# ours\nmem: 64\n' });
      const layers = { layers: ['base', 'production'] };
      await wish({ verb: 'scale', job: '/a', instances: 4 }, layers);
      expect(show('production/a.yaml')).toBe('# ours\nmem: 64\ninstances: 4');
      expect(show('base/a.yaml')).toContain('instances: 1');
      await expect(wish({ verb: 'scale', job: '/b', instances: 4 }, layers)).rejects.toMatchObject({
        message: 'marathon:/b stands in base/b.yaml, which other environments may share',
      });
    });

    it('loses no race: what somebody else pushed meanwhile stays', async () => {
      commit({ 'production/a.yaml': app('/a'), 'production/b.yaml': app('/b') });
      const given = options();
      const { repository } = given;
      let pushed = false;
      const racing: GitStore = Object.assign(Object.create(repository) as GitStore, {
        writeCommit: async (...args: Parameters<GitStore['writeCommit']>) => {
          if (!pushed) commit({ 'production/b.yaml': app('/b', 'mem: 64\n') });
          pushed = true;
          return repository.writeCommit(...args);
        },
      });
      await edit(
        { verb: 'scale', job: '/a', instances: 4, asked },
        { ...given, repository: racing },
        { signal },
      );
      expect(show('production/a.yaml')).toContain('instances: 4');
      expect(show('production/b.yaml')).toContain('mem: 64');
    });
  });

  describe('to set an image', () => {
    const pod = `id: /p
containers:
- {name: a, resources: {cpus: 0.1, mem: 32}, image: {kind: DOCKER, id: "shop/a:1"}} # first
- {name: b, resources: {cpus: 0.1, mem: 32}, image: {kind: DOCKER, id: "shop/b:1"}}
networks: [{mode: host}]
`;

    it('takes the place of the image of that name, or of the only one', async () => {
      commit({
        'production/p.yaml': pod,
        'production/a.yaml': app('/a', 'container: {type: DOCKER, docker: {image: "old/a:1"}}\n'),
      });
      await wish({ verb: 'set image', job: '/p', image: 'shop/b:2' });
      expect(show('production/p.yaml')).toBe(pod.replace('shop/b:1', 'shop/b:2').trim());
      await wish({ verb: 'set image', job: '/a', image: 'new/a:1' });
      expect(show('production/a.yaml')).toContain('image: "new/a:1"');
      await wish({ verb: 'set image', job: '/p', image: 'new/a:7', from: 'shop/a' });
      expect(show('production/p.yaml')).toContain('id: "new/a:7"}} # first');
      await expect(wish({ verb: 'set image', job: '/p', image: 'x/y:1' })).rejects.toMatchObject({
        message: 'marathon:/p has new/a, shop/b and no x/y',
      });
      await expect(wish({ verb: 'set image', job: '/p', image: 'shop/b' })).rejects.toMatchObject({
        code: 'edit-refused',
      });
    });

    it('states it in the last layer where an earlier one does, and no list half', async () => {
      commit({
        'base/a.yaml': app('/a', 'container: {type: DOCKER, docker: {image: "shop/a:1"}}\n'),
        'base/p.yaml': pod,
        'production/a.yaml': 'instances: 2\n',
        'production/p.yaml': 'scaling: {kind: fixed, instances: 2}\n',
      });
      const layers = { layers: ['base', 'production'] };
      await wish({ verb: 'set image', job: '/a', image: 'shop/a:2' }, layers);
      expect(show('production/a.yaml')).toBe('instances: 2\ncontainer: {"docker":{"image":"shop/a:2"}}');
      await expect(wish({ verb: 'set image', job: '/p', image: 'shop/b:2' }, layers)).rejects.toMatchObject({
        code: 'edit-refused',
        message: expect.stringContaining('part of a list'),
      });
    });
  });

  describe('to pause the runs of a job', () => {
    it('writes the switch, and writes it again to resume them: what Git does not name stays as it is', async () => {
      commit({
        'production/n.yaml': 'name: nightly # mine\nschedule: R/2026-01-01T03:00:00Z/P1D\ncommand: "true"\n',
        'production/a.yaml': app('/a'),
      });
      expect(await wish({ verb: 'pause runs', job: 'nightly' })).toMatchObject({ kind: 'applied' });
      expect(show('production/n.yaml')).toContain('name: nightly # mine\n');
      expect(show('production/n.yaml')).toContain('disabled: true\n');
      expect(message()).toContain('Pause the runs of chronos:nightly');
      expect(message()).toContain('Towline-Command: pause runs');
      expect(await wish({ verb: 'pause runs', job: 'nightly' })).toMatchObject({ kind: 'unchanged' });
      expect(await wish({ verb: 'resume runs', job: 'nightly' })).toMatchObject({ kind: 'applied' });
      expect(show('production/n.yaml')).toContain('disabled: false\n');
      await expect(wish({ verb: 'pause runs', job: '/a' })).rejects.toMatchObject({
        message: 'marathon:/a does not run now and then',
      });
    });
  });

  it('is not committed where it would not be valid', async () => {
    commit({ 'production/a.yaml': app('/a', 'labels: {TOWLINE_STRATEGY: canary}\ninstances: 3\n') });
    const before = sandbox.git('--git-dir', sandbox.bare, 'rev-parse', 'main');
    commit({ 'production/a.yaml': `${app('/a')}mem: lots\n` });
    const tip = sandbox.git('--git-dir', sandbox.bare, 'rev-parse', 'main');
    expect(tip).not.toBe(before);
    await expect(wish({ verb: 'scale', job: '/a', instances: 2 })).rejects.toMatchObject({
      code: 'edit-invalid',
    });
    expect(sandbox.git('--git-dir', sandbox.bare, 'rev-parse', 'main')).toBe(tip);
  });

  describe('to roll back', () => {
    const ended = async (revision: Revision, states: Record<string, OutcomeState>): Promise<void> => {
      const { commit: head, state: before } = await ledger.head();
      const outcomes = Object.entries(states).map(([id, state]): Outcome => ({
        ref: `marathon:${id}` as JobRef,
        scheduler: 'marathon',
        kind: 'app',
        id,
        action: 'update',
        state,
        message: '',
        startedAt: asked.at,
        endedAt: asked.at,
      }));
      const trees = [{ folder: 'production', tree: 'b'.repeat(40) as never }];
      const pass = revision.slice(0, 8);
      await ledger.append(
        {
          phase: 'outcome',
          environment: 'production',
          pass,
          planDigest: 'p',
          actor: 'ann@host',
          decisions: [],
          revision,
          trees,
          trigger: 'test',
          at: asked.at,
          outcomes,
          files: {},
          state: { ...before, ...firstState('production', revision, trees), pass },
        },
        head,
      );
    };

    it('goes back over what failed to the last revision that ended well, and takes away what is new', async () => {
      const good = commit({ 'production/a.yaml': app('/a'), 'production/b.yaml': app('/b'), 'docs/x': '1' });
      await ended(good, { '/a': 'applied' });
      const bad = commit({ 'production/a.yaml': app('/a', 'mem: 1\n'), 'production/c.yaml': app('/c') });
      await ended(bad, { '/a': 'rolled-back' });
      commit({ 'docs/x': '2' });
      expect(await wish({ verb: 'rollback' })).toMatchObject({ kind: 'applied' });
      expect(show('production/a.yaml')).toBe(app('/a').trim());
      expect(() => show('production/c.yaml')).toThrow();
      expect(show('docs/x')).toBe('2');
      expect(message()).toContain(`Roll back production to ${good.slice(0, 10)}`);
      await expect(wish({ verb: 'rollback' })).rejects.toMatchObject({ code: 'edit-refused' });
    });

    it('goes back with one job only, or to a revision that is named', async () => {
      const first = commit({ 'production/a.yaml': app('/a'), 'production/b.yaml': app('/b') });
      await ended(first, { '/a': 'applied', '/b': 'applied' });
      const second = commit({ 'production/a.yaml': app('/a', 'mem: 1\n') });
      await ended(second, { '/a': 'applied' });
      const third = commit({ 'production/b.yaml': app('/b', 'mem: 1\n') });
      await ended(third, { '/b': 'applied' });
      await wish({ verb: 'rollback', job: '/a', veto: false });
      expect(show('production/a.yaml')).toBe(app('/a').trim());
      expect(show('production/b.yaml')).toContain('mem: 1');
      await wish({ verb: 'rollback', to: second });
      expect(show('production/a.yaml')).toContain('mem: 1');
      expect(show('production/b.yaml')).toBe(app('/b').trim());
      await expect(wish({ verb: 'rollback', job: '/none', to: first })).rejects.toMatchObject({
        code: 'job-unknown',
      });
    });

    describe('sticks', () => {
      const image = (tag: string, more = ''): string =>
        app('/a', `container: {type: DOCKER, docker: {image: "shop/a:${tag}"}}\n${more}`);
      const vetoes = async (): Promise<readonly Veto[]> => {
        const { state } = await ledger.head();
        return Object.values(state?.vetoes ?? {});
      };
      const lastMessage = (): string => {
        const last = ledger.entries.at(-1);
        return last === undefined ? '' : entryMessage(last.entry);
      };
      const tree = (revision: string): string =>
        sandbox.git('--git-dir', sandbox.bare, 'rev-parse', `${revision}:production`);
      const bad = async (): Promise<{ good: Revision; tip: Revision }> => {
        const good = commit({ 'production/a.yaml': image('1.0'), 'production/b.yaml': app('/b') });
        await ended(good, { '/a': 'applied', '/b': 'applied' });
        const tip = commit({ 'production/a.yaml': image('1.1') });
        await ended(tip, { '/a': 'applied' });
        return { good, tip };
      };

      it('vetoes the tip with its trees, and the release, before it commits', async () => {
        const { good, tip } = await bad();
        const seen: number[] = [];
        const { repository } = options();
        const watching = Object.assign(Object.create(repository) as GitStore, {
          publish: async (...args: Parameters<GitStore['publish']>) => {
            seen.push((await vetoes()).length);
            return repository.publish(...args);
          },
        });
        const result = await wish({ verb: 'rollback' }, { repository: watching });
        expect(seen).toEqual([2]);
        expect(result).toMatchObject({ kind: 'applied', applied: { vetoed: ledger.entries.at(-1)?.id } });
        const said = { ...asked, reason: `rolled back to ${good.slice(0, 10)}` };
        expect(await vetoes()).toEqual([
          { ...said, kind: 'revision', name: tip, digests: [tree(tip)] },
          { ...said, kind: 'release', name: 'shop/a:1.1', digests: [] },
        ]);
        expect(tree('main')).toBe(tree(good));
        expect(lastMessage()).toContain('Towline-Order: veto\n');
      });

      it('of one job vetoes its definition and its release, and says who else names that', async () => {
        commit({ 'production/c.yaml': image('1.1').replaceAll('/a\n', '/c\n') });
        await bad();
        const result = await wish({ verb: 'rollback', job: '/a' });
        expect(await vetoes()).toMatchObject([
          { kind: 'job', name: 'marathon:/a', digests: [expect.stringMatching(/^sha256:/)] },
          { kind: 'release', name: 'shop/a:1.1' },
        ]);
        expect(result).toMatchObject({
          plan: {
            lines: expect.arrayContaining([expect.stringContaining('changes of marathon:/c are held too')]),
          },
        });
      });

      it('does not toggle: the next one goes further back, and none goes to what is vetoed', async () => {
        const first = commit({ 'production/a.yaml': image('0.9') });
        await ended(first, { '/a': 'applied' });
        const { good, tip } = await bad();
        await wish({ verb: 'rollback' });
        await ended(sandbox.git('--git-dir', sandbox.bare, 'rev-parse', 'main') as Revision, {
          '/a': 'applied',
        });
        await expect(wish({ verb: 'rollback', to: tip })).rejects.toMatchObject({
          code: 'edit-refused',
          message: expect.stringMatching(/^revision \w{10} is vetoed by ann .*, and would be held$/),
          help: expect.stringContaining(`towline lift ${tip} --env production`),
        });
        await expect(wish({ verb: 'rollback', job: '/a', to: tip })).rejects.toMatchObject({
          message: expect.stringContaining('release shop/a:1.1 is vetoed'),
        });
        await wish({ verb: 'rollback', job: '/a' });
        expect(show('production/a.yaml')).toContain('shop/a:0.9');
        expect((await vetoes()).map(({ kind, name }) => `${kind} ${name}`)).toEqual([
          `revision ${tip}`,
          'release shop/a:1.1',
          'job marathon:/a',
          'release shop/a:1.0',
        ]);
        expect(good).not.toBe(tip);
      });

      it('leaves them out where nobody wants them, and shows them before', async () => {
        const { tip } = await bad();
        const before = ledger.entries.length;
        const shown = await edit({ verb: 'rollback', asked }, options(), { signal, dryRun: true });
        expect(shown).toMatchObject({
          kind: 'planned',
          plan: { vetoes: [{ name: tip }, { name: 'shop/a:1.1' }] },
        });
        await wish({ verb: 'rollback', veto: false });
        expect(await vetoes()).toEqual([]);
        expect(ledger.entries).toHaveLength(before);
      });

      it('does not veto what stays: the same release, or what is left to the others', async () => {
        const layers = { layers: ['base', 'production'], shared: ['base'] };
        const first = commit({ 'base/a.yaml': image('1.0'), 'production/a.yaml': 'instances: 1\n' });
        await ended(first, { '/a': 'applied' });
        commit({ 'base/a.yaml': image('1.1'), 'production/a.yaml': 'instances: 2\n' });
        await wish({ verb: 'rollback', job: '/a', shared: 'leave' }, layers);
        expect(await vetoes()).toMatchObject([{ kind: 'job', name: 'marathon:/a' }]);
      });

      it('says what is vetoed already where the commit does not come about', async () => {
        const { tip } = await bad();
        const { repository } = options();
        const barred = Object.assign(Object.create(repository) as GitStore, {
          publish: () => Promise.reject(new TowlineError('git-denied', 'refused', 'the branch is protected')),
        });
        await expect(wish({ verb: 'rollback' }, { repository: barred })).rejects.toMatchObject({
          code: 'rollback-halfway',
          kind: 'refused',
          message: expect.stringContaining('the branch is protected'),
          help: expect.stringContaining(`towline lift ${tip}; towline lift shop/a:1.1`),
        });
        expect(await vetoes()).toHaveLength(2);
        expect(show('production/a.yaml')).toContain('shop/a:1.1');
      });

      it('commits nothing where the veto can not be put on record', async () => {
        await bad();
        ledger.broken = new TowlineError('git-denied', 'refused', 'no rights');
        await expect(wish({ verb: 'rollback' })).rejects.toMatchObject({ code: 'git-denied' });
        expect(show('production/a.yaml')).toContain('shop/a:1.1');
      });
    });

    it('does not take back for others what they share, unless told to', async () => {
      const layers = { layers: ['base', 'production'], shared: ['base'] };
      const first = commit({ 'base/a.yaml': app('/a'), 'production/a.yaml': 'instances: 1\n' });
      await ended(first, { '/a': 'applied' });
      commit({ 'base/a.yaml': app('/a', 'mem: 1\n'), 'production/a.yaml': 'instances: 2\n' });
      await expect(wish({ verb: 'rollback' }, layers)).rejects.toMatchObject({
        code: 'edit-refused',
        message: expect.stringContaining('base/a.yaml would change too'),
      });
      await wish({ verb: 'rollback', shared: 'leave' }, layers);
      expect(show('production/a.yaml')).toBe('instances: 1');
      expect(show('base/a.yaml')).toContain('mem: 1');
      await wish({ verb: 'rollback', to: first, shared: 'include' }, layers);
      expect(show('base/a.yaml')).toBe(app('/a').trim());
    });
  });
});

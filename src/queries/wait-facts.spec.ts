import { describe, expect, it } from '@jest/globals';
import { input, job, LENIENT } from '../../test/builders/plan-input.js';
import { MemoryKv } from '../../test/fakes/memory-kv.js';
import { makePlan } from '../domain/plan/make-plan.js';
import { kvJson, kvLayout } from '../domain/source/kv-layout.js';
import type { Revision } from '../domain/source/revision.js';
import type { JobRepository } from '../ports/job-repository.js';
import { TowlineError } from '../runtime/errors.js';
import { readWaitFacts } from './wait-facts.js';

const signal = new AbortController().signal;
const layout = kvLayout('towline/', 'test');
const sha = (digit: string): Revision => digit.repeat(40) as Revision;
/** Commits of one line, oldest first, and one beside it. */
const [OLD, WANTED, NEW, BESIDE] = ['1', '2', '3', '9'].map(sha) as [Revision, Revision, Revision, Revision];
const LINE = [OLD, WANTED, NEW];

const repository = {
  location: 'memory',
  fetch: async () => undefined,
  resolve: async (name: string) => (name === 'main' ? NEW : [...LINE, BESIDE].find((each) => each === name)),
  isAncestor: async (ancestor: Revision, descendant: Revision) =>
    LINE.includes(ancestor) && LINE.indexOf(ancestor) <= LINE.indexOf(descendant),
} as unknown as JobRepository;

function world() {
  const kv = new MemoryKv();
  const planned: Revision[] = [];
  const read = (branch = 'main') =>
    readWaitFacts(
      {
        kv,
        layout,
        repository,
        branch,
        planAt: async (revision) => {
          planned.push(revision);
          return { plan: makePlan(input({ desired: [job('a')] }), LENIENT), diagnostics: [] };
        },
      },
      WANTED,
      signal,
    );
  const mirror = (revision: Revision) => {
    const folder = {
      folder: 'jobs',
      prefix: layout.config,
      tree: sha('f'),
      files: 1,
      format: 'sha1',
      exceptions: [],
    };
    return kv.put(layout.ref, kvJson({ version: 1, revision, branch: 'main', folders: [folder] }), {
      signal,
    });
  };
  return { kv, planned, read, mirror };
}

describe('what is known of a revision that is waited for', () => {
  it.each([
    ['contains', NEW, true],
    ['contains', WANTED, true],
    ['behind', OLD, false],
    ['apart', BESIDE, false],
  ] as const)(
    '%s it: what the mirror holds; a plan is made only where it does',
    async (relation, revision, made) => {
      const { planned, read, mirror } = world();
      await mirror(revision);
      expect(await read()).toMatchObject({ mirror: { kind: 'at', revision, relation }, tip: 'contains' });
      expect(planned).toEqual(made ? [revision] : []);
    },
  );

  it('is that nothing was mirrored, and that there is no branch', async () => {
    expect(await world().read('none')).toMatchObject({ mirror: { kind: 'absent' }, tip: undefined });
  });

  it('is no more than that where the mirror names something unknown, or nothing', async () => {
    const { kv, read, mirror } = world();
    await mirror(sha('7'));
    expect(await read()).toMatchObject({
      mirror: { kind: 'unreadable', reason: expect.stringContaining('is not in memory') },
    });
    await kv.put(layout.ref, Buffer.from('{'), { signal });
    expect(await read()).toMatchObject({ mirror: { kind: 'unreadable' } });
  });

  it('has what deployers say of jobs, without what is no status', async () => {
    const { kv, read, mirror } = world();
    await mirror(NEW);
    const status = {
      ref: 'plain:a',
      revision: NEW,
      plan: 'p',
      pass: 'p',
      action: 'blocked',
      state: 'blocked',
    };
    await kv.put(layout.status('plain', 'a'), kvJson({ ...status, message: 'm', since: 's' }), { signal });
    await kv.put(layout.status('plain', 'b'), Buffer.from('by hand'), { signal });
    expect((await read()).statuses).toMatchObject([{ ref: 'plain:a', state: 'blocked' }]);
  });

  it('is nothing where a source does not answer: that is an error, never an absence', async () => {
    const { kv, read } = world();
    kv.get = async () => {
      throw new TowlineError('consul-unavailable', 'unavailable', 'away');
    };
    await expect(read()).rejects.toMatchObject({ code: 'consul-unavailable' });
  });
});

import { describe, expect, it } from '@jest/globals';
import { plainModel } from '../../../test/builders/plan-input.js';
import { deployWorld } from '../../../test/fakes/deploy-world.js';
import { maskKey, SecretMask } from '../../domain/plan/secrets/index.js';

const signal = new AbortController().signal;

/** A world in which `pw` is secret, under the key of that name; a new mask is what a new process would have. */
function world(key = 'first') {
  const mask = (name: string) =>
    new SecretMask({
      rules: [{ fields: ['/pw'], jobs: [], files: [] }],
      schedulers: new Map([['plain', { model: plainModel, context: { settings: {} } }]]),
      key: () => maskKey(name.padEnd(32, '.')),
      redact: (text) => text.replace(/hunter\d/g, '***'),
    });
  const made = deployWorld({ secrets: mask(key) });
  return {
    ...made,
    restart: (name = key) => (made.options.secrets = mask(name)),
    recorded: () => JSON.stringify(made.ledger.entries),
    statuses: async () =>
      (await made.kv.list(made.options.layout.statusPrefix, { signal })).value
        .map(({ value }) => Buffer.from(value).toString())
        .join('\n'),
  };
}

describe('a deploy of a job with a secret', () => {
  it('sends it, and has its digest on record', async () => {
    const { state, deploy, scheduler, recorded, statuses } = world();
    await state({ web: { pw: 'hunter2', n: 1 } });
    const result = await deploy();
    expect(scheduler.jobs.get('web')?.spec).toEqual({ id: 'web', pw: 'hunter2', n: 1 });
    expect(recorded()).toContain('secret:hmac-sha256:');
    expect([recorded(), await statuses(), JSON.stringify(result)].join()).not.toContain('hunter');
  });

  it('does nothing more, also in a new process, and not under another key', async () => {
    const { state, deploy, scheduler, restart } = world();
    await state({ web: { pw: 'hunter2' } });
    await deploy();
    expect(await deploy()).toMatchObject({ kind: 'unchanged' });
    restart();
    expect(await deploy()).toMatchObject({ kind: 'unchanged' });
    restart('second');
    expect(await deploy()).toMatchObject({ kind: 'unchanged' });
    expect(scheduler.calls).toEqual(['create web']);
  });

  it.each([
    ['Git changed it', 'hunter3', 'hunter2', 'changed in Git'],
    ['somebody changed it by hand', 'hunter2', 'hunter3', 'changed by hand'],
  ])('sends it again when %s, and says no more than that', async (_name, stated, live, reason) => {
    const { state, deploy, scheduler, recorded, restart } = world();
    await state({ web: { pw: 'hunter2' } });
    await deploy();
    restart();
    await state({ web: { pw: stated } });
    scheduler.jobs.set('web', { spec: { id: 'web', pw: live }, version: 7 });
    const result = await deploy();
    expect(result).toMatchObject({ plan: { plan: { changes: [{ action: 'update', reason }] } } });
    expect(JSON.stringify(result) + recorded()).not.toContain('hunter');
    expect(scheduler.jobs.get('web')?.spec).toEqual({ id: 'web', pw: stated });
  });

  it('keeps what the scheduler repeats of it out of the record, and does not try it again', async () => {
    const { state, deploy, scheduler, recorded, statuses, restart } = world();
    const apply = scheduler.apply.bind(scheduler);
    scheduler.apply = async (change, options) => ({
      ...(await apply(change, options)),
      state: 'failed',
      message: `it does not like ${JSON.stringify(change.desired?.spec)}`,
    });
    await state({ web: { pw: 'hunter2' } });
    await deploy();
    expect(await statuses()).toContain('it does not like');
    expect(recorded() + (await statuses())).not.toContain('hunter');
    restart();
    await deploy();
    expect(scheduler.calls).toEqual(['create web']);
  });
});

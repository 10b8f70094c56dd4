import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { PUSHED_AT, pushEvent } from '../../../test/builders/push-event.js';
import { fileOutbox } from '../../outbox/index.js';
import type { BuildTrigger } from '../../ports/build-trigger.js';
import type { Outbox } from '../../ports/outbox.js';
import { TowlineError } from '../../runtime/errors.js';
import { silentLog } from '../../runtime/log.js';
import { sendOutbox, type SentTarget } from './index.js';

describe('the outbox', () => {
  let folder: string;
  let outbox: Outbox;
  const clock = { now: () => Date.parse(PUSHED_AT), sleep: async () => undefined };
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'towline-outbox-'));
    outbox = fileOutbox({ folder, clock });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const trigger = (name: string, start: BuildTrigger['start']): BuildTrigger => ({ name, start });
  const send = (...triggers: BuildTrigger[]): Promise<SentTarget[] | undefined> =>
    sendOutbox({ outbox, triggers, clock, log: silentLog(), signal: new AbortController().signal });
  const away = new TowlineError('trigger-unavailable', 'unavailable', 'it is away');
  const never = new TowlineError('trigger-rejected', 'invalid', 'there is no such job');

  it('is sent in order, each event once', async () => {
    const got: string[] = [];
    await outbox.add('ci', [pushEvent('0001'), pushEvent('0002')]);
    await outbox.add('ci', [pushEvent('0003')]);
    const ci = trigger('ci', async ({ id }) => String(got.push(id)));
    expect(await send(ci)).toEqual([{ target: 'ci', sent: 3, setAside: 0, left: 0 }]);
    expect(await send(ci)).toEqual([{ target: 'ci', sent: 0, setAside: 0, left: 0 }]);
    expect(got).toEqual(['event-0001', 'event-0002', 'event-0003']);
  });

  it('keeps what a target does not answer, in order, and does not hold up the others', async () => {
    const got: string[] = [];
    await outbox.add('dead', [pushEvent('0001'), pushEvent('0002')]);
    await outbox.add('ci', [pushEvent('0003')]);
    let tries = 0;
    const dead = trigger('dead', () => {
      tries += 1;
      return Promise.reject(away);
    });
    expect(
      await send(
        dead,
        trigger('ci', async ({ id }) => String(got.push(id))),
      ),
    ).toEqual([
      { target: 'dead', sent: 0, setAside: 0, left: 2, reason: 'it is away' },
      { target: 'ci', sent: 1, setAside: 0, left: 0 },
    ]);
    expect(tries).toBe(4);
    expect(await send(trigger('dead', async ({ id }) => String(got.push(id))))).toMatchObject([{ sent: 2 }]);
    expect(got).toEqual(['event-0003', 'event-0001', 'event-0002']);
  });

  it('sets aside what can never be sent, with the reason, and goes on', async () => {
    await outbox.add('ci', [pushEvent('0001'), pushEvent('0002')]);
    const ci = trigger('ci', ({ id }) =>
      id === 'event-0001' ? Promise.reject(never) : Promise.resolve('ok'),
    );
    expect(await send(ci)).toMatchObject([{ sent: 1, setAside: 1, left: 0 }]);
    expect(await outbox.aside('ci')).toMatchObject([
      { event: { id: 'event-0001' }, reason: 'there is no such job' },
    ]);
  });

  it('has one sender at a time; what comes meanwhile is sent by that one', async () => {
    await outbox.add('ci', [pushEvent('0001')]);
    const got: string[] = [];
    const results = await send(
      trigger('ci', async ({ id }) => {
        got.push(id);
        if (got.length === 1) {
          await outbox.add('ci', [pushEvent('0002')]);
          expect(await send(trigger('ci', async () => 'never'))).toBeUndefined();
        }
        return 'ok';
      }),
    );
    expect(results).toMatchObject([{ sent: 2 }]);
    expect(got).toEqual(['event-0001', 'event-0002']);
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { eventRef, type PushEvent } from '../../domain/push/index.js';
import { fileOutbox } from '../../outbox/index.js';
import type { BuildTrigger } from '../../ports/build-trigger.js';
import type { Outbox } from '../../ports/outbox.js';
import { TowlineError } from '../../runtime/errors.js';
import { silentLog } from '../../runtime/log.js';
import { sendOutbox, type SentTarget } from './index.js';

const T0 = Date.parse('2026-01-01T00:00:00.000Z');
const event = (id: string): PushEvent => ({
  id: `event-${id}`,
  at: new Date(T0).toISOString(),
  repository: 'jobs',
  refs: [eventRef({ from: 'a'.repeat(40), to: 'b'.repeat(40), name: 'refs/heads/main' }, { forced: false })],
});

describe('the outbox', () => {
  let folder: string;
  let now: number;
  let outbox: Outbox;
  const clock = { now: () => now, sleep: async () => undefined };
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'towline-outbox-'));
    now = T0;
    outbox = fileOutbox({ folder, clock, maxWaiting: 3, maxAgeMs: 1000, maxAside: 2 });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const trigger = (name: string, start: BuildTrigger['start']): BuildTrigger => ({ name, start });
  const send = (...triggers: BuildTrigger[]): Promise<SentTarget[] | undefined> =>
    sendOutbox({ outbox, triggers, clock, log: silentLog(), signal: new AbortController().signal });
  const away = new TowlineError('trigger-unavailable', 'unavailable', 'it is away');
  const never = new TowlineError('trigger-rejected', 'invalid', 'there is no such job');

  it('is sent in order, each event once', async () => {
    const got: string[] = [];
    await outbox.add('ci', [event('0001'), event('0002')]);
    now += 1;
    await outbox.add('ci', [event('0003')]);
    const ci = trigger('ci', async ({ id }) => String(got.push(id)));
    expect(await send(ci)).toEqual([{ target: 'ci', sent: 3, setAside: 0, left: 0 }]);
    expect(await send(ci)).toEqual([{ target: 'ci', sent: 0, setAside: 0, left: 0 }]);
    expect(got).toEqual(['event-0001', 'event-0002', 'event-0003']);
  });

  it('keeps what a target does not answer, in order, and does not hold up the others', async () => {
    const got: string[] = [];
    await outbox.add('dead', [event('0001'), event('0002')]);
    await outbox.add('ci', [event('0003')]);
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
    await outbox.add('ci', [event('0001'), event('0002')]);
    const ci = trigger('ci', ({ id }) =>
      id === 'event-0001' ? Promise.reject(never) : Promise.resolve('ok'),
    );
    expect(await send(ci)).toMatchObject([{ sent: 1, setAside: 1, left: 0 }]);
    const [aside] = await outbox.aside('ci');
    expect(aside).toMatchObject({ event: { id: 'event-0001' }, reason: 'there is no such job' });
    await outbox.again('ci', aside?.key ?? '');
    expect(await send(trigger('ci', async () => 'ok'))).toMatchObject([{ sent: 1 }]);
    expect(await outbox.aside('ci')).toEqual([]);
  });

  it('is bounded in number and age', async () => {
    await outbox.add('ci', ['0001', '0002', '0003', '0004', '0005', '0006'].map(event));
    expect((await outbox.waiting('ci')).map(({ event: { id } }) => id)).toEqual([
      'event-0004',
      'event-0005',
      'event-0006',
    ]);
    expect((await outbox.aside('ci')).map(({ event: { id } }) => id)).toEqual(['event-0002', 'event-0003']);
    now += 2000;
    expect(await outbox.waiting('ci')).toEqual([]);
  });

  it('is held up by no damaged file, and takes no name of a target for a path', async () => {
    await outbox.add('ci', [event('0001'), event('0002')]);
    const place = path.join(folder, 'ci/waiting');
    const [first = ''] = (await readdir(place)).sort();
    await writeFile(path.join(place, first), '{"half": ');
    expect(await send(trigger('ci', async () => 'ok'))).toMatchObject([{ sent: 1 }]);
    await expect(outbox.add('../x', [event('0003')])).rejects.toThrow('no name of a target');
  });

  it('has one sender at a time; what comes meanwhile is sent by that one', async () => {
    await outbox.add('ci', [event('0001')]);
    const got: string[] = [];
    const results = await send(
      trigger('ci', async ({ id }) => {
        got.push(id);
        if (got.length === 1) {
          await outbox.add('ci', [event('0002')]);
          expect(await send(trigger('ci', async () => 'never'))).toBeUndefined();
        }
        return 'ok';
      }),
    );
    expect(results).toMatchObject([{ sent: 2 }]);
    expect(got).toEqual(['event-0001', 'event-0002']);
  });

  it('takes over from a sender that died, and from no other', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1e6)'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const lock = path.join(folder, 'sender.lock');
    const owner = { pid: child.pid, host: os.hostname(), started: '', token: 'x' };
    await writeFile(lock, JSON.stringify(owner));
    expect(await outbox.alone(async () => 1)).toBeUndefined();
    await writeFile(lock, JSON.stringify({ ...owner, started: '1' }));
    if (process.platform === 'linux') expect(await outbox.alone(async () => 2)).toEqual({ result: 2 });
    await writeFile(lock, JSON.stringify(owner));
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await outbox.alone(async () => readFile(lock, 'utf8'))).toMatchObject({
      result: expect.stringContaining(`"pid":${process.pid}`),
    });
    expect(await readdir(folder)).toEqual([]);
  });
});

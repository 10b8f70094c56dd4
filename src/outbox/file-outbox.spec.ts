import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Outbox } from '../ports/outbox.js';
import { fileOutbox } from './index.js';

// What every outbox does stands in src/ports/outbox.contract.ts.
describe('an outbox in a folder', () => {
  let folder: string;
  let outbox: Outbox;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'towline-outbox-'));
    outbox = fileOutbox({ folder, clock: { now: () => Date.now(), sleep: async () => undefined } });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

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

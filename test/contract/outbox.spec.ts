import { afterAll, beforeAll, describe } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, truncate } from 'node:fs/promises';
import { existsSync, watch } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileOutbox } from '../../src/outbox/index.js';
import { OUTBOX_LIMITS, outboxContract } from '../../src/ports/outbox.contract.js';
import { bundledProgram } from '../scenario/bundled.js';
import { PUSHED_AT } from '../builders/push-event.js';

describe('an outbox in a folder', () => {
  let root: string;
  let program: string;
  let writers = 0;
  beforeAll(async () => {
    root = await mkdtemp(path.join(os.tmpdir(), 'towline-outboxes-'));
    program = await bundledProgram('outbox-writer', 'test/contract/outbox-writer.ts');
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  outboxContract(async () => {
    const folder = await mkdtemp(path.join(root, 'outbox-'));
    let now = Date.parse(PUSHED_AT);
    return {
      open: () =>
        fileOutbox({ folder, clock: { now: () => now, sleep: async () => undefined }, ...OUTBOX_LIMITS }),
      tick: (ms) => void (now += ms),
      damage: async (target, key) => {
        for (const part of ['waiting', 'aside']) {
          const file = path.join(folder, target, part, key);
          if (existsSync(file)) await truncate(file, 30);
        }
      },
      killedWriter: (target) => killedAt(++writers, program, folder, target),
      close: async () => undefined,
    };
  });
});

/** What a writer said before it was killed: in the midst of the third event, so many steps after it began to write it. */
async function killedAt(step: number, program: string, folder: string, target: string): Promise<string[]> {
  const place = path.join(folder, target, 'waiting');
  await mkdir(place, { recursive: true });
  const child = spawn(process.execPath, [program, folder, target], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => void (said += chunk.toString()));
  let steps = 0;
  const watcher = watch(place, () => {
    if (said.split('\n').length > 2 && ++steps === step) child.kill('SIGKILL');
  });
  await once(child, 'close');
  watcher.close();
  return said.split('\n').slice(0, -1);
}

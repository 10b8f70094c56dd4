import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { removeFolder, runChain } from '../scenario/chain.js';
import { startConsul, withServer, type ConsulServer } from '../servers/index.js';

const project = path.resolve(import.meta.dirname, '../..');

withServer('consul', 'the whole chain on a real Consul', () => {
  let consul: ConsulServer;
  let folder: string;
  beforeAll(async () => {
    consul = await startConsul();
    folder = await mkdtemp(path.join(os.tmpdir(), 'towline-chain-'));
  });
  afterAll(async () => {
    await consul.close();
    await removeFolder(folder);
  });

  it('tows a push, a release, a removal and a revert to running processes, and leaves no process behind', async () => {
    const told: string[] = [];
    const narrator = {
      step: (t: string) => told.push(`# ${t}`),
      say: (t: string) => told.push(t),
      show: (t: string) => told.push(t),
    };
    const chain = await runChain({
      folder,
      project,
      program: path.join(project, 'dist/towline.js'),
      narrator: {
        step: (t) => void narrator.step(t),
        say: (t) => void narrator.say(t),
        show: (t) => void narrator.show(t),
      },
      consulUrl: consul.url,
    });
    await chain.close();
    expect(told.filter((line) => line.startsWith('# '))).toHaveLength(9);
    expect(told.join('\n')).toContain('0 failed');
    for (const pid of chain.pids) expect(existsSync(`/proc/${pid}`)).toBe(false);
  }, 240_000);
});

describe('the built command', () => {
  it('is there: the end-to-end tests run what is shipped', () => {
    expect(existsSync(path.join(project, 'dist/towline.js'))).toBe(true);
  });
});

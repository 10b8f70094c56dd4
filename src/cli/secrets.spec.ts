import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { jobRef } from '../domain/job/job-ref.js';
import type { JsonObject } from '../domain/source/json.js';
import { secretMask } from './secrets.js';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'towline-secrets-'));
});
afterEach(() => rm(home, { recursive: true }));

const masked = (spec: JsonObject, key?: string): JsonObject =>
  secretMask(
    {
      secrets: {
        values: [{ fields: ['/env/*'], jobs: [], files: [] }],
        ...(key === undefined ? {} : { key }),
      },
      repository: { store: 'store', author: { name: 'a', email: 'b' } },
    },
    home,
    new Map(),
  ).document({ id: '/a', ref: jobRef('marathon', '/a'), scheduler: 'marathon', files: undefined }, spec);
const keyFile = (): string => path.join(home, 'store/secrets.key');

describe('the key for secrets', () => {
  it('is made once, for its owner only, when there is something to hide', async () => {
    masked({ env: {} });
    await expect(stat(keyFile())).rejects.toMatchObject({ code: 'ENOENT' });
    const first = masked({ env: { A: 'hunter2' } });
    expect((await stat(keyFile())).mode & 0o777).toBe(0o600);
    expect((await readFile(keyFile(), 'utf8')).trim()).toMatch(/^[0-9a-f]{64}$/);
    expect(masked({ env: { A: 'hunter2' } })).toEqual(first);
  });

  it('is the one that is named, where one is', async () => {
    expect(masked({ env: { A: 'hunter2' } }, 'k'.repeat(16))).not.toEqual(
      masked({ env: { A: 'hunter2' } }, 'l'.repeat(16)),
    );
    await expect(stat(keyFile())).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is not replaced by another one where it can not be used', async () => {
    masked({ env: { A: 'hunter2' } });
    await writeFile(keyFile(), 'half');
    expect(() => masked({ env: { A: 'hunter2' } })).toThrow(/secrets.key can't be used: it holds no key/);
    expect(await readFile(keyFile(), 'utf8')).toBe('half');
  });
});

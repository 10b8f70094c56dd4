import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { writeNewFiles } from './new-files.js';

describe('files that an export writes', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'tl-new-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('stand in folders as their jobs do', async () => {
    await writeNewFiles(folder, new Map([['shop/web.yaml', 'id: /shop/web\n']]));
    expect(await readFile(path.join(folder, 'shop/web.yaml'), 'utf8')).toBe('id: /shop/web\n');
  });

  it('are none of them written where one is there already', async () => {
    await writeFile(path.join(folder, 'b.yaml'), 'mine');
    const files = new Map([
      ['a.yaml', 'new'],
      ['b.yaml', 'new'],
    ]);
    await expect(writeNewFiles(folder, files)).rejects.toMatchObject({
      code: 'export-exists',
      kind: 'refused',
    });
    expect(await readdir(folder)).toEqual(['b.yaml']);
    expect(await readFile(path.join(folder, 'b.yaml'), 'utf8')).toBe('mine');
  });

  it.each(['../a.yaml', 'x/../../a.yaml', '/etc/a.yaml'])(
    'never stand outside of the folder: %s',
    async (name) => {
      await expect(writeNewFiles(folder, new Map([[name, 'x']]))).rejects.toMatchObject({
        code: 'export-outside',
      });
    },
  );
});

import { afterEach, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import fc from 'fast-check';
import { chmod, mkdir, mkdtemp, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { contextStream } from './context.js';

const { signal } = new AbortController();
const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function folderOf(files: readonly (readonly [name: string, text: string])[]): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tl-context-'));
  folders.push(folder);
  for (const [name, text] of files) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
  return folder;
}

const bytesOf = async (folder: string, more: Partial<Parameters<typeof contextStream>[0]> = {}) =>
  buffer(await contextStream({ folder, dockerfile: 'Dockerfile', stamp: 1, signal, ...more }));

/** What another program reads in it. */
async function listed(archive: Buffer): Promise<string[]> {
  const { stdout } = await execa(
    'tar',
    ['-tvf', '-', '--full-time', '--utc', '--quoting-style=literal', '--numeric-owner'],
    {
      input: archive,
      env: { LC_ALL: 'C.UTF-8' },
    },
  );
  return stdout.split('\n').map((line) => line.replace(/\s+/g, ' '));
}

const namesIn = async (archive: Buffer): Promise<string[]> =>
  (await listed(archive)).map((line) => line.split(' ').slice(5).join(' ').split(' -> ')[0] ?? '');

describe('a context', () => {
  it('has every kind of entry, of root and of one time, readable by any tar', async () => {
    const long = `${'d'.repeat(90)}/${'e'.repeat(90)}/ö`;
    const folder = await folderOf([
      ['Dockerfile', 'FROM scratch\n'],
      ['run.sh', 'x'],
      ['empty', ''],
      ['big', 'z'.repeat(200_000)],
      [long, 'text'],
    ]);
    await chmod(path.join(folder, 'run.sh'), 0o700);
    await chmod(path.join(folder, 'empty'), 0o600);
    await symlink(`../../outside/${'x'.repeat(120)}`, path.join(folder, 'link'));
    const server = net.createServer().listen(path.join(folder, 's'));
    try {
      expect(await listed(await bytesOf(folder, { stamp: 1_700_000_000 }))).toEqual([
        '-rw-r--r-- 0/0 13 2023-11-14 22:13:20 Dockerfile',
        '-rw-r--r-- 0/0 200000 2023-11-14 22:13:20 big',
        `drwxr-xr-x 0/0 0 2023-11-14 22:13:20 ${'d'.repeat(90)}/`,
        `drwxr-xr-x 0/0 0 2023-11-14 22:13:20 ${'d'.repeat(90)}/${'e'.repeat(90)}/`,
        `-rw-r--r-- 0/0 4 2023-11-14 22:13:20 ${long}`,
        '-rw-r--r-- 0/0 0 2023-11-14 22:13:20 empty',
        `lrwxrwxrwx 0/0 0 2023-11-14 22:13:20 link -> ../../outside/${'x'.repeat(120)}`,
        '-rwxr-xr-x 0/0 1 2023-11-14 22:13:20 run.sh',
      ]);
    } finally {
      server.close();
    }
  });

  it('is the same, byte for byte, in whatever order and whenever its files were written', async () => {
    const name = fc
      .array(fc.constantFrom('a', 'a-b', 'a.b', 'B', 'ä', 'b'), { minLength: 1, maxLength: 3 })
      .map((parts) => parts.map((part, at) => (at < parts.length - 1 ? part : `${part}.txt`)).join('/'));
    await fc.assert(
      fc.asyncProperty(
        fc
          .uniqueArray(name, { minLength: 1, maxLength: 8 })
          .chain((names) =>
            fc.tuple(
              fc.constant(names),
              fc.shuffledSubarray(names, { minLength: names.length, maxLength: names.length }),
            ),
          ),
        async ([names, others]) => {
          const files = (order: string[]) =>
            [
              ['Dockerfile', 'FROM scratch\n'],
              ...order.map((each) => [each, `of ${each}`] as const),
            ] as const;
          const [first, second] = [
            await folderOf(files(names)),
            await folderOf([...files(others)].reverse()),
          ];
          await utimes(path.join(second, 'Dockerfile'), 5, 5);
          const [one, other] = [await bytesOf(first), await bytesOf(second)];
          expect(one.equals(other)).toBe(true);
          const sent = (await namesIn(one)).map((each) => each.replace(/\/$/, ''));
          const sorted = [...sent].sort((a, b) =>
            Buffer.compare(Buffer.from(a.replaceAll('/', '\0')), Buffer.from(b.replaceAll('/', '\0'))),
          );
          expect(sent).toEqual(sorted);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('leaves out what .dockerignore names, and sends folders only for what is in them', async () => {
    const folder = await folderOf([
      ['Dockerfile', ''],
      ['.dockerignore', '*\n!src/**/*.ts\n!keep'],
      ['src/a/b.ts', ''],
      ['src/a/b.js', ''],
      ['src/none/b.js', ''],
      ['keep/all', ''],
      ['other/file', ''],
    ]);
    expect(await namesIn(await bytesOf(folder))).toEqual([
      ...['.dockerignore', 'Dockerfile', 'keep/', 'keep/all', 'src/', 'src/a/', 'src/a/b.ts'],
    ]);
  });

  it('follows the rules of its Dockerfile, where that has a file of its own', async () => {
    const folder = await folderOf([
      ['ci/Dockerfile', ''],
      ['ci/Dockerfile.dockerignore', 'a'],
      ['.dockerignore', 'b'],
      ['a', ''],
      ['b', ''],
    ]);
    const names = await namesIn(await bytesOf(folder, { dockerfile: 'ci/Dockerfile' }));
    expect(names).toEqual(['.dockerignore', 'b', 'ci/', 'ci/Dockerfile', 'ci/Dockerfile.dockerignore']);
  });

  it.each(['../Dockerfile', '/etc/passwd', 'a/../../b', '.', '', 'absent', 'folder'])(
    'refuses %j as its Dockerfile',
    async (dockerfile) => {
      const folder = await folderOf([['folder/x', '']]);
      await expect(bytesOf(folder, { dockerfile })).rejects.toMatchObject({ code: 'image-context' });
    },
  );

  it('refuses what no image can hold, and a folder that is not there', async () => {
    const folder = await folderOf([['Dockerfile', '']]);
    await execa('mkfifo', [path.join(folder, 'pipe')]);
    await expect(bytesOf(folder)).rejects.toMatchObject({ code: 'image-context' });
    await writeFile(path.join(folder, '.dockerignore'), 'pipe');
    expect(await namesIn(await bytesOf(folder))).toEqual(['.dockerignore', 'Dockerfile']);
    await expect(bytesOf(path.join(folder, 'none'))).rejects.toMatchObject({ code: 'image-context' });
  });

  it('refuses a file that changes while it is read', async () => {
    const folder = await folderOf([
      ['Dockerfile', ''],
      ['log', 'x'.repeat(5_000_000)],
    ]);
    const stream = await contextStream({ folder, dockerfile: 'Dockerfile', stamp: 0, signal });
    let cut = false;
    await expect(
      (async () => {
        let size = 0;
        for await (const chunk of stream as AsyncIterable<Buffer>) {
          size += chunk.byteLength;
          if (cut || size < 100_000) continue;
          cut = true;
          await truncate(path.join(folder, 'log'), 10);
        }
      })(),
    ).rejects.toMatchObject({ code: 'image-context', message: expect.stringContaining('log') });
  });

  it('ends where it is given up', async () => {
    const stop = new AbortController();
    const folder = await folderOf([['Dockerfile', '']]);
    stop.abort();
    await expect(bytesOf(folder, { signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' });
  });
});

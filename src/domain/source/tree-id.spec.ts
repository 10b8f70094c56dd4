import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { blobId, treeId } from './tree-id.js';
import type { ObjectFormat, ObjectId } from './revision.js';
import type { FileMode } from './tree.js';

describe.each<ObjectFormat>(['sha1', 'sha256'])('tree ids (%s)', (format) => {
  let folder: string;
  const git = (args: string[], input?: Buffer | string): string =>
    execFileSync('git', args, {
      cwd: folder,
      input,
      env: { ...process.env, GIT_INDEX_FILE: path.join(folder, 'index') },
    })
      .toString()
      .trim();

  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'towline-tree-'));
    execFileSync('git', ['init', '-q', '--bare', `--object-format=${format}`, folder]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are those of git for any set of files', () => {
    const name = fc.constantFrom('a', 'a.b', 'a0', 'a-', 'b', 'ä', 'ab', 'z z', '💾', 'A');
    const file = fc.record({
      path: fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/')),
      mode: fc.constantFrom<FileMode>('100644', '100755', '120000'),
      text: fc.string({ maxLength: 20 }),
    });
    fc.assert(
      fc.property(fc.array(file, { maxLength: 12 }), (files) => {
        // A path can't be a file and a folder at once.
        const kept = files.filter(
          (f, at) =>
            !files.some(
              (g, other) =>
                other !== at && (g.path === f.path ? other < at : g.path.startsWith(`${f.path}/`)),
            ),
        );
        const entries = kept.map(({ path: at, mode, text }) => ({
          path: at,
          mode,
          id: blobId(Buffer.from(text), format),
        }));
        git(['read-tree', '--empty']);
        git(
          ['update-index', '-z', '--index-info'],
          entries.map((e) => `${e.mode} ${e.id}\t${e.path}\0`).join(''),
        );
        expect(treeId(entries, format)).toBe(git(['write-tree', '--missing-ok']));
      }),
      { numRuns: 40 },
    );
  });

  it('keep names that are not valid UTF-8', () => {
    const id = blobId(Buffer.from('x'), format);
    const raw = Buffer.from([0x66, 0xff, 0x2f, 0xfe]);
    git(['read-tree', '--empty']);
    git(
      ['update-index', '-z', '--index-info'],
      Buffer.concat([Buffer.from(`100644 ${id}\t`), raw, Buffer.from([0])]),
    );
    const entries = [{ path: raw.toString(), pathHex: raw.toString('hex'), mode: '100644' as const, id }];
    expect(treeId(entries, format)).toBe(git(['write-tree', '--missing-ok']));
  });

  it('know submodules, which are commits', () => {
    const id = (format === 'sha1' ? 'c'.repeat(40) : 'c'.repeat(64)) as ObjectId;
    git(['read-tree', '--empty']);
    git(['update-index', '-z', '--index-info'], `160000 ${id}\tsub/module\0`);
    expect(treeId([{ path: 'sub/module', mode: '160000', id }], format)).toBe(
      git(['write-tree', '--missing-ok']),
    );
  });
});

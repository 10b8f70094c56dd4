import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ObjectId } from './revision.js';
import { treeId } from './tree-id.js';
import { TreeIndex } from './tree-index.js';

const path = fc
  .array(fc.constantFrom('a', 'b', 'a.b', 'ü', 'a-'), { minLength: 1, maxLength: 3 })
  .map((names) => names.join('/'));
const id = fc.constantFrom('1', '2', '3').map((digit) => digit.repeat(40) as ObjectId);

describe('the tree id of files that change', () => {
  it('is that of the files as they are now, however they came to be so', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(path, fc.option(id, { nil: undefined })), { maxLength: 30 }), (steps) => {
        const index = new TreeIndex('sha1');
        const files = new Map<string, ObjectId>();
        for (const [at, to] of steps) {
          // A file and a folder can't have one name.
          const clashes = [...files.keys()].some(
            (each) => each.startsWith(`${at}/`) || at.startsWith(`${each}/`),
          );
          if (clashes) continue;
          if (to === undefined) {
            files.delete(at);
            index.delete(at);
          } else {
            files.set(at, to);
            index.set(at, { mode: '100644', id: to });
          }
          const entries = [...files].map(([each, blob]) => ({
            path: each,
            mode: '100644' as const,
            id: blob,
          }));
          expect(index.id).toBe(treeId(entries, 'sha1'));
        }
      }),
    );
  });
});

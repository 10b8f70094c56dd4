import { parseObjectId, type ObjectId } from '../domain/source/revision.js';
import type { Waiting } from '../ports/kv-store.js';
import type { GitObject } from './cat-file.js';
import { LooseObjects } from './loose-objects.js';
import { git, type OpenRepository } from './run.js';
import { FOLDER, type TreeLine } from './tree-lines.js';

/** Writes single blobs and trees. */
export interface ObjectWriter {
  blob(bytes: Uint8Array): Promise<ObjectId>;
  commit?(bytes: Uint8Array): ObjectId;
  /** Nothing that was written may be named before this is done. */
  flush(): Promise<void>;
  /** Everything that was written, where that is known without another look. */
  written?(): readonly GitObject[];
  /** Names are Latin-1 text, a lossless stand-in for their bytes. */
  tree(lines: ReadonlyMap<string, TreeLine>): Promise<ObjectId>;
}

/**
 * The quick writer where the repository is one person's; git's own where it is shared by a group, whose members must be
 * able to write beside what is written now.
 */
export function objectWriter(place: OpenRepository, waiting: Waiting): ObjectWriter {
  return place.shared || place.quarantine ? byGit(place, waiting) : loose(place, waiting);
}

function loose({ gitDir, format }: OpenRepository, { signal }: Waiting): ObjectWriter {
  const objects = new LooseObjects(gitDir, format);
  return {
    blob: async (bytes) => {
      signal.throwIfAborted();
      return objects.write('blob', bytes);
    },
    tree: async (lines) => objects.write('tree', treeBytes(lines)),
    commit: (bytes) => objects.write('commit', bytes),
    flush: () => objects.flush(),
    written: () => objects.written,
  };
}

/** A tree object: its lines by the bytes of their names, folders as if they ended in a slash. */
function treeBytes(lines: ReadonlyMap<string, TreeLine>): Buffer {
  const members = [...lines].map(([name, { mode, id }]) => ({
    key: Buffer.from(mode === FOLDER ? `${name}/` : name, 'latin1'),
    line: Buffer.concat([
      Buffer.from(`${mode} `),
      Buffer.from(name, 'latin1'),
      Buffer.from([0]),
      Buffer.from(id, 'hex'),
    ]),
  }));
  members.sort((a, b) => Buffer.compare(a.key, b.key));
  return Buffer.concat(members.map(({ line }) => line));
}

function byGit(place: OpenRepository, waiting: Waiting): ObjectWriter {
  const printed = async (args: string[], input: Uint8Array): Promise<ObjectId> => {
    const { stdout } = await git(place, args, { ...waiting, input });
    const id = parseObjectId(stdout.toString('latin1').trim());
    if (id === undefined) throw new Error('git printed no object id');
    return id;
  };
  return {
    flush: () => Promise.resolve(),
    blob: (bytes) => printed(['hash-object', '-w', '--stdin'], bytes),
    tree: (lines) => {
      const input = [...lines].map(([name, { mode, id }]) => {
        const type = mode === FOLDER ? 'tree' : mode === '160000' ? 'commit' : 'blob';
        return Buffer.concat([
          Buffer.from(`${mode} ${type} ${id}\t`),
          Buffer.from(name, 'latin1'),
          Buffer.from([0]),
        ]);
      });
      // A submodule's commit is somewhere else; everything else was read from this repository or written to it.
      return printed(['mktree', '-z', '--missing'], Buffer.concat(input));
    },
  };
}

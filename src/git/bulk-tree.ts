import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseObjectId, type ObjectId } from '../domain/source/revision.js';
import type { Waiting } from '../ports/kv-store.js';
import { git, type OpenRepository } from './run.js';

/** Files written to disk side by side. */
const WRITERS = 32;

/**
 * The tree that a tree becomes by writing and removing many files: the blobs by one process, the trees by an index that is
 * made for it. Files keep their mode.
 */
export async function bulkTree(
  place: OpenRepository,
  { base, files }: { base: ObjectId | undefined; files: ReadonlyMap<string, Uint8Array | null> },
  waiting: Waiting,
): Promise<ObjectId> {
  const index = path.join(os.tmpdir(), `towline-index-${randomUUID()}`);
  const env = { GIT_INDEX_FILE: index };
  try {
    await git(place, ['read-tree', base ?? '--empty'], { ...waiting, env });
    const [modes, ids] = [await modesOf(place, files, waiting, env), await writeBlobs(place, files, waiting)];
    const zero = '0'.repeat(place.format === 'sha256' ? 64 : 40);
    const lines = [...files.keys()].map((file) => {
      const id = ids.get(file);
      return id === undefined ? `0 ${zero}\t${file}\0` : `${modes.get(file) ?? '100644'} ${id}\t${file}\0`;
    });
    await git(place, ['update-index', '-z', '--index-info'], { ...waiting, env, input: lines.join('') });
    const { stdout } = await git(place, ['write-tree'], { ...waiting, env });
    const tree = parseObjectId(stdout.toString('latin1').trim());
    if (tree === undefined) throw new Error('git write-tree printed no tree');
    return tree;
  } finally {
    await rm(index, { force: true });
  }
}

/** One process for all of them: it is told of files that hold the bytes, whatever the repository would make of them. */
async function writeBlobs(
  place: OpenRepository,
  files: ReadonlyMap<string, Uint8Array | null>,
  waiting: Waiting,
): Promise<Map<string, ObjectId>> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'towline-blobs-'));
  try {
    const present = [...files].filter((entry): entry is [string, Uint8Array] => entry[1] !== null);
    const left = present.map(([, bytes], at) => ({ bytes, file: path.join(folder, String(at)) }));
    const waitingFor = [...left];
    const writer = async (): Promise<void> => {
      for (let next = waitingFor.pop(); next !== undefined; next = waitingFor.pop()) {
        waiting.signal.throwIfAborted();
        await writeFile(next.file, next.bytes);
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, writer));
    const { stdout } = await git(place, ['hash-object', '-w', '--no-filters', '--stdin-paths'], {
      ...waiting,
      input: left.map(({ file }) => `${file}\n`).join(''),
    });
    const ids = stdout.toString('latin1').trim().split('\n');
    return new Map(
      present.map(([file], at) => {
        const id = parseObjectId(ids[at] ?? '');
        if (id === undefined) throw new Error('git hash-object printed too few ids');
        return [file, id];
      }),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Modes that existing files have, so that an edit keeps an executable bit. */
async function modesOf(
  place: OpenRepository,
  files: ReadonlyMap<string, unknown>,
  waiting: Waiting,
  env: Record<string, string>,
): Promise<Map<string, string>> {
  const modes = new Map<string, string>();
  const { stdout } = await git(place, ['ls-files', '-s', '-z'], { ...waiting, env });
  for (const record of stdout.toString('utf8').split('\0')) {
    const match = /^(\d+) [0-9a-f]+ \d\t([\s\S]*)$/.exec(record);
    if (match?.[1] !== undefined && match[2] !== undefined && files.has(match[2]))
      modes.set(match[2], match[1]);
  }
  return modes;
}

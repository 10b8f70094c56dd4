import pLimit from 'p-limit';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { MOST_BYTES } from '../domain/job/manifest.js';
import { unaddressable } from '../domain/source/kv-layout.js';
import { holdsJobs } from '../queries/declared.js';
import { TowlineError } from '../runtime/errors.js';

export interface WorkFile {
  /** Path as shown: relative to `base`, with forward slashes. */
  path: string;
  bytes: Uint8Array;
}

export interface WorkFiles {
  files: WorkFile[];
  /** Files with the names of manifests that Git or Consul would not take as such. */
  unread: { path: string; reason: string }[];
}

/** Files open at once: a system allows about a thousand, and more are not faster. */
const OPEN_FILES = 32;

/** Folders that hold no manifests, whatever their files are called. */
const SKIPPED = new Set(['node_modules', 'vendor']);

/** Manifests below files and folders of the work tree, in path order. A path that does not exist is an error. */
export async function readWorkTree(paths: readonly string[], base: string): Promise<WorkFiles> {
  const found = new Map<string, string>();
  const unread = new Map<string, string>();
  for (const given of paths) {
    const absolute = path.resolve(base, given);
    const kind = await kindOf(absolute, given);
    if (kind === 'file') {
      found.set(shown(absolute, base), absolute);
      continue;
    }
    for await (const { file, reason } of walk(absolute)) {
      if (!holdsJobs(shown(file, absolute))) continue;
      if (reason === undefined) found.set(shown(file, base), file);
      else unread.set(shown(file, base), reason);
    }
  }
  const limit = pLimit(OPEN_FILES);
  const names = [...found.keys()].sort();
  const read = await Promise.all(names.map((name) => limit(() => content(name, found.get(name) ?? name))));
  return {
    files: read.flatMap((each) => ('bytes' in each ? [each] : [])),
    unread: [
      ...read.flatMap((each) => ('reason' in each ? [each] : [])),
      ...[...unread].map(([file, reason]) => ({ path: file, reason })),
    ],
  };
}

/** A file that is too large to be a manifest is not read. */
async function content(name: string, file: string): Promise<WorkFile | { path: string; reason: string }> {
  const { size } = await stat(file);
  return size > MOST_BYTES
    ? { path: name, reason: `it has ${size} bytes, a manifest may have ${MOST_BYTES}` }
    : { path: name, bytes: await readFile(file) };
}

async function kindOf(absolute: string, given: string): Promise<'file' | 'folder'> {
  try {
    return (await stat(absolute)).isDirectory() ? 'folder' : 'file';
  } catch (cause) {
    throw new TowlineError('path-missing', 'invalid', `${given} does not exist`, {
      cause,
      help: 'Check the path, or the folder of the environment in towline.yaml.',
    });
  }
}

/** Every file below a folder. Symbolic links are not followed: Git does not either. */
async function* walk(folder: string): AsyncIterable<{ file: string; reason?: string }> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.') || SKIPPED.has(entry.name)) continue;
    const file = path.join(folder, entry.name);
    const reason = entry.isSymbolicLink() ? 'it is a symbolic link' : unaddressable(entry.name);
    if (entry.isDirectory()) yield* walk(file);
    else if (reason !== undefined) yield { file, reason };
    else if (entry.isFile()) yield { file };
  }
}

function shown(file: string, base: string): string {
  return path.relative(base, file).split(path.sep).join('/');
}

import pLimit from 'p-limit';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { holdsJobs } from '../queries/declared.js';
import { TowlineError } from '../runtime/errors.js';

export interface WorkFile {
  /** Path as shown: relative to `base`, with forward slashes. */
  path: string;
  bytes: Uint8Array;
}

/** Files open at once: a system allows about a thousand, and more are not faster. */
const OPEN_FILES = 32;

/** Folders that hold no manifests, whatever their files are called. */
const SKIPPED = new Set(['node_modules', 'vendor']);

/** Manifests below files and folders of the work tree, in path order. A path that does not exist is an error. */
export async function readWorkTree(paths: readonly string[], base: string): Promise<WorkFile[]> {
  const found = new Map<string, string>();
  for (const given of paths) {
    const absolute = path.resolve(base, given);
    const kind = await kindOf(absolute, given);
    if (kind === 'file') found.set(shown(absolute, base), absolute);
    else
      for await (const file of walk(absolute))
        if (holdsJobs(shown(file, absolute))) found.set(shown(file, base), file);
  }
  const names = [...found.keys()].sort();
  const limit = pLimit(OPEN_FILES);
  return Promise.all(
    names.map((name) => limit(async () => ({ path: name, bytes: await readFile(found.get(name) ?? name) }))),
  );
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

/** Every regular file below a folder. Symbolic links are not followed: Git does not either. */
async function* walk(folder: string): AsyncIterable<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.') || SKIPPED.has(entry.name)) continue;
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(full);
    else if (entry.isFile()) yield full;
  }
}

function shown(file: string, base: string): string {
  return path.relative(base, file).split(path.sep).join('/');
}

import { constants, type Stats } from 'node:fs';
import { lstat, open, readdir, readFile, readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { messageOf, TowlineError } from '../../runtime/errors.js';
import { parseIgnore, type Ignore } from './ignore.js';
import { tar, type TarEntry } from './tar.js';

export interface ContextOptions {
  folder: string;
  /** Path of the Dockerfile inside the folder. */
  dockerfile: string;
  /** Seconds since 1970 for every file. */
  stamp: number;
  signal: AbortSignal;
}

/** Bytes of a `.dockerignore` at most. */
const IGNORE_BYTES = 1024 * 1024;

/**
 * The files of a folder as a tar stream, less what its `.dockerignore` names: sorted, owned by root, all of one time, and
 * executable or not, so that the same files make the same bytes on every machine. Links are sent as links and never
 * followed; nothing outside of the folder is read. Throws `image-context` for what can't be sent.
 */
export async function contextStream({
  folder,
  dockerfile,
  stamp,
  signal,
}: ContextOptions): Promise<Readable> {
  const root = await realpath(folder).catch((cause: unknown) => {
    throw unreadable(folder, cause);
  });
  const file = insideContext(dockerfile);
  const found = await lstat(path.join(root, file)).catch((cause: unknown) => {
    throw unreadable(path.join(folder, file), cause);
  });
  if (found.isDirectory()) throw broken(`${file} is a folder, not a Dockerfile`);
  const ignore = await readIgnore(root, file);
  return Readable.from(tar(contextEntries(root, ignore, signal), stamp), { objectMode: false });
}

/** A path inside the context, with `/`. */
export function insideContext(file: string): string {
  const clean = path.posix.normalize(file.split(path.sep).join('/'));
  if (path.posix.isAbsolute(clean) || clean === '..' || clean.startsWith('../') || clean === '.')
    throw broken(`the Dockerfile "${file}" is not inside the context`);
  return clean;
}

/** The rules of a Dockerfile's own file where it has one, of `.dockerignore` otherwise. Both files are always sent. */
async function readIgnore(root: string, dockerfile: string): Promise<Ignore> {
  const kept = [dockerfile, '.dockerignore'];
  for (const file of [`${dockerfile}.dockerignore`, '.dockerignore']) {
    const text = await readFile(path.join(root, file), 'utf8').catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return undefined;
      throw unreadable(file, cause);
    });
    if (text === undefined) continue;
    if (text.length > IGNORE_BYTES) throw broken(`${file} is too large`);
    return parseIgnore(text, { file, kept });
  }
  return parseIgnore('', { file: '.dockerignore', kept });
}

/** All entries, a folder before what it holds, names by their bytes. */
export async function* contextEntries(
  root: string,
  ignore: Ignore,
  signal: AbortSignal,
): AsyncGenerator<TarEntry> {
  /** Ignored folders on the way that are sent after all once something below them is. */
  const waiting: TarEntry[] = [];
  yield* below('');

  async function* below(folder: string): AsyncGenerator<TarEntry> {
    for (const name of await sortedNames(path.join(root, folder))) {
      signal.throwIfAborted();
      const file = folder === '' ? name : `${folder}/${name}`;
      const ignored = ignore.ignores(file);
      const state = await lstat(path.join(root, file)).catch((cause: unknown) => {
        throw unreadable(file, cause);
      });
      if (ignored && !(state.isDirectory() && ignore.mayHoldMore(file))) continue;
      const entry = await entryOf(root, file, state);
      if (entry === undefined) continue;
      const depth = waiting.push(entry);
      if (!ignored) yield* waiting.splice(0);
      if (entry.kind === 'folder') yield* below(file);
      if (waiting.length === depth) waiting.pop();
    }
  }
}

async function sortedNames(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw unreadable(folder, cause);
  });
  return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** Undefined for a socket, which no image can hold and which Docker leaves out too. */
async function entryOf(root: string, file: string, state: Stats): Promise<TarEntry | undefined> {
  const full = path.join(root, file);
  if (state.isDirectory()) return { kind: 'folder', path: file, mode: 0o755 };
  if (state.isSymbolicLink()) return { kind: 'link', path: file, mode: 0o777, target: await readlink(full) };
  if (state.isSocket()) return undefined;
  if (!state.isFile())
    throw broken(`${file} is neither a file, a folder nor a link`, 'Name it in .dockerignore.');
  const mode = (state.mode & 0o100) === 0 ? 0o644 : 0o755;
  return { kind: 'file', path: file, mode, size: state.size, content: contentOf(full, file, state.size) };
}

/** Never through a link: what was a file when it was looked at may have been replaced. */
async function* contentOf(full: string, file: string, size: number): AsyncGenerator<Uint8Array> {
  const handle = await open(full, constants.O_RDONLY | constants.O_NOFOLLOW).catch((cause: unknown) => {
    throw unreadable(file, cause);
  });
  let sent = 0;
  try {
    for await (const chunk of handle.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
      sent += chunk.byteLength;
      if (sent > size) break;
      yield chunk;
    }
  } finally {
    await handle.close();
  }
  if (sent !== size) throw broken(`${file} was changed while it was read`, 'Run this again.');
}

function unreadable(file: string, cause: unknown): TowlineError {
  return new TowlineError('image-context', 'invalid', `${file} can't be read: ${messageOf(cause)}`, {
    cause,
  });
}

function broken(message: string, help?: string): TowlineError {
  return new TowlineError('image-context', 'invalid', message, help === undefined ? {} : { help });
}

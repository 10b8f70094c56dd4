import { mkdtemp, open as openFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { ObjectFormat } from '../domain/source/revision.js';
import type { BundleWriter, NewBundle } from '../ports/bundle-writer.js';
import type { Waiting } from '../ports/kv-store.js';
import { isAbort, messageOf, TowlineError } from '../runtime/errors.js';
import { openRepository, type Place } from './open.js';
import { git, type GitPlace, type OpenRepository } from './run.js';

/** Writes bundles of a repository, through an empty one that borrows its objects: the repository itself gets no new refs. */
export function bundleWriter(options: Place): BundleWriter {
  return {
    async writeBundle(bundle, { signal }) {
      const source = await openRepository(options, { signal });
      await inNewRepository(source.format, signal, async (place) => {
        await borrow(place, source, signal);
        for (const [name, id] of bundle.branches)
          await git(place, ['update-ref', '--end-of-options', `refs/heads/${name}`, id], { signal });
        await git(place, ['fast-import', '--quiet'], { signal, input: importOf(bundle) });
        await git(place, ['bundle', 'create', '--quiet', bundle.file, '--all'], { signal });
      });
    },
  };
}

/** Unpacks a bundle into a repository of its own; git checks that it is whole. The caller removes the folder. */
export async function unpackBundle(
  file: string,
  { signal }: Waiting,
): Promise<{ gitDir: string; remove(): Promise<void> }> {
  const format = await formatOfBundle(file);
  const place = await newRepository(format, signal);
  const remove = (): Promise<void> => rm(place.gitDir, { recursive: true, force: true });
  try {
    const args = ['fetch', '--quiet', '--no-write-fetch-head', '--end-of-options', file, '+refs/*:refs/*'];
    await git(place, args, { signal });
  } catch (error) {
    await remove();
    if (isAbort(error)) throw error;
    throw unreadable(file, messageOf(error), error);
  }
  return { gitDir: place.gitDir, remove };
}

async function formatOfBundle(file: string): Promise<ObjectFormat> {
  let head: string;
  try {
    const handle = await openFile(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
      head = buffer.toString('latin1', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw unreadable(file, messageOf(cause), cause);
  }
  if (!head.startsWith('# v2 git bundle') && !head.startsWith('# v3 git bundle'))
    throw unreadable(file, 'it is no git bundle', undefined);
  return head.includes('\n@object-format=sha256\n') ? 'sha256' : 'sha1';
}

function unreadable(file: string, reason: string, cause: unknown): TowlineError {
  return new TowlineError('bundle-unreadable', 'invalid', `the bundle ${file} can't be read: ${reason}`, {
    help: 'Make one with towline audit bundle, or with git bundle create and all history of both branches.',
    cause,
  });
}

async function inNewRepository(
  format: ObjectFormat,
  signal: AbortSignal,
  work: (place: GitPlace) => Promise<void>,
): Promise<void> {
  const place = await newRepository(format, signal);
  try {
    await work(place);
  } finally {
    await rm(place.gitDir, { recursive: true, force: true });
  }
}

async function newRepository(format: ObjectFormat, signal: AbortSignal): Promise<GitPlace> {
  const gitDir = await mkdtemp(path.join(os.tmpdir(), 'towline-bundle-'));
  const place: GitPlace = { gitDir, quarantine: false };
  await git(place, ['init', '--quiet', '--bare', `--object-format=${format}`], { signal });
  return place;
}

async function borrow(place: GitPlace, source: OpenRepository, signal: AbortSignal): Promise<void> {
  const { stdout } = await git(source, ['rev-parse', '--git-path', 'objects'], { signal });
  const objects = path.resolve(source.gitDir, stdout.toString('utf8').trim());
  await writeFile(path.join(place.gitDir, 'objects/info/alternates'), `${objects}\n`);
}

/** The evidence as git fast-import reads it. */
function importOf({ evidence: { ref, files, message, author, at } }: NewBundle): Buffer {
  const who = `${author.name} <${author.email}> ${Math.floor(at / 1000)} +0000`;
  const text = Buffer.from(message);
  const parts: Buffer[] = [
    Buffer.from(`commit ${ref}\ncommitter ${who}\ndata ${text.byteLength}\n`),
    text,
    Buffer.from('\n'),
  ];
  for (const [name, bytes] of files)
    parts.push(
      Buffer.from(`M 100644 inline ${JSON.stringify(name)}\ndata ${bytes.byteLength}\n`),
      Buffer.from(bytes),
      Buffer.from('\n'),
    );
  return Buffer.concat(parts);
}

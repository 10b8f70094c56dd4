import type fs from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import * as isomorphic from 'isomorphic-git';
import { TowlineError } from '../../runtime/errors.js';

/** What every call of isomorphic-git is given. */
export interface Opened {
  fs: typeof fs;
  gitdir: string;
  /** One for all calls: without it every read would hash the whole pack again. */
  cache: object;
}

/** The git folder of a path: the path itself when it is bare, else the one of the work tree that it is in. */
export async function gitFolder(location: string): Promise<string> {
  const isGitFolder = async (folder: string): Promise<boolean> => {
    const [head, objects] = await Promise.all(
      ['HEAD', 'objects'].map((name) => stat(path.join(folder, name)).catch(() => undefined)),
    );
    return head?.isFile() === true && objects?.isDirectory() === true;
  };
  let folder = path.resolve(location);
  if (await isGitFolder(folder)) return folder;
  for (; ; folder = path.dirname(folder)) {
    const inside = path.join(folder, '.git');
    if (await isGitFolder(inside)) return inside;
    if (path.dirname(folder) === folder) break;
  }
  throw new TowlineError('git-remote-away', 'unavailable', `there is no job repository at ${location}`, {
    help: 'Check repository.url. Nothing is changed while it is away.',
  });
}

/** What is read; undefined where there is no such thing, or another kind of thing. All else is a damaged repository. */
export async function ifThere<T>(reading: Promise<T>): Promise<T | undefined> {
  const { AmbiguousError, NotFoundError, ObjectTypeError } = isomorphic.Errors;
  try {
    return await reading;
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof ObjectTypeError || error instanceof AmbiguousError)
      return undefined;
    throw broken(error);
  }
}

function broken(cause: unknown): unknown {
  if (cause instanceof TowlineError) return cause;
  return new TowlineError(
    'git-failed',
    'invalid',
    `the repository can't be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause, help: 'Check it with git fsck.' },
  );
}

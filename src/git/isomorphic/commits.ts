import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as isomorphic from 'isomorphic-git';
import type { Revision } from '../../domain/source/revision.js';
import { parseTrailers } from '../../domain/source/trailers.js';
import type { CommitInfo } from '../../ports/job-repository.js';
import { clockTime } from '../commit-info.js';
import { ifThere, type Opened } from './opened.js';

/** A commit, as far as it is asked for. */
export interface Commit {
  oid: string;
  message: string;
  parent: string[];
  author: { name: string; email: string; timestamp: number; timezoneOffset: number };
  committer: { timestamp: number };
}

/** True where a commit has another one of these files than all of its parents. */
export async function touchesAny(
  repository: Opened,
  commit: Commit,
  paths: readonly string[],
): Promise<boolean> {
  for (const file of paths) if (await touches(repository, commit, file)) return true;
  return false;
}

/** Newest first by commit time, as git does. */
export async function* walkBack(
  repository: Opened,
  from: Revision,
  firstParent: boolean,
): AsyncIterable<Commit> {
  const cut = await cutOff(repository.gitdir);
  const seen = new Set<string>([from]);
  const waiting = [await read(repository, from, cut)];
  while (waiting.length > 0) {
    waiting.sort((a, b) => b.time - a.time);
    const next = waiting.shift();
    if (next === undefined) return;
    yield next.commit;
    for (const parent of firstParent ? next.commit.parent.slice(0, 1) : next.commit.parent) {
      if (seen.has(parent)) continue;
      seen.add(parent);
      waiting.push(await read(repository, parent, cut));
    }
  }
}

/** Commits whose parents a copy without its whole history does not have. */
export async function cutOff(gitdir: string): Promise<ReadonlySet<string>> {
  const text = await readFile(path.join(gitdir, 'shallow'), 'utf8').catch(() => '');
  return new Set(text.split('\n'));
}

async function read(
  repository: Opened,
  oid: string,
  cut: ReadonlySet<string>,
): Promise<{ commit: Commit; time: number }> {
  const { commit } = await isomorphic.readCommit({ ...repository, oid });
  return {
    commit: {
      oid,
      message: commit.message,
      parent: cut.has(oid) ? [] : commit.parent,
      author: commit.author,
      committer: commit.committer,
    },
    time: commit.committer.timestamp,
  };
}

async function touches(repository: Opened, { oid, parent }: Commit, file: string): Promise<boolean> {
  const now = await blobAt(repository, oid, file);
  if (parent.length === 0) return now !== undefined;
  const before = await Promise.all(parent.map((p) => blobAt(repository, p, file)));
  return before.every((id) => id !== now);
}

async function blobAt(repository: Opened, oid: string, filepath: string): Promise<string | undefined> {
  return (await ifThere(isomorphic.readBlob({ ...repository, oid, filepath })))?.oid;
}

export function toInfo({ oid, message, parent, author }: Commit): CommitInfo {
  const [subject = '', ...body] = message.split('\n');
  return {
    revision: oid as Revision,
    parents: parent as Revision[],
    author: { name: author.name, email: author.email },
    // Minutes before UTC are counted as in `Date`: less is further east.
    at: clockTime(author.timestamp, -author.timezoneOffset) ?? '',
    subject,
    body: body.join('\n').trim(),
    trailers: parseTrailers(message),
  };
}

/** `seconds` as commits have them; the bounds in ms. */
export function isWithin(seconds: number, since = -Infinity, until = Infinity): boolean {
  return seconds >= Math.floor(since / 1000) && seconds <= Math.floor(until / 1000);
}

import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseRevision, type Revision } from '../domain/source/revision.js';
import type { NewCommit } from '../ports/git-store.js';
import type { Waiting } from '../ports/kv-store.js';
import { git, type OpenRepository } from './run.js';

/** Writes blobs, a tree by an index of its own, and a commit that nothing points to yet. No work tree is touched. */
export async function writeCommit(
  place: OpenRepository,
  commit: NewCommit,
  waiting: Waiting,
): Promise<Revision> {
  const index = path.join(os.tmpdir(), `towline-index-${randomUUID()}`);
  const env = { GIT_INDEX_FILE: index };
  try {
    await git(
      place,
      ['read-tree', ...(commit.base === undefined ? ['--empty'] : [`${commit.base}^{tree}`])],
      { ...waiting, env },
    );
    await git(place, ['update-index', '-z', '--index-info'], {
      ...waiting,
      env,
      input: await indexLines(place, commit, waiting, env),
    });
    const tree = (await git(place, ['write-tree'], { ...waiting, env })).stdout.toString('utf8').trim();
    const date = `${Math.floor(commit.at / 1000)} +0000`;
    const { name, email } = commit.author;
    const who = {
      GIT_AUTHOR_NAME: name,
      GIT_AUTHOR_EMAIL: email,
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_NAME: name,
      GIT_COMMITTER_EMAIL: email,
      GIT_COMMITTER_DATE: date,
    };
    // commit-tree ignores commit.gpgSign, so the repository's wish is asked for and passed on.
    const sign =
      (
        await git(place, ['config', '--type=bool', '--get', 'commit.gpgSign'], { ...waiting, allow: [0, 1] })
      ).stdout
        .toString('utf8')
        .trim() === 'true';
    const parents = commit.parents.flatMap((parent) => ['-p', parent]);
    const { stdout } = await git(
      place,
      ['commit-tree', ...(sign ? ['-S'] : []), ...parents, '-F', '-', tree],
      { ...waiting, env: who, input: commit.message },
    );
    const revision = parseRevision(stdout.toString('utf8').trim());
    if (revision === undefined) throw new Error('git commit-tree printed no commit');
    return revision;
  } finally {
    await rm(index, { force: true });
  }
}

async function indexLines(
  place: OpenRepository,
  { files }: NewCommit,
  waiting: Waiting,
  env: Record<string, string>,
): Promise<string> {
  const modes = await modesOf(place, [...files.keys()], waiting, env);
  const lines: string[] = [];
  const zero = '0'.repeat(place.format === 'sha256' ? 64 : 40);
  for (const [file, bytes] of files) {
    if (bytes === null) {
      lines.push(`0 ${zero}\t${file}\0`);
      continue;
    }
    const { stdout } = await git(place, ['hash-object', '-w', '--stdin'], { ...waiting, input: bytes });
    lines.push(`${modes.get(file) ?? '100644'} ${stdout.toString('utf8').trim()}\t${file}\0`);
  }
  return lines.join('');
}

/** Modes that existing files have, so that an edit keeps an executable bit. */
async function modesOf(
  place: OpenRepository,
  paths: readonly string[],
  waiting: Waiting,
  env: Record<string, string>,
): Promise<Map<string, string>> {
  const modes = new Map<string, string>();
  if (paths.length === 0) return modes;
  const { stdout } = await git(place, ['ls-files', '-s', '-z'], { ...waiting, env });
  const wanted = new Set(paths);
  for (const record of stdout.toString('utf8').split('\0')) {
    const match = /^(\d+) [0-9a-f]+ \d\t([\s\S]*)$/.exec(record);
    if (match?.[1] !== undefined && match[2] !== undefined && wanted.has(match[2]))
      modes.set(match[2], match[1]);
  }
  return modes;
}

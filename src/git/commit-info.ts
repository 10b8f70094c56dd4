import { parseCommitObject, type CommitPerson } from '../domain/source/commit-object.js';
import { parseRevision, type Revision } from '../domain/source/revision.js';
import type { CommitInfo } from '../ports/job-repository.js';
import type { CatFile } from './cat-file.js';

/**
 * What `git log` says of one commit, read from the commit itself: the process for it costs more than the answer. Undefined
 * where git has more to say than the object: another encoding, an odd author, or a history that was cut off here.
 */
export async function commitInfo(objects: CatFile, revision: Revision): Promise<CommitInfo | undefined> {
  const found = await objects.ask(revision);
  const commit = found?.type === 'commit' ? parseCommitObject(found.bytes) : undefined;
  if (commit === undefined || commit.encoding !== undefined) return undefined;
  const { author, message, trailers } = commit;
  const at = isoTime(author);
  if (author.name.trim() !== author.name || author.name === '' || at === undefined) return undefined;
  const parents = await Promise.all(objects.askAll(commit.parents));
  if (parents.includes(undefined)) return undefined;
  const [subject = '', ...body] = message.split('\n');
  return {
    revision,
    parents: commit.parents.flatMap((parent) => parseRevision(parent) ?? []),
    author: { name: author.name, email: author.email },
    at,
    subject,
    body: body.join('\n').trim(),
    trailers,
  };
}

function isoTime({ at, zone }: CommitPerson): string | undefined {
  const [, sign, hours, minutes] = /^([+-])(\d\d)(\d\d)$/.exec(zone) ?? [];
  if (hours === undefined || minutes === undefined) return undefined;
  return clockTime(at, (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1));
}

/** Years beyond 9999 are git's own business. */
const LAST_SECOND = 253_370_764_800;

/** As `git log` prints it: the time on the clock there, and how far that is from UTC. Seconds since 1970, and minutes. */
export function clockTime(seconds: number, offset: number): string | undefined {
  if (!(seconds >= 0 && seconds < LAST_SECOND)) return undefined;
  const two = (number: number): string => String(Math.trunc(Math.abs(number))).padStart(2, '0');
  const clock = new Date((seconds + offset * 60) * 1000).toISOString().slice(0, 19);
  return `${clock}${offset < 0 ? '-' : '+'}${two(offset / 60)}:${two(offset % 60)}`;
}

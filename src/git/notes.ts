import { randomUUID } from 'node:crypto';
import { parseObjectId, type ObjectId } from '../domain/source/revision.js';
import { statusContext, type StatusBoard } from '../ports/revision-status.js';
import type { RevisionStatus } from '../domain/record/revision-verdict.js';
import { kindOf, TowlineError } from '../runtime/errors.js';
import { openRepository, type Place } from './open.js';
import { git, type OpenRepository } from './run.js';

/** Shown by `git log --notes=towline`. */
const NOTES = 'refs/notes/towline';
/** Notes that somebody else may write first before this one gives up. */
const LOST_RACES = 5;

export interface GitNotesOptions extends Place {
  author: { name: string; email: string };
}

/**
 * Statuses as notes of the revisions themselves, for where no forge is: a line of JSON for each environment. They are
 * written like branches are: beside the others, and put in place, or pushed, only on top of what was read.
 */
export function gitNotes(options: GitNotesOptions): StatusBoard {
  let opening: Promise<OpenRepository> | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  const report = async (status: RevisionStatus, signal: AbortSignal): Promise<void> => {
    opening ??= openRepository(options, { signal });
    const place = await opening.catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    for (let attempt = 1; ; attempt++) {
      try {
        return await writeNote(place, status, options.author, signal);
      } catch (error) {
        if (kindOf(error) !== 'conflict') throw error;
        if (attempt >= LOST_RACES)
          throw new TowlineError('notes-contended', 'unavailable', `others write ${NOTES} again and again`, {
            help: 'The status is reported again.',
            cause: error,
          });
      }
    }
  };
  return {
    name: 'notes',
    report: (status, { signal }) => {
      const next = turn.then(() => report(status, signal));
      turn = next.catch(() => undefined);
      return next;
    },
  };
}

async function writeNote(
  place: OpenRepository,
  status: RevisionStatus,
  author: GitNotesOptions['author'],
  signal: AbortSignal,
): Promise<void> {
  const draft = `${NOTES}-${randomUUID()}`;
  try {
    const before = await bring(place, draft, signal);
    const shown = await git(place, ['notes', `--ref=${draft}`, 'show', '--end-of-options', status.revision], {
      signal,
      allow: [0, 1],
    });
    const old = shown.exitCode === 0 ? shown.stdout.toString('utf8') : '';
    const text = withStatus(old, status);
    if (text === old) return;
    const person = {
      GIT_AUTHOR_NAME: author.name,
      GIT_AUTHOR_EMAIL: author.email,
      GIT_COMMITTER_NAME: author.name,
      GIT_COMMITTER_EMAIL: author.email,
    };
    await git(
      place,
      ['notes', `--ref=${draft}`, 'add', '-f', '-F', '-', '--end-of-options', status.revision],
      {
        signal,
        input: text,
        env: person,
      },
    );
    await putInPlace(place, draft, before, signal);
  } finally {
    // On a signal of its own: a draft must not stay behind.
    await git(place, ['update-ref', '-d', draft], { signal: AbortSignal.timeout(5000), allow: [0, 1, 128] });
  }
}

/** The note with another line for the environment; the lines of others, and of people, stay. */
function withStatus(note: string, { environment, state, description }: RevisionStatus): string {
  const context = statusContext(environment);
  const others = note.split('\n').filter((line) => line.trim() !== '' && contextOf(line) !== context);
  return `${[...others, JSON.stringify({ context, state, description })].join('\n')}\n`;
}

function contextOf(line: string): unknown {
  try {
    return (JSON.parse(line) as { context?: unknown } | null)?.context;
  } catch {
    return undefined;
  }
}

/** All notes as they are now, where they belong, as a draft; their commit. */
async function bring(
  place: OpenRepository,
  draft: string,
  signal: AbortSignal,
): Promise<ObjectId | undefined> {
  if (place.remote === undefined) {
    const id = await tipOf(place, NOTES, signal);
    if (id !== undefined) await git(place, ['update-ref', draft, id], { signal });
    return id;
  }
  const { remote, remoteEnv: env } = place;
  const there = await git(place, ['ls-remote', '--end-of-options', remote, NOTES], {
    signal,
    env,
    remote: true,
  });
  if (there.stdout.length === 0) return undefined;
  await git(
    place,
    [
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      '--end-of-options',
      remote,
      `+${NOTES}:${draft}`,
    ],
    { signal, env, remote: true },
  );
  return tipOf(place, draft, signal);
}

async function putInPlace(
  place: OpenRepository,
  draft: string,
  before: ObjectId | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (place.remote === undefined) {
    const id = await tipOf(place, draft, signal);
    const zero = '0'.repeat(place.format === 'sha256' ? 64 : 40);
    const moved = await git(place, ['update-ref', NOTES, id ?? zero, before ?? zero], {
      signal,
      allow: [0, 1, 128],
    });
    if (moved.exitCode !== 0) throw lostRace();
    return;
  }
  const lease = `--force-with-lease=${NOTES}:${before ?? ''}`;
  const pushed = await git(
    place,
    ['push', '--porcelain', '--no-verify', lease, '--end-of-options', place.remote, `${draft}:${NOTES}`],
    { signal, env: place.remoteEnv, remote: true, allow: [0, 1] },
  );
  if (pushed.exitCode === 0) return;
  const said = `${pushed.stdout.toString('utf8')}\n${pushed.stderr}`;
  if (
    /stale info|fetch first|non-fast-forward|cannot lock ref|failed to update ref|already exists/i.test(said)
  )
    throw lostRace();
  throw new TowlineError('notes-rejected', 'refused', `the push of ${NOTES} was rejected`, {
    help: 'A hook or a protection of the job repository stands against it. Allow it, or set notes to false.',
    details: [said.trim().slice(0, 500)],
  });
}

async function tipOf(place: OpenRepository, ref: string, signal: AbortSignal): Promise<ObjectId | undefined> {
  const { stdout } = await git(place, ['for-each-ref', '--format=%(objectname)', '--', ref], { signal });
  return parseObjectId(stdout.toString('utf8').trim());
}

function lostRace(): TowlineError {
  return new TowlineError('notes-lost-race', 'conflict', `somebody else wrote ${NOTES} first`, {
    help: 'It is done again on top of it.',
  });
}

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  actionOf,
  eventRef,
  eventsOf,
  MOST_EVENTS,
  type EventRef,
  type PushedRef,
} from '../../domain/push/index.js';
import { isZeroId, parseRevision } from '../../domain/source/revision.js';
import type { Outbox } from '../../ports/outbox.js';
import { isoTime } from '../../ports/clock.js';
import { systemClock } from '../../runtime/system-clock.js';
import { withStore, type HookPlace } from './session.js';
import type { HookFlags, Target } from './targets.js';

/** A longer log makes room for a new one; the one before it is kept. */
const LOG_BYTES = 5 * 1024 * 1024;

/** What is known of pushed refs beside their ids: the commits below tags, and whether history was replaced. */
export async function describeRefs(refs: readonly PushedRef[], place: HookPlace): Promise<EventRef[]> {
  const { signal } = place.io;
  return withStore(place, async (store) => {
    const described: EventRef[] = [];
    for (const ref of refs) {
      const commit = isZeroId(ref.to) ? undefined : await store.resolve(ref.to, { signal });
      const from = parseRevision(ref.from);
      // Of very many refs nobody is told in single.
      const asked = actionOf(ref) === 'update' && refs.length <= MOST_EVENTS;
      const forced =
        asked && from !== undefined && commit !== undefined && ref.name.startsWith('refs/heads/')
          ? !(await store.isAncestor(from, commit, { signal }))
          : false;
      described.push(eventRef(ref, { forced, ...(commit === undefined ? {} : { commit }) }));
    }
    return described;
  });
}

/** Puts the events of a push into the outbox. Answers the names of the targets that have some. */
export async function announce(
  refs: readonly EventRef[],
  targets: readonly Target[],
  { outbox, location }: { outbox: Outbox; location: string },
): Promise<string[]> {
  const common = {
    at: isoTime(systemClock),
    repository: path.basename(location).replace(/\.git$/, '') || 'repository',
    newId: () => randomUUID(),
  };
  const told: string[] = [];
  for (const { name, filter, latest } of targets) {
    const events = eventsOf(refs, filter, common);
    if (events.length === 0) continue;
    const before = latest ? await outbox.waiting(name) : [];
    await outbox.add(name, events);
    const newer = new Set(events.flatMap((event) => event.refs.map((ref) => ref.name)));
    for (const { key, event } of before)
      if (event.refs.every((ref) => newer.has(ref.name))) await outbox.done(name, key);
    told.push(name);
  }
  return told;
}

export function logOf(location: string): string {
  return path.join(location, 'towline', 'post-receive.log');
}

/** The sender, in a process that holds nothing of the push: git's client waits for every process that does. */
export async function sendApart({ location, flags, io }: HookPlace, { notify }: HookFlags): Promise<void> {
  const program = process.argv[1];
  if (program === undefined) throw new Error('the running program has no path');
  await mkdir(path.dirname(logOf(location)), { recursive: true });
  const size = await stat(logOf(location)).catch(() => undefined);
  if (size !== undefined && size.size > LOG_BYTES) await rename(logOf(location), `${logOf(location)}.1`);
  const logFile = await open(logOf(location), 'a', 0o640);
  const args = [
    program,
    ...(flags.config === undefined ? [] : ['--config', path.resolve(io.cwd, flags.config)]),
    'hook',
    'flush',
    ...(notify === undefined ? [] : ['--notify', notify]),
    '--',
    location,
  ];
  try {
    const child = spawn(process.execPath, args, {
      cwd: location,
      detached: true,
      stdio: ['ignore', logFile.fd, logFile.fd],
      env: { ...io.env, GIT_DIR: location },
    });
    child.unref();
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
  } finally {
    await logFile.close();
  }
}

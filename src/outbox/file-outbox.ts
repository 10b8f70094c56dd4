import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { parsePushEvent, type PushEvent } from '../domain/push/index.js';
import { oneLine } from '../domain/source/one-line.js';
import { isObject, type Json, type JsonObject } from '../domain/source/json.js';
import type { Clock } from '../ports/clock.js';
import type { Outbox, WaitingEvent } from '../ports/outbox.js';
import { TowlineError } from '../runtime/errors.js';
import { redact } from '../runtime/redact.js';
import { withLockFile } from './sender-lock.js';

export interface FileOutboxOptions {
  /** Made when it is needed. */
  folder: string;
  clock: Clock;
  /** Events that wait for one target at most; the oldest are set aside. */
  maxWaiting?: number;
  /** Older ones are set aside. */
  maxAgeMs?: number;
  /** Events set aside that are kept for one target; older ones are forgotten. */
  maxAside?: number;
}

const DAY_MS = 24 * 60 * 60_000;
const TARGET = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
const FILE = /^\d{15}-\d{6}-[\w-]{8,64}\.json$/;
const DAMAGED = '.damaged-';

interface Stored {
  event: PushEvent;
  reason: string;
  /** Since when it waits, where it was set aside meanwhile. */
  since?: string;
}

/** An outbox in a folder: `TARGET/waiting` and `TARGET/aside` with one file for each event. */
export function fileOutbox(options: FileOutboxOptions): Outbox {
  const { folder, clock, maxWaiting = 1000, maxAgeMs = 7 * DAY_MS, maxAside = 100 } = options;
  const placeOf = (target: string, part: 'waiting' | 'aside'): string => {
    if (!TARGET.test(target)) throw new Error(`"${target}" is no name of a target`);
    return path.join(folder, target, part);
  };

  const read = async (target: string, part: 'waiting' | 'aside'): Promise<(Stored & { key: string })[]> => {
    const place = placeOf(target, part);
    const events: (Stored & { key: string })[] = [];
    for (const name of await eventsIn(place)) {
      const found = await readEvent(path.join(place, name));
      if (found === 'gone') continue;
      if (found === undefined) {
        // Whole files only are moved into place; one that can't be read was damaged later. It must not hold up the others.
        await renameIfThere(path.join(place, name), path.join(place, `${DAMAGED}${name}`));
        continue;
      }
      events.push({ key: name, ...found });
    }
    return events;
  };

  const setAside = async (target: string, key: string, reason: string): Promise<void> => {
    const from = path.join(placeOf(target, 'waiting'), key);
    const found = await readEvent(from);
    if (found === 'gone' || found === undefined) return;
    const aside = placeOf(target, 'aside');
    await writeWhole(aside, key, { ...plain(found.event), reason: oneLine(redact(reason)).slice(0, 500) });
    await rm(from, { force: true });
    const kept = await eventsIn(aside);
    for (const old of kept.slice(0, Math.max(0, kept.length - maxAside)))
      await rm(path.join(aside, old), { force: true });
  };

  const waiting = async (target: string): Promise<WaitingEvent[]> => {
    const all = await read(target, 'waiting');
    const oldest = clock.now() - maxAgeMs;
    const over = all.length - maxWaiting;
    const kept: WaitingEvent[] = [];
    for (const [index, { key, event, since = event.at }] of all.entries()) {
      if (index < over) await setAside(target, key, `more than ${maxWaiting} events waited`);
      else if (Date.parse(since) < oldest)
        await setAside(target, key, `it waited for more than ${Math.round(maxAgeMs / DAY_MS)} days`);
      else kept.push({ key, event });
    }
    return kept;
  };

  return {
    async add(target, events) {
      const place = placeOf(target, 'waiting');
      try {
        // Behind all that wait, also where they came in the same millisecond, or the clock was set back.
        const last = (await eventsIn(place)).at(-1)?.slice(0, 15) ?? '0';
        const at = String(Math.max(clock.now(), Number(last) + 1)).padStart(15, '0');
        for (const [index, event] of events.entries())
          await writeWhole(place, `${at}-${String(index).padStart(6, '0')}-${event.id}.json`, plain(event));
      } catch (cause) {
        throw new TowlineError('outbox-unwritable', 'unavailable', `${place} can't be written`, {
          cause,
          help: 'The push is done; its builds are not started. Check the rights of the folder and the space on the disk.',
        });
      }
    },
    targets: async () => (await namesIn(folder)).filter((name) => TARGET.test(name)).sort(),
    waiting,
    aside: async (target) =>
      (await read(target, 'aside')).map(({ key, event, reason }) => ({ key, event, reason })),
    async unreadable(target) {
      const places = [placeOf(target, 'waiting'), placeOf(target, 'aside')];
      const names = places.map(async (place) =>
        (await namesIn(place))
          .filter((name) => name.startsWith(DAMAGED))
          .map((name) => path.join(place, name)),
      );
      return (await Promise.all(names)).flat().sort();
    },
    done: (target, key) => rm(path.join(placeOf(target, 'waiting'), path.basename(key)), { force: true }),
    setAside,
    async again(target, key) {
      const name = path.basename(key);
      const from = path.join(placeOf(target, 'aside'), name);
      const found = await readEvent(from);
      // Somebody else was faster, or it is shown as unreadable.
      if (found === 'gone' || found === undefined) return;
      const since = new Date(clock.now()).toISOString();
      await writeWhole(placeOf(target, 'waiting'), name, { ...plain(found.event), since });
      await rm(from, { force: true });
    },
    async alone(work) {
      await mkdir(folder, { recursive: true });
      return withLockFile(path.join(folder, 'sender.lock'), work, clock);
    },
  };
}

function plain(event: PushEvent): JsonObject {
  return event as unknown as JsonObject;
}

/** Oldest first. */
async function eventsIn(folder: string): Promise<string[]> {
  return (await namesIn(folder)).filter((name) => FILE.test(name)).sort();
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** `gone`: another process was faster. Undefined: it holds no event. */
async function readEvent(file: string): Promise<Stored | 'gone' | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'gone';
    throw error;
  }
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
  const event = parsePushEvent(value);
  if (event === undefined || !isObject(value)) return undefined;
  const { reason, since } = value;
  return {
    event,
    reason: typeof reason === 'string' ? reason : '',
    ...(typeof since === 'string' && !Number.isNaN(Date.parse(since)) ? { since } : {}),
  };
}

/** On disk under its name, whole, also after a power cut, or not at all. */
async function writeWhole(folder: string, name: string, value: JsonObject): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o750 });
  const fresh = path.join(folder, `.${randomUUID()}`);
  const handle = await open(fresh, 'wx', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(value)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(fresh, path.join(folder, name));
  const place = await open(folder, 'r');
  try {
    await place.sync();
  } finally {
    await place.close();
  }
}

import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { parsePushEvent, type PushEvent } from '../domain/push/index.js';
import { oneLine } from '../domain/source/one-line.js';
import { isObject, type Json, type JsonObject } from '../domain/source/json.js';
import type { Clock } from '../ports/clock.js';
import type { AsideEvent, Outbox, WaitingEvent } from '../ports/outbox.js';
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

/** An outbox in a folder: `TARGET/waiting` and `TARGET/aside` with one file for each event. */
export function fileOutbox(options: FileOutboxOptions): Outbox {
  const { folder, clock, maxWaiting = 1000, maxAgeMs = 7 * DAY_MS, maxAside = 100 } = options;
  const placeOf = (target: string, part: 'waiting' | 'aside'): string => {
    if (!TARGET.test(target)) throw new Error(`"${target}" is no name of a target`);
    return path.join(folder, target, part);
  };

  const read = async (target: string, part: 'waiting' | 'aside'): Promise<AsideEvent[]> => {
    const place = placeOf(target, part);
    const names = (await namesIn(place)).filter((name) => FILE.test(name)).sort();
    const events: AsideEvent[] = [];
    for (const name of names) {
      const found = await readEvent(path.join(place, name));
      if (found === 'gone') continue;
      if (found === undefined) {
        // Whole files only are moved into place; one that can't be read was damaged later. It must not hold up the others.
        await rename(path.join(place, name), path.join(place, `.damaged-${name}`));
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
    const kept = (await namesIn(aside)).filter((name) => FILE.test(name)).sort();
    for (const old of kept.slice(0, Math.max(0, kept.length - maxAside)))
      await rm(path.join(aside, old), { force: true });
  };

  const waiting = async (target: string): Promise<WaitingEvent[]> => {
    const all = await read(target, 'waiting');
    const oldest = clock.now() - maxAgeMs;
    const over = all.length - maxWaiting;
    const kept: WaitingEvent[] = [];
    for (const [index, { key, event }] of all.entries()) {
      if (index < over) await setAside(target, key, `more than ${maxWaiting} events waited`);
      else if (Date.parse(event.at) < oldest)
        await setAside(target, key, `it waited for more than ${Math.round(maxAgeMs / DAY_MS)} days`);
      else kept.push({ key, event });
    }
    return kept;
  };

  return {
    async add(target, events) {
      const place = placeOf(target, 'waiting');
      const at = String(clock.now()).padStart(15, '0');
      try {
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
    aside: (target) => read(target, 'aside'),
    done: (target, key) => rm(path.join(placeOf(target, 'waiting'), path.basename(key)), { force: true }),
    setAside,
    async again(target, key) {
      const name = path.basename(key);
      const place = placeOf(target, 'waiting');
      await mkdir(place, { recursive: true, mode: 0o750 });
      await rename(path.join(placeOf(target, 'aside'), name), path.join(place, name));
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

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** `gone`: another process was faster. Undefined: it holds no event. */
async function readEvent(file: string): Promise<{ event: PushEvent; reason: string } | 'gone' | undefined> {
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
  const reason = isObject(value) && typeof value['reason'] === 'string' ? value['reason'] : '';
  return event === undefined ? undefined : { event, reason };
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

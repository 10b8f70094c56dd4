import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';

/** A lock on another machine (a shared disk) that was not touched for so long is of a machine that is gone. */
const FOREIGN_MS = 10 * 60_000;
const TOUCH_MS = 60_000;

interface Owner {
  pid: number;
  host: string;
  /** When the process was started, in the words of the system; process ids are used again. */
  started: string;
  token: string;
}

/**
 * Runs `work` while this process holds a lock file; undefined where another one that lives holds it. A lock whose owner has
 * died is taken over.
 */
export async function withLockFile<T>(
  file: string,
  work: () => Promise<T>,
  { now }: { now: () => number },
): Promise<{ result: T } | undefined> {
  const token = randomUUID();
  const mine: Owner = {
    pid: process.pid,
    host: os.hostname(),
    started: await startOf(process.pid),
    token,
  };
  if (!(await take(file, mine)) && !((await removeDead(file, now)) && (await take(file, mine))))
    return undefined;
  const touch = setInterval(() => {
    const at = now() / 1000;
    // It is only a sign of life for other machines; without it the lock is still ours.
    utimes(file, at, at).catch(() => undefined);
  }, TOUCH_MS);
  touch.unref();
  try {
    return { result: await work() };
  } finally {
    clearInterval(touch);
    if (parseOwner(await textOf(file))?.token === token) await rm(file, { force: true });
  }
}

/** Whole or not at all: a lock file that is half written would have no owner. */
async function take(file: string, owner: Owner): Promise<boolean> {
  const fresh = `${file}.${owner.token}`;
  await writeFile(fresh, JSON.stringify(owner), { mode: 0o600 });
  try {
    await link(fresh, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(fresh, { force: true });
  }
}

/** True where the lock is gone now: its owner had died. */
async function removeDead(file: string, now: () => number): Promise<boolean> {
  const text = await textOf(file);
  if (text === undefined) return true;
  if (await lives(file, parseOwner(text), now)) return false;
  // Moved aside first: where somebody else was faster, what is moved is his new lock, and it is put back.
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
  const isDead = (await textOf(aside)) === text;
  if (!isDead) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
  return isDead;
}

async function lives(file: string, owner: Owner | undefined, now: () => number): Promise<boolean> {
  if (owner === undefined) return false;
  if (owner.host !== os.hostname()) {
    const found = await stat(file).catch(() => undefined);
    return found !== undefined && now() - found.mtimeMs < FOREIGN_MS;
  }
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // Of another user: it lives.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const started = await startOf(owner.pid);
  return started === '' || owner.started === '' || started === owner.started;
}

/** Start of a process in ticks since boot, where the system tells it (Linux); else ''. */
async function startOf(pid: number): Promise<string> {
  const text = (await textOf(`/proc/${pid}/stat`)) ?? '';
  // The name of the program, which may hold anything, ends with the last bracket.
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
}

function parseOwner(text: string | undefined): Owner | undefined {
  try {
    const value = JSON.parse(text ?? '') as Partial<Owner> | null;
    const { pid, host, started, token } = value ?? {};
    if (typeof pid !== 'number' || !Number.isInteger(pid) || pid <= 0) return undefined;
    if (typeof host !== 'string' || typeof started !== 'string' || typeof token !== 'string')
      return undefined;
    return { pid, host, started, token };
  } catch {
    return undefined;
  }
}

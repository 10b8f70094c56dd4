import { readFileSync } from 'node:fs';
import os from 'node:os';

/** Who holds a lock; stands as the lock key's value, for people and for the next holder on the same machine. */
export interface Holder {
  host: string;
  pid: number;
  /** Identity of the machine's run and of the process in it, so that a reused process id is not mistaken for the holder. */
  boot?: string;
  started?: string;
  since: string;
}

export function self(): Holder {
  const boot = bootId();
  const started = startOf(process.pid);
  return {
    host: os.hostname(),
    pid: process.pid,
    ...(boot === undefined ? {} : { boot }),
    ...(started === undefined ? {} : { started }),
    since: new Date().toISOString(),
  };
}

/**
 * True only where it is certain that the holder is dead: it ran on this machine, in this run of it, and its process is
 * gone. Its session would end by itself, but only after its time to live; a restarted worker need not wait for that.
 */
export function isGone(value: Uint8Array): boolean {
  let holder: Partial<Holder>;
  try {
    holder = JSON.parse(Buffer.from(value).toString('utf8')) as Partial<Holder>;
  } catch {
    return false;
  }
  const boot = bootId();
  if (holder.host !== os.hostname() || boot === undefined || holder.boot !== boot) return false;
  if (typeof holder.pid !== 'number' || holder.started === undefined) return false;
  return startOf(holder.pid) !== holder.started;
}

function bootId(): string | undefined {
  return readQuietly('/proc/sys/kernel/random/boot_id')?.trim();
}

/** Start time of a process in clock ticks since boot; undefined where there is no such process (or no /proc). */
function startOf(pid: number): string | undefined {
  const stat = readQuietly(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses and may hold anything, spaces and parentheses too.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields?.[0];
  return state === undefined || state === 'Z' || state === 'X' ? undefined : fields?.[19];
}

function readQuietly(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

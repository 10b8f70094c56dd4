import type { GlobalFlags, Io } from '../io.js';
import { run as runWorkers } from './run.js';

interface Flags extends GlobalFlags {
  env?: string[];
  listen?: string;
}

/**
 * The webhook receiver: `run` with the workers that webhooks are for, the mirror and the promoter. Deploys are left to
 * another process, which has rights that one that listens need not have.
 */
export async function run(_args: string[], flags: Flags, io: Io): Promise<number> {
  return runWorkers(['mirror', 'promote'], { ...flags, server: true }, io);
}

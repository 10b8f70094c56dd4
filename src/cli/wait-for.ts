import type { EnvironmentConfig } from '../config/config.js';
import type { Revision } from '../domain/source/revision.js';
import { EXIT } from '../runtime/exit-codes.js';
import { deployExit, deployJson, printDeploy } from './print/deploy.js';
import type { Session } from './compose.js';
import { writeLine, type GlobalFlags } from './io.js';
import { settle } from './settle.js';
import type { Shown } from './shown-session.js';

/** Flags of commands that can wait for what they have begun. */
export interface WaitFlags extends GlobalFlags {
  wait?: boolean;
  /** Seconds. */
  timeout: number;
}

/** Waits until environments run what Git states, showing what happens; the exit code is that of a deploy. */
export async function waitFor(
  environments: readonly EnvironmentConfig[],
  session: Session,
  { timeout, output, revision }: WaitFlags & { revision?: Revision },
  { io, progress }: Shown,
): Promise<number> {
  const codes: number[] = [];
  const results: unknown[] = [];
  for (const environment of environments) {
    const result = await settle(environment, session, {
      timeoutMs: timeout * 1000,
      signal: io.signal,
      ...(progress === undefined ? {} : { progress }),
      ...(revision === undefined ? {} : { revision }),
    });
    codes.push(deployExit(result));
    results.push(deployJson(environment.name, result));
    // What was done here was shown while it was.
    if (progress !== undefined && result.kind !== 'applied') printDeploy(environment.name, result, io);
  }
  if (output === 'json') writeLine(io.stdout, JSON.stringify(results, null, 2));
  return worstOf(codes);
}

/** An error outweighs what is held, and that outweighs changes. */
export function worstOf(codes: readonly number[]): number {
  return [EXIT.error, EXIT.held, EXIT.changes].find((code) => codes.includes(code)) ?? EXIT.done;
}

/** Who asked for something that is no change of a manifest, when, and why. */
export interface Asked {
  by: string;
  /** ISO 8601, UTC. */
  at: string;
  reason?: string;
  /** ISO 8601, UTC: from then on it does not hold any more. */
  until?: string;
}

/** A run of a job that is to be started, or runs that are to be ended. */
export interface AskedRun extends Asked {
  act: 'trigger' | 'kill';
  /** Of a run that is to be started: put after those of the job. */
  args?: string;
}

/** Stands for all jobs of an environment. */
export const EVERY_JOB = '*';

/** `by ann since 2026-01-01T00:00:00Z until 2026-01-02T00:00:00Z: the disk is full`. */
export function askedText({ by, at, reason, until }: Asked): string {
  const end = until === undefined ? '' : ` until ${until}`;
  return `by ${by} since ${at}${end}${reason === undefined ? '' : `: ${reason}`}`;
}

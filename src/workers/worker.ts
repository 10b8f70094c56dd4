/** What every worker offers to its callers: one pass, or passes until it is told to stop. */
export interface Worker<Result> {
  readonly name: string;
  readonly environment: string;
  /** One pass now. */
  once(options: { signal: AbortSignal; dryRun?: boolean; trigger: string }): Promise<Result>;
  /** Passes until the signal fires; holds the worker's lock meanwhile. */
  run(options: { signal: AbortSignal }): Promise<void>;
  /** A hint from outside (webhook, hook): look now, or look at everything. Never carries data. */
  wake(how?: { full?: boolean }): void;
}

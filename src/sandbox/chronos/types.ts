export type Doc = Record<string, unknown>;

/** A job as stored, with the fields that the API shows. */
export type Job = Doc & { name: string };

export interface ChronosState {
  jobs: Record<string, Job>;
  /** Stored, and not listed: what was not loaded yet, and dependents whose parents are missing. */
  ghosts: Record<string, Job>;
  /** Parents that succeeded since a dependent last ran. */
  joined: Record<string, string[]>;
  history: Record<string, { taskId: string; status: string; start: string; end?: string }[]>;
}

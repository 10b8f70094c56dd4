import type { PushEvent } from '../domain/push/index.js';
import type { Waiting } from './kv-store.js';

/** Something that is started by a push: a build, a pipeline, another program. */
export interface BuildTrigger {
  /** As the configuration calls it. */
  readonly name: string;
  /**
   * Starts it for one event, and answers what was started, for people. Throws `unavailable` where it may be tried again,
   * `refused` and `invalid` where that would change nothing. An answer that was lost counts as unavailable: an event may
   * come twice, with the same id.
   */
  start(event: PushEvent, waiting: Waiting): Promise<string>;
}

import type { Log } from '../runtime/log.js';
import { git, type OpenRepository } from './run.js';

/** Commits written in place between two looks at whether the repository should be packed. */
const COMMITS = 500;

/**
 * Has git look after a repository in place now and then, as it does after a push: what is written there by ourselves would
 * otherwise stay in a file for each object. Git decides by its own settings (`gc.auto`) whether there is anything to do,
 * and does it in the background.
 */
export class Upkeep {
  #left = COMMITS;
  #running: Promise<void> | undefined;
  readonly #closing = new AbortController();

  constructor(readonly log: Log) {}

  /** A branch of the repository was moved by us. */
  published(place: OpenRepository): void {
    if (place.remote !== undefined || --this.#left > 0) return;
    this.#left = COMMITS;
    this.#running ??= this.#tidy(place).finally(() => (this.#running = undefined));
  }

  async close(): Promise<void> {
    this.#closing.abort(new DOMException('the repository is closed', 'AbortError'));
    await this.#running;
  }

  async #tidy(place: OpenRepository): Promise<void> {
    try {
      await git(place, ['gc', '--auto', '--quiet'], { signal: this.#closing.signal });
    } catch (error) {
      if (!this.#closing.signal.aborted)
        this.log.warn({ err: error }, 'the repository could not be packed; it is tried again later');
    }
  }
}

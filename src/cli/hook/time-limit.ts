import type { HooksConfig } from '../../config/config.js';
import { DEFAULTS } from '../../config/defaults.js';

/** How long a hook may take, from its beginning: by default until the configuration is known. */
export class TimeLimit {
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout;
  #known = false;
  seconds: number = DEFAULTS.hooks.timeoutSeconds;
  onTimeout: HooksConfig['onTimeout'] = DEFAULTS.hooks.onTimeout;

  constructor() {
    this.#timer = this.#start();
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Counts from now on. The first configuration of a push counts; refs of one push rarely have several. */
  set({ timeoutSeconds, onTimeout }: Pick<HooksConfig, 'timeoutSeconds' | 'onTimeout'>): void {
    if (this.#known) return;
    this.#known = true;
    this.seconds = timeoutSeconds;
    this.onTimeout = onTimeout;
    clearTimeout(this.#timer);
    this.#timer = this.#start();
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #start(): NodeJS.Timeout {
    return setTimeout(
      () => this.#stop.abort(new DOMException('the time of the hook is over', 'AbortError')),
      this.seconds * 1000,
    );
  }
}

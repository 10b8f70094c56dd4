/** A bell: `ring()` ends the current (or the next) `wait()`. Any number of rings before a wait count as one. */
export class Bell {
  #rung = false;
  #waiter: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#waiter?.();
  }

  /** Resolves at the next ring or after `ms`, whichever is first; rejects with the signal's reason. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#rung) {
      await new Promise<void>((resolve, reject) => {
        const done = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', aborted);
          this.#waiter = undefined;
          resolve();
        };
        const aborted = (): void => {
          reject(signal.reason as Error);
          done();
        };
        const timer = setTimeout(done, ms);
        signal.addEventListener('abort', aborted, { once: true });
        this.#waiter = done;
      });
      signal.throwIfAborted();
    }
    this.#rung = false;
  }
}

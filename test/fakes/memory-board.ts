import type { RevisionStatus } from '../../src/domain/record/revision-verdict.js';
import type { StatusBoard } from '../../src/ports/revision-status.js';
import type { TowlineError } from '../../src/runtime/errors.js';

/** A board that keeps what it is told, and fails when it is told to. */
export class MemoryBoard implements StatusBoard {
  readonly name = 'board';
  readonly all: RevisionStatus[] = [];
  failures: TowlineError[] = [];
  /** Waits for this before it answers. */
  until: Promise<void> | undefined;
  tries = 0;

  /** The states, in the order in which it was told of them. */
  get told(): string[] {
    return this.all.map(({ state }) => state);
  }

  async report(status: RevisionStatus, { signal }: { signal: AbortSignal }): Promise<void> {
    this.tries += 1;
    await this.until;
    signal.throwIfAborted();
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    this.all.push(status);
  }
}

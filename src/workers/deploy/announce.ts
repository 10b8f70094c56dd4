import type { Plan } from '../../domain/plan/plan.js';
import type { Outcome } from '../../domain/record/outcome.js';
import { revisionVerdict, type RevisionStatus } from '../../domain/record/revision-verdict.js';
import type { StatusBoard } from '../../ports/revision-status.js';
import { isAbort, kindOf } from '../../runtime/errors.js';
import type { Log } from '../../runtime/log.js';
import { redact } from '../../runtime/redact.js';
import { retry } from '../../runtime/retry.js';

/** How often a status is tried, and the pauses in between: seconds, not minutes. The next pass tries it again anyway. */
const TRIES = { attempts: 4, minMs: 500, maxMs: 5000 };

/**
 * Tells boards how a revision stands. Nothing waits for that: a status that can't be delivered is a warning, and is
 * reported again by the next pass. What is newer takes the place of what is still on its way, and never comes before it.
 */
export class Announcer {
  /** What each board was told last, by its name. */
  readonly #told = new Map<StatusBoard, RevisionStatus>();
  #giveUp = new AbortController();
  #work: Promise<void> = Promise.resolve();

  constructor(
    readonly boards: readonly StatusBoard[],
    readonly log: Log,
    readonly tries: typeof TRIES = TRIES,
  ) {}

  /** A pass begins. */
  begun(plan: Plan): void {
    this.#tell(revisionVerdict(plan));
  }

  /** A pass has ended; without outcomes: there was nothing to do. */
  ended(plan: Plan, outcomes?: readonly Outcome[]): void {
    this.#tell(revisionVerdict(plan, outcomes), { onlyState: outcomes === undefined });
  }

  /** Waits for what is on its way, so long as that is not too long. */
  async settled(waitMs: number): Promise<void> {
    const stop = this.#giveUp;
    const timer = setTimeout(() => stop.abort(), waitMs);
    await this.#work;
    clearTimeout(timer);
  }

  #tell(status: RevisionStatus, { onlyState = false } = {}): void {
    this.#giveUp.abort();
    const giveUp = (this.#giveUp = new AbortController());
    const before = this.#work;
    this.#work = before.then(async () => {
      const behind = this.boards.filter((board) => !isSame(this.#told.get(board), status, onlyState));
      await Promise.all(behind.map((board) => this.#deliver(board, status, giveUp.signal)));
    });
  }

  async #deliver(board: StatusBoard, status: RevisionStatus, signal: AbortSignal): Promise<void> {
    // Until it is known to have arrived, nothing is known of what stands there.
    this.#told.delete(board);
    try {
      // Whatever a scheduler said in it goes to people who may see less than we do.
      const shown = { ...status, description: redact(status.description) };
      await retry(() => board.report(shown, { signal }), { signal, ...this.tries });
      this.#told.set(board, status);
    } catch (error) {
      if (signal.aborted && isAbort(error)) return;
      this.log.warn(
        {
          err: error,
          kind: kindOf(error),
          board: board.name,
          revision: status.revision,
          state: status.state,
        },
        'a status could not be delivered; it is reported again by the next pass',
      );
    }
  }
}

/** Where nothing was to do there is nothing to add to what was said at the end of the pass that did it. */
function isSame(told: RevisionStatus | undefined, status: RevisionStatus, onlyState: boolean): boolean {
  return (
    told !== undefined &&
    told.revision === status.revision &&
    told.state === status.state &&
    (onlyState || told.description === status.description)
  );
}

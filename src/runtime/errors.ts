/** A place in a file; the same shape as the domain's, so that errors can carry one without knowing the domain. */
export interface ErrorPlace {
  file: string;
  line?: number;
  column?: number;
  pointer?: string;
}

/**
 * What a loop does after an error of a kind.
 * invalid: wait until the input changes · refused: wait for a person · conflict: observe again, now, bounded ·
 * unavailable: retry with backoff and jitter, bounded · unknown-outcome: sent, no answer: read back, never resend ·
 * aborted: stop quietly · bug: stop loudly.
 */
export type ErrorKind =
  'invalid' | 'refused' | 'conflict' | 'unavailable' | 'unknown-outcome' | 'aborted' | 'bug';

/** The table that loops follow. `stall`: do nothing until something changes. */
export const NEXT_STEP: Record<ErrorKind, 'stall' | 'again' | 'retry' | 'read-back' | 'stop'> = {
  invalid: 'stall',
  refused: 'stall',
  conflict: 'again',
  unavailable: 'retry',
  'unknown-outcome': 'read-back',
  aborted: 'stop',
  bug: 'stop',
};

export interface TowlineErrorOptions {
  /** What the user can do next. */
  help?: string;
  place?: ErrorPlace;
  cause?: unknown;
  /** More findings of the same kind, for example all diagnostics of a file. Printed below the message. */
  details?: readonly unknown[];
}

/**
 * The one error class at the edges. `code` is stable and documented in docs/errors.md (a test holds both together);
 * `message` is for people and never holds a secret.
 */
export class TowlineError extends Error {
  override readonly name = 'TowlineError';
  readonly help?: string;
  readonly place?: ErrorPlace;
  readonly details?: readonly unknown[];

  constructor(
    readonly code: string,
    readonly kind: ErrorKind,
    message: string,
    options: TowlineErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    if (options.help !== undefined) this.help = options.help;
    if (options.place !== undefined) this.place = options.place;
    if (options.details !== undefined) this.details = options.details;
  }

  /** For `--output json`: what a program can act on; an error's message is not enumerable by itself. */
  toJSON(): object {
    const { code, kind, message, help, place, details } = this;
    return { code, kind, message, help, place, details };
  }
}

/** The kind of anything thrown: our errors say it, an abort is `aborted`, everything else is a bug. */
export function kindOf(error: unknown): ErrorKind {
  if (error instanceof TowlineError) return error.kind;
  if (isAbort(error)) return 'aborted';
  return 'bug';
}

export function isAbort(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name === 'AbortError' || (error as { code?: unknown }).code === 'ABORT_ERR')
  );
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

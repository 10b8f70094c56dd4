import { Writable } from 'node:stream';
import picocolors from 'picocolors';
import type { JobRef } from '../../domain/job/job-ref.js';
import type { DeployProgress } from '../../workers/deploy/index.js';
import { printDiagnostics } from './diagnostics.js';
import { printOutcomes } from './outcomes.js';
import { printPlan } from './plan.js';
import { writeLine, type Io } from '../io.js';

/** Progress for people, and the streams to print to meanwhile. */
export interface ShownProgress extends DeployProgress {
  io: Io;
  /** Also done at the end of a pass that failed: nothing stays on the screen that is not so any more. */
  close(): void;
}

/** One job that is being changed. */
interface Line {
  text: string;
  startedAt: number;
}

const REDRAW_MS = 1000;

/**
 * Shows a deploy while it happens: on a terminal one line for each job under way, with what it is waiting for and for how
 * long; elsewhere a line whenever that changes.
 */
export function showProgress(io: Io, now: () => number = Date.now): ShownProgress {
  return io.stderr.isTTY === true ? new OnTerminal(io, now) : new PlainLines(io, now);
}

class PlainLines implements ShownProgress {
  protected readonly lines = new Map<JobRef, Line>();

  constructor(
    readonly io: Io,
    protected readonly now: () => number,
  ) {}

  planned({ plan, diagnostics, unreadable }: Parameters<DeployProgress['planned']>[0]): void {
    printDiagnostics(diagnostics, this.io.stderr);
    printPlan(plan, this.io);
    for (const [name, reason] of unreadable)
      writeLine(this.io.stderr, `error ${name} could not be read: ${reason}`);
  }

  step(ref: JobRef, text: string): void {
    const line = this.lines.get(ref);
    this.lines.set(ref, { text, startedAt: line?.startedAt ?? this.now() });
    if (line?.text !== text) this.changed(ref);
  }

  ended(outcome: Parameters<DeployProgress['ended']>[0]): void {
    this.lines.delete(outcome.ref);
    printOutcomes([outcome], this.io.stdout);
  }

  close(): void {
    this.lines.clear();
  }

  protected changed(ref: JobRef): void {
    writeLine(this.io.stdout, `  ${this.textOf(ref)}`);
  }

  protected textOf(ref: JobRef): string {
    const line = this.lines.get(ref);
    const seconds = Math.round((this.now() - (line?.startedAt ?? this.now())) / 1000);
    return `${ref}  ${line?.text ?? ''}  ${seconds} s`;
  }
}

/** The lines stand at the end of the screen; whatever else is printed goes above them. */
class OnTerminal extends PlainLines {
  readonly #screen: Io['stderr'];
  readonly #timer: NodeJS.Timeout;
  #drawn = 0;

  constructor(io: Io, now: () => number) {
    const above = (stream: Io['stdout']): Io['stdout'] =>
      Object.assign(
        new Writable({
          decodeStrings: false,
          write: (chunk: string | Uint8Array, _encoding, done) => {
            this.#clear();
            stream.write(chunk);
            this.#draw();
            done();
          },
        }),
        { isTTY: stream.isTTY === true },
      );
    super({ ...io, stdout: above(io.stdout), stderr: above(io.stderr) }, now);
    this.#screen = io.stderr;
    this.#timer = setInterval(() => this.#redraw(), REDRAW_MS);
    // A picture of progress keeps no process alive.
    this.#timer.unref();
  }

  override ended(outcome: Parameters<DeployProgress['ended']>[0]): void {
    super.ended(outcome);
    this.#redraw();
  }

  override close(): void {
    super.close();
    clearInterval(this.#timer);
    this.#clear();
  }

  protected override changed(): void {
    this.#redraw();
  }

  #redraw(): void {
    this.#clear();
    this.#draw();
  }

  #clear(): void {
    if (this.#drawn > 0) this.#screen.write(`\u001b[${this.#drawn}A\u001b[0J`);
    this.#drawn = 0;
  }

  #draw(): void {
    // A terminal that does not know its size says 0.
    const { columns, rows } = this.#screen as { columns?: number; rows?: number };
    const all = [...this.lines.keys()].map((ref) => this.textOf(ref));
    const most = Math.max(1, (rows || 24) - 2);
    const shown = all.length > most ? [...all.slice(0, most - 1), `${all.length - most + 1} more`] : all;
    const { dim } = picocolors.createColors(true);
    for (const text of shown) this.#screen.write(`${dim(`  ${text}`.slice(0, (columns || 80) - 1))}\n`);
    this.#drawn = shown.length;
  }
}

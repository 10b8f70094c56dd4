import { byPlace, type Diagnostic, type Place } from '../../source/diagnostic.js';
import type { Lines } from './lines.js';

/** Errors, and likewise warnings, that are kept of one file: the rest would be more of the same. */
const MOST = 50;

/** What a position in a text is wrong with: collects diagnostics `manifest/CODE` with file, line and column. */
export class Findings {
  /** All errors, also those beyond the ones that are kept. */
  errors = 0;
  #warnings = 0;
  readonly #syntaxLines = new Set<number>();
  readonly #kept: Diagnostic[] = [];

  constructor(
    readonly path: string,
    readonly lines: Lines,
  ) {}

  error(code: string, message: string, offset: number, fix?: string): void {
    this.errors += 1;
    // One slip makes a parser stumble many times: the first of a line is the one that tells.
    if (code === 'syntax') {
      const { line } = this.lines.at(offset);
      if (this.#syntaxLines.has(line)) return;
      this.#syntaxLines.add(line);
    }
    if (this.errors <= MOST) this.#add(code, 'error', message, { offset, fix });
  }

  warning(code: string, message: string, offset: number, fix?: string): void {
    this.#warnings += 1;
    if (this.#warnings <= MOST) this.#add(code, 'warning', message, { offset, fix });
  }

  /** What was found, in the order of the text. */
  get diagnostics(): Diagnostic[] {
    return this.#kept.toSorted(byPlace);
  }

  at(offset: number): Place {
    return { file: this.path, ...this.lines.at(offset) };
  }

  #add(
    code: string,
    severity: Diagnostic['severity'],
    message: string,
    { offset, fix }: { offset: number; fix: string | undefined },
  ): void {
    const place = this.at(offset);
    this.#kept.push({
      code: `manifest/${code}`,
      severity,
      message,
      ...(fix === undefined ? {} : { fix }),
      place,
    });
  }
}

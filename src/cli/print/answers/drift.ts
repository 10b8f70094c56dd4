import picocolors from 'picocolors';
import { counted } from '../../../domain/source/one-line.js';
import type { Drift } from '../../../queries/drift.js';
import { writeLine, type Io } from '../../io.js';
import { plainText, valueText, visibleText } from '../plain-text.js';

/** The drift of one environment. */
export interface FoundDrift {
  environment: string;
  drift: Drift[];
  /** Schedulers that did not answer, with the reason. */
  unreadable: Record<string, string>;
  /** Jobs that are on record as sent. */
  jobs: number;
}

const WORDS: Record<Drift['kind'], string> = {
  changed: 'changed by hand',
  deleted: 'deleted by hand',
  foreign: 'carries the marks of this environment, and was not deployed by Towline',
};

/** What was changed by hand, and what the next deploy does about it. */
export function printDrift(
  { environment, drift, unreadable, jobs }: FoundDrift,
  { stdout, stderr }: Pick<Io, 'stdout' | 'stderr'>,
): void {
  const colors = picocolors.createColors(stdout.isTTY === true);
  writeLine(stdout, colors.bold(environment));
  for (const [name, reason] of Object.entries(unreadable))
    writeLine(stderr, `error ${name} could not be read: ${plainText(reason)}`);
  for (const { ref, kind, fields, effect } of drift) {
    writeLine(stdout, `  ${colors.yellow('~')} ${colors.bold(visibleText(ref))}  ${WORDS[kind]}`);
    if (effect !== undefined)
      writeLine(stdout, `      ${colors.dim(`the next deploy puts it back: ${plainText(effect)}`)}`);
    for (const { pointer, before, after } of fields)
      writeLine(
        stdout,
        `      ${visibleText(pointer)}: ${colors.green(valueText(after))} -> ${colors.red(valueText(before))}`,
      );
  }
  if (drift.length === 0)
    writeLine(
      stdout,
      `  ${colors.green('no drift')}: ${counted(jobs, 'job is', 'jobs are')} as ${jobs === 1 ? 'it was' : 'they were'} sent`,
    );
}

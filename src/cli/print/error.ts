import picocolors from 'picocolors';
import { TowlineError, messageOf } from '../../runtime/errors.js';
import { redact } from '../../runtime/redact.js';
import { writeLine, type Io } from '../io.js';
import { visibleText } from './plain-text.js';

/** Prints an error for people: where, what, why, what to do. An error that is not ours is a bug and shows its stack. */
export function printError(error: unknown, { stderr }: Pick<Io, 'stderr'>): void {
  const colors = picocolors.createColors(stderr.isTTY === true);
  if (!(error instanceof TowlineError)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    writeLine(stderr, redact(`${colors.red('towline: this is a bug:')} ${lines(stack)}`));
    return;
  }
  const place = error.place === undefined ? '' : `${visibleText(placeOf(error.place))}: `;
  writeLine(
    stderr,
    redact(`${colors.red('error')} ${place}${lines(error.message)} ${colors.dim(`[${error.code}]`)}`),
  );
  for (const cause of causes(error)) writeLine(stderr, redact(`  because: ${lines(cause)}`));
  for (const detail of error.details?.slice(0, 20) ?? [])
    writeLine(stderr, redact(`  - ${lines(detailText(detail))}`));
  if (error.help !== undefined) writeLine(stderr, redact(`  ${colors.cyan('help')}: ${lines(error.help)}`));
}

/** What others said may have several lines, but nothing that a terminal obeys. */
function lines(text: string): string {
  return text
    .split('\n')
    .map((line) => (/^ */.exec(line)?.[0] ?? '') + visibleText(line))
    .join('\n');
}

function causes(error: Error): string[] {
  const texts: string[] = [];
  let cause: unknown = error.cause;
  for (let depth = 0; cause !== undefined && depth < 4; depth++) {
    const text = messageOf(cause);
    if (text !== '' && !error.message.includes(text) && !texts.includes(text)) texts.push(text);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return texts;
}

function placeOf({ file, line, column }: { file: string; line?: number; column?: number }): string {
  return line === undefined ? file : `${file}:${line}:${column ?? 1}`;
}

function detailText(detail: unknown): string {
  if (typeof detail === 'string') return detail;
  if (
    typeof detail === 'object' &&
    detail !== null &&
    'message' in detail &&
    typeof detail.message === 'string'
  ) {
    const place =
      'place' in detail ? (detail.place as { file: string; line?: number; column?: number }) : undefined;
    return place === undefined ? detail.message : `${placeOf(place)}: ${detail.message}`;
  }
  return JSON.stringify(detail);
}

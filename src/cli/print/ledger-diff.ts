import picocolors from 'picocolors';
import { short } from '../../domain/source/revision.js';
import type { LedgerDiff } from '../../queries/ledger-diff.js';
import { writeLine, type Io } from '../io.js';

/** What was sent at one entry and not at the other, field by field. */
export function printLedgerDiff(
  environment: string,
  { from, to, added, removed, changed, same }: LedgerDiff,
  { stdout }: Io,
): void {
  const colors = picocolors.createColors(stdout.isTTY === true);
  writeLine(stdout, colors.bold(`${environment}: ${short(from.commit)} -> ${short(to.commit)}`));
  writeLine(stdout, `  ${from.at} -> ${to.at}, revision ${short(from.revision)} -> ${short(to.revision)}`);
  for (const { path } of removed) writeLine(stdout, `  ${colors.red('-')} ${colors.bold(path)}`);
  for (const { path } of added) writeLine(stdout, `  ${colors.green('+')} ${colors.bold(path)}`);
  for (const { path, fields } of changed) {
    writeLine(stdout, `  ${colors.yellow('~')} ${colors.bold(path)}`);
    for (const { pointer, before, after } of fields)
      writeLine(
        stdout,
        `      ${pointer || '/'}: ${colors.red(valueText(before))} -> ${colors.green(valueText(after))}`,
      );
  }
  writeLine(
    stdout,
    `  ${same} the same, ${changed.length} differ, ${removed.length} removed, ${added.length} added`,
  );
}

/** A value on one line, not too long. */
export function valueText(value: unknown): string {
  if (value === undefined) return '(absent)';
  const text = JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 97)}...` : text;
}

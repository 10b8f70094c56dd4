import picocolors from 'picocolors';
import { short } from '../../../domain/source/revision.js';
import type { LedgerDiff } from '../../../queries/ledger-diff.js';
import { writeLine, type Io } from '../../io.js';
import { plainText } from '../plain-text.js';
import { fieldText } from './field-text.js';
import { differText } from './compared-sets.js';

/** What was sent at one entry and not at the other, field by field. */
export function printLedgerDiff(
  environment: string,
  { from, to, added, removed, changed, same }: LedgerDiff,
  { stdout }: Pick<Io, 'stdout'>,
): void {
  const colors = picocolors.createColors(stdout.isTTY === true);
  writeLine(stdout, colors.bold(`${environment}: ${short(from.commit)} -> ${short(to.commit)}`));
  writeLine(stdout, `  ${from.at} -> ${to.at}, revision ${short(from.revision)} -> ${short(to.revision)}`);
  for (const { path } of removed) writeLine(stdout, `  ${colors.red('-')} ${colors.bold(plainText(path))}`);
  for (const { path } of added) writeLine(stdout, `  ${colors.green('+')} ${colors.bold(plainText(path))}`);
  for (const { path, fields } of changed) {
    writeLine(stdout, `  ${colors.yellow('~')} ${colors.bold(plainText(path))}`);
    for (const field of fields) writeLine(stdout, `      ${fieldText(field, colors)}`);
  }
  const counts = [`${same} the same`, differText(changed.length)];
  writeLine(stdout, `  ${[...counts, `${removed.length} removed`, `${added.length} added`].join(', ')}`);
}

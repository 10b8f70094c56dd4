import picocolors from 'picocolors';
import { short } from '../../../domain/source/revision.js';
import type { Blame, BlamedField } from '../../../queries/blame.js';
import { writeLine, type Io } from '../../io.js';
import { plainText, valueText } from '../plain-text.js';
import { table } from '../table.js';

/** Prints each field with the commit, its author, the entry and the approvals behind it. */
export function printBlame({ ref, environment, fields }: Blame, { stdout }: Pick<Io, 'stdout'>): void {
  const colors = picocolors.createColors(stdout.isTTY === true);
  writeLine(stdout, `${colors.bold(plainText(ref))} in ${environment}`);
  const rows = fields.map((field) => [
    colors.yellow(field.commit === undefined ? '-'.repeat(10) : short(field.commit.revision)),
    plainText(field.commit?.by ?? '') || colors.dim(plainText(field.unstated ?? '')),
    field.commit?.at.slice(0, 10) ?? '',
    sentText(field),
    `${plainText(field.pointer) || '/'} = ${valueText(field.value)}`,
  ]);
  for (const line of table(rows)) writeLine(stdout, `  ${line}`);
}

function sentText({ entry, approvals }: BlamedField): string {
  if (entry === undefined) return '';
  const approved =
    approvals.length === 0 ? '' : `, approved by ${approvals.map(({ by }) => by).join(' and ')}`;
  return plainText(`sent ${short(entry.commit)} ${entry.at}${approved}`);
}

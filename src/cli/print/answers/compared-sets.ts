import picocolors from 'picocolors';
import type { ComparedJob, ComparedSets } from '../../../domain/job/compare-sets.js';
import type { Job } from '../../../domain/job/job.js';
import { writeLine, type Io } from '../../io.js';
import { plainText } from '../plain-text.js';
import { fieldText } from './field-text.js';

/** Jobs that both sides have and that are not the same. */
export function differing({ both }: ComparedSets): ComparedJob[] {
  return both.filter(({ before, after, fields }) => fields.length > 0 || before.ref !== after.ref);
}

/** Prints two environments job by job, each field with the places that state it. The counts come last, where one looks. */
export function printComparedSets(
  [left, right]: readonly [left: string, right: string],
  compared: ComparedSets,
  { stdout }: Pick<Io, 'stdout'>,
): void {
  const colors = picocolors.createColors(stdout.isTTY === true);
  const { onlyBefore, onlyAfter, both } = compared;
  const differ = differing(compared);
  const alone = (mark: string, job: Job, side: string): string =>
    `  ${mark} ${colors.bold(plainText(job.ref))}${colors.dim(`  only in ${side}: ${filesOf(job)}`)}`;
  writeLine(stdout, colors.bold(`${left} -> ${right}`));
  for (const job of onlyBefore) writeLine(stdout, alone(colors.red('-'), job, left));
  for (const job of onlyAfter) writeLine(stdout, alone(colors.green('+'), job, right));
  for (const { before, after, fields } of differ) {
    const named = before.ref === after.ref ? before.ref : `${before.ref} -> ${after.ref}`;
    writeLine(stdout, `  ${colors.yellow('~')} ${colors.bold(plainText(named))}`);
    for (const { beforeAt, afterAt, ...field } of fields) {
      const places = `${beforeAt ?? `not in ${left}`} -> ${afterAt ?? `not in ${right}`}`;
      writeLine(stdout, `      ${fieldText(field, colors)}`);
      writeLine(stdout, `          ${colors.dim(plainText(places))}`);
    }
  }
  const counts = [
    `${both.length - differ.length} the same`,
    differText(differ.length),
    `${onlyBefore.length} only in ${left}`,
    `${onlyAfter.length} only in ${right}`,
  ];
  writeLine(stdout, `  ${counts.join(', ')}`);
}

/** `1 differs`, `2 differ`. */
export function differText(count: number): string {
  return `${count} ${count === 1 ? 'differs' : 'differ'}`;
}

function filesOf({ source }: Job): string {
  return plainText(source.files.join(', '));
}

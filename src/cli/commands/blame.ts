import picocolors from 'picocolors';
import { short } from '../../domain/source/revision.js';
import { readBlame, type Blame, type BlamedField } from '../../queries/blame.js';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { withSession } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { valueText } from '../print/ledger-diff.js';
import { table } from '../print/table.js';

interface Flags extends GlobalFlags {
  env?: string;
}

/** Who gave each field of a job the value that was sent last, like git blame. */
export async function run([job = '', at = '']: string[], flags: Flags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const all: Blame[] = [];
    for (const environment of session.environments(flags.env === undefined ? [] : [flags.env])) {
      const sources = {
        layout: session.layout(environment),
        releasesPrefix: session.releasesPrefix,
        branch: environment.branch,
        layers: environment.layers,
        kv: await session.kv(),
        ledger: await session.ledger(environment),
        repository: await session.repository(),
        schedulers: await session.schedulers(environment),
        models: session.models(environment),
      };
      const blame = await readBlame({ job, at }, sources, io.signal);
      if (blame !== undefined) all.push(blame);
    }
    if (all.length === 0) {
      const field = at === '' ? '' : ` with a field ${at}`;
      throw new TowlineError('blame-unknown', 'invalid', `nothing is on record of a job "${job}"${field}`, {
        help: 'Ask for a job (marathon:/shop/web) or its id, and a JSON pointer of what was sent (/env/LEVEL). towline status lists the jobs.',
      });
    }
    if (flags.output === 'json') writeLine(io.stdout, JSON.stringify(all, null, 2));
    else for (const each of all) print(each, io);
    return EXIT.done;
  });
}

function print({ ref, environment, fields }: Blame, { stdout }: Io): void {
  const colors = picocolors.createColors(stdout.isTTY === true);
  writeLine(stdout, `${colors.bold(ref)} in ${environment}`);
  const rows = fields.map((field) => [
    colors.yellow(field.commit === undefined ? '-'.repeat(10) : short(field.commit.revision)),
    field.commit?.by ?? colors.dim(field.unstated ?? ''),
    field.commit?.at.slice(0, 10) ?? '',
    sentText(field),
    `${field.pointer || '/'} = ${valueText(field.value)}`,
  ]);
  for (const line of table(rows)) writeLine(stdout, `  ${line}`);
}

function sentText({ entry, approvals }: BlamedField): string {
  if (entry === undefined) return '';
  const approved =
    approvals.length === 0 ? '' : `, approved by ${approvals.map(({ by }) => by).join(' and ')}`;
  return `sent ${short(entry.commit)} ${entry.at}${approved}`;
}

import { compareSets, type ComparedSets } from '../../domain/job/compare-sets.js';
import type { Job } from '../../domain/job/job.js';
import { hasErrors } from '../../domain/source/diagnostic.js';
import { declaredJobs } from '../../queries/declared.js';
import { isEntryId, readLedgerDiff } from '../../queries/ledger-diff.js';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { withSession, type Session } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { differing, printComparedSets } from '../print/answers/compared-sets.js';
import { printLedgerDiff } from '../print/answers/ledger-diff.js';
import { jsonText } from '../print/plain-text.js';
import { printDiagnostics } from '../print/diagnostics.js';
import { readLayers } from '../sources.js';

interface Flags extends GlobalFlags {
  revision?: string;
  exitCode?: boolean;
}

/** Compares two environments job by job, as their layers make them; or what was sent at two entries of a ledger. */
export async function run([left = '', right = '']: string[], flags: Flags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const names = session.environments().map(({ name }) => name);
    // The name of an environment is never taken for the id of an entry.
    if (isEntryId(left) && isEntryId(right) && !names.includes(left) && !names.includes(right))
      return diffEntries(left, right, session, flags, io);
    const sides = [await jobsOf(left, session, flags, io), await jobsOf(right, session, flags, io)];
    const compared = compareSets(sides[0]?.jobs ?? [], sides[1]?.jobs ?? []);
    if (flags.output === 'json') writeLine(io.stdout, jsonText(asJson(compared), 2));
    else printComparedSets([left, right], compared, io);
    if (sides.some(({ broken }) => broken)) return EXIT.error;
    const differs = compared.onlyBefore.length + compared.onlyAfter.length + differing(compared).length > 0;
    return differs && flags.exitCode === true ? EXIT.changes : EXIT.done;
  });
}

async function jobsOf(
  name: string,
  session: Session,
  { revision }: Flags,
  io: Io,
): Promise<{ jobs: Job[]; broken: boolean }> {
  const [environment] = session.environments([name]);
  if (environment === undefined) return { jobs: [], broken: true };
  const layers = await readLayers(environment, session, revision, io.signal);
  const { jobs, rejected, diagnostics } = declaredJobs(layers, session.models(environment), {
    rules: environment.rules,
  });
  const secrets = session.secrets(environment);
  const all = [...jobs, ...rejected].map((job: Job) => secrets.job(job));
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  printDiagnostics(errors, io.stderr);
  return { jobs: all, broken: hasErrors(errors) };
}

async function diffEntries(
  left: string,
  right: string,
  session: Session,
  flags: Flags,
  io: Io,
): Promise<number> {
  for (const environment of session.environments()) {
    const ledger = await session.ledger(environment);
    const compared = await readLedgerDiff(left, right, ledger, io.signal);
    if (compared === undefined) continue;
    const { added, removed, changed } = compared;
    if (flags.output === 'json')
      writeLine(io.stdout, jsonText({ environment: environment.name, ...compared }, 2));
    else printLedgerDiff(environment.name, compared, io);
    const differs = added.length + removed.length + changed.length > 0;
    return differs && flags.exitCode === true ? EXIT.changes : EXIT.done;
  }
  throw new TowlineError('ledger-entry-unknown', 'invalid', `no ledger has entries ${left} and ${right}`, {
    help: 'Both have to be entries of the same ledger; towline history lists them.',
  });
}

function asJson(compared: ComparedSets): unknown {
  const named = ({ ref, source, spec }: Job): object => ({ ref, files: source.files, spec });
  return {
    same: compared.both.length - differing(compared).length,
    differ: differing(compared).map(({ before, after, fields }) => ({
      before: before.ref,
      after: after.ref,
      fields,
    })),
    onlyBefore: compared.onlyBefore.map(named),
    onlyAfter: compared.onlyAfter.map(named),
  };
}

import { hasErrors } from '../../domain/source/diagnostic.js';
import { counted } from '../../domain/source/one-line.js';
import { ManifestCache } from '../../queries/declared.js';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { checkPaths, checkRange, checkRevision, checkWorkTree, type Checks } from '../checked-sets.js';
import { withSession } from '../compose.js';
import { reportsAsked, withCommands, writeReports, type AnnotateFor } from '../annotations.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { ParseCache } from '../parse-cache.js';
import { countText, printDiagnostics } from '../print/diagnostics.js';
import { REPORTS, type Checked, type ReportForm } from '../print/reports/index.js';

interface Flags extends Omit<GlobalFlags, 'output'> {
  env?: string;
  revision?: string;
  range?: string;
  stdinName: string;
  cache: boolean;
  output: 'text' | ReportForm;
  annotate?: AnnotateFor;
  report?: string[];
}

/**
 * Checks manifests: paths of the work tree, standard input (`-`), each environment's folders in the work tree, at a
 * revision, or what a range of revisions changed.
 */
export async function run(paths: string[], flags: Flags, io: Io): Promise<number> {
  const given = [paths.length > 0, flags.revision !== undefined, flags.range !== undefined].filter(Boolean);
  if (given.length > 1)
    throw new TowlineError('validate-what', 'invalid', 'paths, --revision and --range exclude each other', {
      help: 'Give one of them.',
    });
  const asked = reportsAsked(flags, io.env);
  const { output: _output, ...globals } = flags;
  return withSession(
    globals,
    io,
    async (session) => {
      const store = flags.cache ? await ParseCache.open(session.home, io.env) : undefined;
      const sets = await checkedSets(paths, flags, { session, io, cache: new ManifestCache(store) });
      await store?.save();
      if (flags.output !== 'text') io.stdout.write(REPORTS[flags.output](sets));
      else withCommands(asked.commands, sets, io, () => sets.forEach((set) => print(set, io)));
      await writeReports(asked.files, sets, io);
      return sets.some(({ diagnostics }) => hasErrors(diagnostics)) ? EXIT.error : EXIT.done;
    },
    { optional: paths.length > 0 },
  );
}

async function checkedSets(paths: string[], flags: Flags, checks: Checks): Promise<Checked[]> {
  const { env, revision, range } = flags;
  if (paths.length > 0) return checkPaths(paths, flags, checks);
  const sets: Checked[] = [];
  for (const environment of checks.session.environments(env === undefined ? [] : [env])) {
    if (range !== undefined) sets.push(await checkRange(range, environment, checks));
    else if (revision !== undefined) sets.push(await checkRevision(revision, environment, checks));
    else sets.push(await checkWorkTree(environment, checks));
  }
  return sets;
}

function print({ name, files, jobs, diagnostics }: Checked, io: Io): void {
  printDiagnostics(diagnostics, io.stdout);
  writeLine(
    io.stdout,
    `${name}: ${counted(files.length, 'file')}, ${counted(jobs, 'valid job')}, ${countText(diagnostics)}`,
  );
}

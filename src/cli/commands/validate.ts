import { text as readAll } from 'node:stream/consumers';
import type { EnvironmentConfig } from '../../config/config.js';
import { EVERY_RULE } from '../../domain/job/validate/rule-policy.js';
import { hasErrors } from '../../domain/source/diagnostic.js';
import type { Revision } from '../../domain/source/revision.js';
import { affectedFiles } from '../../queries/affected.js';
import { declaredJobs, type Models } from '../../queries/declared.js';
import { manifestsAt } from '../../queries/revision-files.js';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { SCHEDULER_KINDS } from '../../schedulers/registry.js';
import { withSession, type Session } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { countText, printDiagnostics } from '../print/diagnostics.js';
import { REPORTS, type Checked, type ReportForm } from '../print/reports/index.js';
import { readWorkTree } from '../work-tree.js';

interface Flags extends Omit<GlobalFlags, 'output'> {
  env?: string;
  revision?: string;
  range?: string;
  stdinName: string;
  output: 'text' | ReportForm;
}

interface File {
  path: string;
  id?: string;
  bytes: Uint8Array;
}

/**
 * Checks manifests: paths of the work tree as one set, standard input (`-`), each environment's folder in the work tree,
 * at a revision, or what a range of revisions changed.
 */
export async function run(paths: string[], flags: Flags, io: Io): Promise<number> {
  const given = [paths.length > 0, flags.revision !== undefined, flags.range !== undefined].filter(Boolean);
  if (given.length > 1)
    throw new TowlineError('validate-what', 'invalid', 'paths, --revision and --range exclude each other', {
      help: 'Give one of them.',
    });
  const { output: _output, ...globals } = flags;
  return withSession(
    globals,
    io,
    async (session) => {
      const sets = await checkedSets(paths, flags, session, io);
      if (flags.output === 'text') for (const set of sets) print(set, io);
      else io.stdout.write(REPORTS[flags.output](sets));
      return sets.some(({ diagnostics }) => hasErrors(diagnostics)) ? EXIT.error : EXIT.done;
    },
    { optional: paths.length > 0 },
  );
}

async function checkedSets(paths: string[], flags: Flags, session: Session, io: Io): Promise<Checked[]> {
  const { env, revision, range } = flags;
  if (paths.length > 0) {
    const named = env === undefined ? undefined : session.environments([env])[0];
    const models = named === undefined ? everyModel() : session.models(named);
    return [check(paths.join(' '), await filesOf(paths, flags, io), models, named?.rules)];
  }
  const sets: Checked[] = [];
  for (const environment of session.environments(env === undefined ? [] : [env])) {
    if (range !== undefined) sets.push(await checkRange(range, environment, session, io));
    else if (revision !== undefined) sets.push(await checkRevision(revision, environment, session, io));
    else {
      const files = await readWorkTree([environment.folder === '' ? '.' : environment.folder], session.home);
      sets.push(check(environment.name, files, session.models(environment), environment.rules));
    }
  }
  return sets;
}

async function filesOf(paths: string[], { stdinName }: Flags, io: Io): Promise<File[]> {
  const named = paths.filter((each) => each !== '-');
  const files: File[] = named.length === 0 ? [] : await readWorkTree(named, io.cwd);
  if (named.length < paths.length)
    files.push({ path: stdinName, bytes: Buffer.from(await readAll(io.stdin)) });
  return files;
}

async function checkRevision(
  name: string,
  environment: EnvironmentConfig,
  session: Session,
  { signal }: Io,
): Promise<Checked> {
  const revision = await resolved(name, session, signal);
  const files = await manifestsAt(await session.repository(), revision, environment.folder, signal);
  return check(environment.name, files, session.models(environment), environment.rules);
}

/** Only what the range changed, and what depends on it; the rest of the environment is known, but not judged. */
async function checkRange(
  range: string,
  environment: EnvironmentConfig,
  session: Session,
  { signal }: Io,
): Promise<Checked> {
  const [from = '', to = '', ...more] = range.split(/\.{2,3}/);
  if (from === '' || more.length > 0)
    throw new TowlineError('validate-range', 'invalid', `"${range}" is no range`, {
      help: 'Write it as FROM..TO, for example origin/main..HEAD.',
    });
  const repository = await session.repository();
  const ends = [
    await resolved(from, session, signal),
    await resolved(to === '' ? 'HEAD' : to, session, signal),
  ];
  const models = session.models(environment);
  const [before = [], after = []] = await Promise.all(
    ends.map((end) => manifestsAt(repository, end, environment.folder, signal)),
  );
  const judged = declaredJobs(after, models, { rules: environment.rules });
  const ids = [before, after].map((files) => new Map(files.map(({ path, id }) => [path, id])));
  const changed = new Set(
    [...before, ...after].map(({ path }) => path).filter((path) => ids[0]?.get(path) !== ids[1]?.get(path)),
  );
  const affected = affectedFiles(changed, [...declaredJobs(before, models).jobs, ...judged.jobs], models);
  return {
    name: environment.name,
    files: after.map(({ path }) => path).filter((path) => affected.has(path)),
    jobs: judged.jobs.filter(({ source }) => affected.has(source.file)).length,
    diagnostics: judged.diagnostics.filter(({ place }) => affected.has(place.file)),
  };
}

async function resolved(name: string, session: Session, signal: AbortSignal): Promise<Revision> {
  const repository = await session.repository();
  await repository.fetch({ signal });
  const revision = await repository.resolveExpression(name, { signal });
  if (revision !== undefined) return revision;
  throw new TowlineError('revision-missing', 'invalid', `${repository.location} has no revision "${name}"`, {
    help: 'Check the name.',
  });
}

function check(name: string, files: readonly File[], models: Models, rules = EVERY_RULE): Checked {
  const { jobs, diagnostics } = declaredJobs(files, models, { rules });
  return { name, files: files.map(({ path }) => path), jobs: jobs.length, diagnostics };
}

/** Without an environment every scheduler that Towline knows may be meant. */
function everyModel(): Models {
  return new Map(
    [...SCHEDULER_KINDS].map(([kind, { model }]) => [kind, { model, context: { settings: {} } }]),
  );
}

function print({ name, files, jobs, diagnostics }: Checked, io: Io): void {
  printDiagnostics(diagnostics, io.stdout);
  writeLine(io.stdout, `${name}: ${files.length} files, ${jobs} valid jobs, ${countText(diagnostics)}`);
}

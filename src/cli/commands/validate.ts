import type { Diagnostic } from '../../domain/source/diagnostic.js';
import { hasErrors } from '../../domain/source/diagnostic.js';
import { declaredJobs, type Models } from '../../queries/declared.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { SCHEDULER_KINDS } from '../../schedulers/registry.js';
import { withSession, type Session } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { countText, printDiagnostics } from '../print/diagnostics.js';
import { readWorkTree } from '../work-tree.js';

interface Flags extends GlobalFlags {
  env?: string;
}

interface Checked {
  name: string;
  files: number;
  jobs: number;
  diagnostics: Diagnostic[];
}

/** Checks manifests of the work tree: the paths given as one set, or each environment's folder. */
export async function run(paths: string[], flags: Flags, io: Io): Promise<number> {
  return withSession(
    flags,
    io,
    async (session) => {
      const sets =
        paths.length > 0
          ? [await checkPaths(paths, session, flags, io)]
          : await checkEnvironments(session, flags);
      if (flags.output === 'json') writeLine(io.stdout, JSON.stringify(sets, null, 2));
      else for (const set of sets) print(set, io);
      return sets.some(({ diagnostics }) => hasErrors(diagnostics)) ? EXIT.error : EXIT.done;
    },
    { optional: paths.length > 0 },
  );
}

async function checkPaths(paths: string[], session: Session, flags: Flags, io: Io): Promise<Checked> {
  const environment = flags.env === undefined ? undefined : session.environments([flags.env])[0];
  const models = environment === undefined ? everyModel() : session.models(environment);
  return check(paths.join(' '), await readWorkTree(paths, io.cwd), models);
}

async function checkEnvironments(session: Session, { env }: Flags): Promise<Checked[]> {
  const sets: Checked[] = [];
  for (const environment of session.environments(env === undefined ? [] : [env])) {
    const files = await readWorkTree([environment.folder === '' ? '.' : environment.folder], session.home);
    sets.push(check(environment.name, files, session.models(environment)));
  }
  return sets;
}

function check(name: string, files: { path: string; bytes: Uint8Array }[], models: Models): Checked {
  const { jobs, diagnostics } = declaredJobs(files, models);
  return { name, files: files.length, jobs: jobs.length, diagnostics };
}

/** Without an environment every scheduler that Towline knows may be meant. */
function everyModel(): Models {
  return new Map(
    [...SCHEDULER_KINDS].map(([kind, { model }]) => [kind, { model, context: { settings: {} } }]),
  );
}

function print({ name, files, jobs, diagnostics }: Checked, io: Io): void {
  printDiagnostics(diagnostics, io.stdout);
  writeLine(io.stdout, `${name}: ${files} files, ${jobs} valid jobs, ${countText(diagnostics)}`);
}

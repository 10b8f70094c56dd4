import picocolors from 'picocolors';
import type { EnvironmentConfig } from '../../config/config.js';
import { jobGraph, type JobGraph } from '../../domain/job/job-graph.js';
import { isCalled } from '../../domain/job/job-ref.js';
import type { Job } from '../../domain/job/job.js';
import { hasErrors, type Diagnostic } from '../../domain/source/diagnostic.js';
import { declaredJobs } from '../../queries/declared.js';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { withSession, type Session } from '../compose.js';
import { oneEnvironment } from '../give-order.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { printDiagnostics } from '../print/diagnostics.js';
import { graphDot } from '../print/graph/dot.js';
import { graphSvg } from '../print/graph/svg.js';
import { graphLines } from '../print/graph/text.js';
import { readLayers } from '../sources.js';

interface Flags extends GlobalFlags {
  env?: string;
  revision?: string;
  format: 'text' | 'dot' | 'svg';
}

/** Draws which jobs of an environment come after which, as Git states them. */
export async function run([asked]: string[], flags: Flags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const environment = oneEnvironment(session, flags.env);
    const { jobs, errors } = await stated(environment, session, flags, io.signal);
    const around = asked === undefined ? undefined : jobs.find((job) => isCalled(job, asked));
    if (asked !== undefined && around === undefined)
      throw new TowlineError('job-unknown', 'invalid', `${environment.name} has no job "${asked}"`, {
        help: `towline render ${environment.name} shows all of them.`,
      });
    const models = session.models(environment);
    const graph = jobGraph(
      jobs,
      (job) => models.get(job.scheduler)?.model.dependencies(job, jobs) ?? [],
      around?.ref,
    );
    if (flags.output === 'json') writeLine(io.stdout, JSON.stringify(graph, null, 2));
    else if (flags.format === 'dot') io.stdout.write(graphDot(graph, environment.name));
    else if (flags.format === 'svg') io.stdout.write(graphSvg(graph, environment.name));
    else print(graph, io);
    printDiagnostics(errors, io.stderr);
    return hasErrors(errors) ? EXIT.error : EXIT.done;
  });
}

async function stated(
  environment: EnvironmentConfig,
  session: Session,
  { revision }: Flags,
  signal: AbortSignal,
): Promise<{ jobs: Job[]; errors: Diagnostic[] }> {
  const layers = await readLayers(environment, session, revision, signal);
  const { jobs, rejected, diagnostics } = declaredJobs(layers, session.models(environment), {
    rules: environment.rules,
  });
  const all = [...jobs, ...rejected];
  for (const job of all) session.secrets(environment).learn(job);
  return {
    jobs: all,
    errors: diagnostics.filter(({ severity }) => severity === 'error'),
  };
}

function print(graph: JobGraph, { stdout }: Io): void {
  const colors = picocolors.createColors(stdout.isTTY === true);
  if (graph.nodes.length === 0) writeLine(stdout, 'no job comes after another one');
  for (const { lead, ref, note } of graphLines(graph))
    writeLine(stdout, `${colors.dim(lead)}${ref}${note === '' ? '' : `  ${colors.dim(note)}`}`);
}

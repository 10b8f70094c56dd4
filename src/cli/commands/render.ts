import type { Job } from '../../domain/job/job.js';
import { isCalled, type JobRef } from '../../domain/job/job-ref.js';
import { hasErrors } from '../../domain/source/diagnostic.js';
import { declaredJobs } from '../../queries/declared.js';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { withSession } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { printDiagnostics } from '../print/diagnostics.js';
import { originsOf, renderedJob } from '../print/rendered.js';
import { readLayers } from '../sources.js';

interface Flags extends GlobalFlags {
  revision?: string;
}

/** Prints the jobs of an environment as its layers make them, each value with the place that says it. */
export async function run([name = '', asked]: string[], flags: Flags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const [environment] = session.environments([name]);
    if (environment === undefined) return EXIT.error;
    const layers = await readLayers(environment, session, flags.revision, io.signal);
    const { jobs, rejected, diagnostics } = declaredJobs(layers, session.models(environment), {
      rules: environment.rules,
    });
    const secrets = session.secrets(environment);
    const all = [...jobs, ...rejected]
      .map((job: Job) => secrets.job(job))
      .sort((a, b) => (a.ref < b.ref ? -1 : 1));
    const shown = asked === undefined ? all : all.filter((job) => isCalled(job, asked));
    if (asked !== undefined && shown.length === 0)
      throw new TowlineError('job-unknown', 'invalid', `${name} has no job "${asked}"`, {
        help: `towline render ${name} shows all of them.`,
      });
    const refused = new Set<JobRef>(rejected.map(({ ref }) => ref));
    if (flags.output === 'json')
      writeLine(
        io.stdout,
        JSON.stringify(
          shown.map((job) => ({
            ref: job.ref,
            kind: job.kind,
            valid: !refused.has(job.ref),
            files: job.source.files,
            spec: job.spec,
            origins: originsOf(job),
          })),
          null,
          2,
        ),
      );
    else io.stdout.write(shown.map((job) => renderedJob(job, io)).join('---\n'));
    const files = new Set(shown.flatMap(({ source }) => source.files));
    const errors = diagnostics.filter(
      ({ severity, place }) => severity === 'error' && (asked === undefined || files.has(place.file)),
    );
    printDiagnostics(errors, io.stderr);
    return hasErrors(errors) ? EXIT.error : EXIT.done;
  });
}

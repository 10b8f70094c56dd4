import type { EnvironmentConfig } from '../../config/config.js';
import { isCalled, type JobRef } from '../../domain/job/job-ref.js';
import type { JobKind } from '../../domain/job/job.js';
import type { JsonObject } from '../../domain/source/json.js';
import { declaredJobs } from '../../queries/declared.js';
import { readLive } from '../../queries/live.js';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { systemClock } from '../../runtime/system-clock.js';
import { withSession, type Session } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { printNext, type NextRuns } from '../print/answers/next.js';
import { jsonText } from '../print/plain-text.js';
import { readLayers } from '../sources.js';

interface Flags extends GlobalFlags {
  env?: string;
  limit: number;
}

/** The coming runs of a job, in its own zone: of the live one, or of Git's where it is not live yet. */
export async function run([asked = '']: string[], flags: Flags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const found: NextRuns[] = [];
    for (const environment of session.environments(flags.env === undefined ? [] : [flags.env]))
      found.push(...(await look(environment, asked, flags.limit, session, io.signal)));
    if (found.length === 0)
      throw new TowlineError('job-unknown', 'invalid', `there is no job "${asked}"`, {
        help: 'towline status lists the jobs that are live, towline render ENV those of Git.',
      });
    if (flags.output === 'json') writeLine(io.stdout, jsonText(found, 2));
    else for (const each of found) printNext(each, io, systemClock.now());
    return EXIT.done;
  });
}

async function look(
  environment: EnvironmentConfig,
  asked: string,
  limit: number,
  session: Session,
  signal: AbortSignal,
): Promise<NextRuns[]> {
  const models = session.models(environment);
  const answer = (job: { ref: JobRef; kind: JobKind; spec: JsonObject }, live: boolean): NextRuns => {
    const scheduler = job.ref.slice(0, job.ref.indexOf(':'));
    const model = models.get(scheduler)?.model;
    const runs = model?.runs?.(job, { from: systemClock.now(), live });
    const source = { file: '', files: [], document: 0, pointer: '', placeOf: () => ({ file: '' }) };
    const after = model?.dependencies({ ...job, id: '', scheduler, source }, []) ?? [];
    const first = runs === undefined ? {} : { runs: firstOf(runs, limit) };
    return { environment: environment.name, ref: job.ref, live, ...first, after };
  };
  const { live, unreadable } = await readLive(await session.schedulers(environment), signal);
  const running = live.filter((job) => isCalled(job, asked));
  if (running.length > 0) return running.map((job) => answer(job, true));
  const [unread] = unreadable;
  if (unread !== undefined)
    throw new TowlineError('scheduler-unreadable', 'unavailable', `could not be read: ${unread.join(': ')}`, {
      help: 'Check its address in towline.yaml and that it is up.',
    });
  const { jobs } = declaredJobs(await readLayers(environment, session, undefined, signal), models, {
    rules: environment.rules,
  });
  return jobs.filter((job) => isCalled(job, asked)).map((job) => answer(job, false));
}

function firstOf(runs: Iterable<string>, limit: number): string[] {
  const first: string[] = [];
  if (limit > 0)
    for (const at of runs) {
      first.push(at);
      if (first.length === limit) break;
    }
  return first;
}

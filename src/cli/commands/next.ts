import picocolors from 'picocolors';
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
import { untilText } from '../print/until.js';
import { readLayers } from '../sources.js';

interface Flags extends GlobalFlags {
  env?: string;
  limit: number;
}

interface Found {
  environment: string;
  ref: JobRef;
  /** As its scheduler has it, or only as Git states it. */
  live: boolean;
  /** Absent: it does not run by the clock. */
  runs?: string[];
  /** Jobs that it runs after. */
  after: string[];
}

/** The coming runs of a job, in its own zone: of the live one, or of Git's where it is not live yet. */
export async function run([asked = '']: string[], flags: Flags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const found: Found[] = [];
    for (const environment of session.environments(flags.env === undefined ? [] : [flags.env]))
      found.push(...(await look(environment, asked, flags.limit, session, io.signal)));
    if (found.length === 0)
      throw new TowlineError('job-unknown', 'invalid', `there is no job "${asked}"`, {
        help: 'towline status lists the jobs that are live, towline render ENV those of Git.',
      });
    if (flags.output === 'json') writeLine(io.stdout, JSON.stringify(found, null, 2));
    else for (const each of found) print(each, io);
    return EXIT.done;
  });
}

async function look(
  environment: EnvironmentConfig,
  asked: string,
  limit: number,
  session: Session,
  signal: AbortSignal,
): Promise<Found[]> {
  const models = session.models(environment);
  const answer = (job: { ref: JobRef; kind: JobKind; spec: JsonObject }, live: boolean): Found => {
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

function print({ environment, ref, live, runs, after }: Found, { stdout }: Io): void {
  const colors = picocolors.createColors(stdout.isTTY === true);
  const where = live ? '' : colors.dim('  not live yet: as Git states it');
  writeLine(stdout, `${colors.bold(ref)} of ${environment}${where}`);
  if (runs === undefined)
    writeLine(
      stdout,
      after.length === 0
        ? '  does not run by the clock, or is disabled'
        : `  runs after ${after.join(' and ')}`,
    );
  if (runs?.length === 0) writeLine(stdout, '  does not run any more');
  for (const at of runs ?? [])
    writeLine(stdout, `  ${at}  ${colors.dim(untilText(Date.parse(at) - systemClock.now()))}`);
}

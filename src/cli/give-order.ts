import type { EnvironmentConfig } from '../config/config.js';
import { isCalled, parseJobRef, type JobRef } from '../domain/job/job-ref.js';
import { EVERY_JOB } from '../domain/plan/asked.js';
import type { JobVerb } from '../domain/record/orders.js';
import type { LedgerState } from '../domain/record/ledger-entry.js';
import { short } from '../domain/source/revision.js';
import { isoTime } from '../ports/clock.js';
import type { Models } from '../queries/declared.js';
import { TowlineError } from '../runtime/errors.js';
import { EXIT } from '../runtime/exit-codes.js';
import { systemClock } from '../runtime/system-clock.js';
import { giveOrder } from '../workers/deploy/order.js';
import { whoAmI } from './ci-environment.js';
import type { Session } from './compose.js';
import { writeLine, type Io } from './io.js';
import { laterTime } from './later-time.js';
import { withShownSession } from './shown-session.js';
import { waitFor, type WaitFlags } from './wait-for.js';

export interface OrderFlags extends WaitFlags {
  env?: string;
  reason?: string;
  by?: string;
  args?: string;
  /** Of a pause: when it ends by itself. */
  until?: string;
}

const DONE: Record<JobVerb, string> = {
  pause: 'paused',
  resume: 'no longer paused',
  retry: 'to be tried again',
  restart: 'to be restarted',
  trigger: 'to be run once, now',
  kill: 'to have its runs ended',
};

/** What is said where an order changes nothing. */
const NOTHING: Record<JobVerb, string> = {
  pause: 'was paused already',
  resume: 'was not paused',
  retry: 'has not failed',
  restart: 'is to be restarted already',
  trigger: 'is to be run already',
  kill: 'is to have its runs ended already',
};

/** Puts an order of a person on record, for one job or for all of an environment, and waits for its end where asked to. */
export async function order(
  verb: JobVerb,
  asked: string | undefined,
  flags: OrderFlags,
  io: Io,
): Promise<number> {
  return withShownSession(flags, io, async (session, shown) => {
    const environment = oneEnvironment(session, flags.env);
    const ledger = await session.ledger(environment);
    const { state } = await ledger.head({ signal: io.signal });
    const refs = asked === undefined ? [] : [namedJob(asked, environment, Object.keys(state?.jobs ?? {}))];
    if (verb === 'restart' || verb === 'trigger' || verb === 'kill')
      refs.forEach((ref) => refuseUnable(verb, ref, environment, session.models(environment), state));
    const { reason, args, by = whoAmI(io.env) } = flags;
    const until = flags.until === undefined ? undefined : laterTime(flags.until, systemClock.now());
    const commit = await giveOrder(
      { ledger, kv: await session.kv(), layout: session.layout(environment), log: session.log },
      {
        verb,
        refs,
        by,
        at: isoTime(systemClock),
        ...(reason === undefined ? {} : { reason }),
        ...(args === undefined ? {} : { args }),
        ...(until === undefined ? {} : { until }),
      },
      io.signal,
    );
    const all = verb === 'retry' ? 'what has failed' : 'the whole environment';
    const what = refs[0] ?? all;
    const end = until === undefined ? '' : ` until ${until}`;
    if (flags.output !== 'json')
      writeLine(
        io.stdout,
        commit === undefined
          ? `${environment.name}: ${refs[0] ?? (verb === 'retry' ? 'no job' : all)} ${NOTHING[verb]}`
          : `${environment.name}: ${what} is ${DONE[verb]}${end} (${short(commit)} on ${ledger.branch})`,
      );
    if (verb === 'resume' && refs.length === 0) tellPaused(state, io);
    if (verb === 'pause') tellRuns(refs, session.models(environment), io);
    if (flags.wait === true && verb !== 'pause') return waitFor([environment], session, flags, shown);
    if (flags.output === 'json')
      writeLine(
        io.stdout,
        JSON.stringify({ environment: environment.name, verb, refs, commit: commit ?? null }),
      );
    return EXIT.done;
  });
}

/** Jobs that were paused one by one stay so when the environment goes on. */
function tellPaused(state: LedgerState | undefined, { stderr }: Io): void {
  const left = Object.keys(state?.paused ?? {}).filter((name) => name !== EVERY_JOB);
  if (left.length > 0) writeLine(stderr, `still paused: ${left.join(', ')}`);
}

/** A pause is about what is sent; who pauses a job that runs now and then may mean its runs. */
function tellRuns(refs: readonly JobRef[], models: Models, { stderr }: Io): void {
  const [ref] = refs;
  if (ref === undefined || models.get(ref.slice(0, ref.indexOf(':')))?.model.switched === undefined) return;
  writeLine(stderr, `its runs go on; to stop them: towline pause ${ref} --runs`);
}

/** The environment that is meant, where only one can be. */
export function oneEnvironment(session: Session, name: string | undefined): EnvironmentConfig {
  const [first, ...others] = session.environments(name === undefined ? [] : [name]);
  if (first !== undefined && others.length === 0) return first;
  const names = [first, ...others].map((environment) => environment?.name ?? '').join(', ');
  throw new TowlineError('environment-needed', 'invalid', 'say which environment is meant', {
    help: `Add --env with one of: ${names}.`,
  });
}

/** A job by its reference, or by its id where only one known job has it. */
export function namedJob(
  text: string,
  { name, schedulers }: EnvironmentConfig,
  known: readonly string[],
): JobRef {
  const parsed = parseJobRef(text);
  if (parsed !== undefined && schedulers.some((scheduler) => scheduler.name === parsed.scheduler))
    return text as JobRef;
  const found = known.filter((ref) => isCalled({ ref, id: ref.slice(ref.indexOf(':') + 1) }, text));
  const [ref] = found;
  if (ref !== undefined && found.length === 1) return ref as JobRef;
  throw new TowlineError(
    'job-unknown',
    'invalid',
    found.length === 0 ? `${name} has no job "${text}"` : `"${text}" may be ${found.join(' or ')}`,
    { help: 'Write its reference, for example marathon:/shop/web; towline status lists them.' },
  );
}

function refuseUnable(
  verb: 'restart' | 'trigger' | 'kill',
  ref: JobRef,
  { name }: EnvironmentConfig,
  models: Models,
  state: LedgerState | undefined,
): void {
  const job = state?.jobs[ref];
  if (job === undefined)
    throw new TowlineError('job-unknown', 'invalid', `${ref} was never deployed to ${name}`, {
      help: 'It has to be there first; towline status lists what is.',
    });
  const model = models.get(job.scheduler)?.model;
  if ((verb === 'restart' ? model?.restartKinds : model?.runKinds)?.includes(job.kind) === true) return;
  if (verb !== 'restart')
    throw new TowlineError(
      'run-unable',
      'refused',
      `${ref} has no runs to ${verb === 'kill' ? 'end' : 'start'}`,
      {
        help: 'Only jobs of Chronos run now and then. See towline restart and towline scale.',
      },
    );
  throw new TowlineError('restart-unable', 'refused', `${ref} can't be restarted as it is`, {
    help: `Its scheduler can't restart jobs of the kind "${job.kind}". Change something of it, for example an environment variable.`,
  });
}

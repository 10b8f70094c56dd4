import type { EnvironmentConfig } from '../../config/config.js';
import { waitVerdict, type WaitOutcome, type WaitVerdict } from '../../domain/record/wait-verdict.js';
import { short, type Revision } from '../../domain/source/revision.js';
import { readWaitFacts, type WaitSources } from '../../queries/wait-facts.js';
import { sleep, withTimeout } from '../../runtime/abort.js';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { retry } from '../../runtime/retry.js';
import { systemClock } from '../../runtime/system-clock.js';
import { withSession, type Session } from '../compose.js';
import { oneEnvironment } from '../give-order.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { showWaiting } from '../print/waiting.js';
import { simulatedAt } from '../simulated.js';
import { namedRevision } from '../sources.js';

interface Flags extends GlobalFlags {
  env?: string;
  /** In ms. */
  timeout: number;
}

const EXITS: Record<WaitOutcome, number> = {
  live: EXIT.done,
  held: EXIT.held,
  failed: EXIT.failed,
  superseded: EXIT.superseded,
  timeout: EXIT.timeout,
  'nothing-mirrored': EXIT.nothingMirrored,
};

/** Gates open by the clock and branches move without a word in KV: it is looked at least so often. */
const LOOK_MS = 15_000;
/** A pass writes many keys: so long after a change it is looked again, at the earliest. */
const PAUSE_MS = 300;

/** Waits until an environment runs a revision, or one that contains it, and writes nothing. The exit code tells the outcome. */
export async function run([expression = '']: string[], flags: Flags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const environment = oneEnvironment(session, flags.env);
    const revision = await namedRevision(expression, session, io.signal);
    const shown = flags.output === 'json' ? undefined : showWaiting(environment.name, revision, io);
    const tell = (verdict: WaitVerdict): void => shown?.tell(verdict.message);
    try {
      const { outcome, message, jobs, uncompared } = await ending(environment, session, {
        revision,
        flags,
        io,
        tell,
      });
      shown?.close();
      if (uncompared.length > 0)
        writeLine(
          io.stderr,
          `secrets of ${uncompared.join(', ')} are on record under another key and count as they are; see TOWLINE_SECRETS_KEY`,
        );
      if (flags.output === 'json')
        writeLine(
          io.stdout,
          JSON.stringify(
            { environment: environment.name, revision, outcome, message, jobs, uncompared },
            null,
            2,
          ),
        );
      else {
        writeLine(io.stdout, `${environment.name}: ${short(revision)} ${WORDS[outcome]}: ${message}`);
        for (const job of jobs) writeLine(io.stdout, `  ${job.state} ${job.ref}: ${job.reason}`);
      }
      return EXITS[outcome];
    } finally {
      shown?.close();
    }
  });
}

const WORDS: Record<WaitOutcome, string> = {
  live: 'is live',
  held: 'is held',
  failed: 'failed',
  superseded: 'is superseded',
  timeout: 'is not live in time',
  'nothing-mirrored': 'has not arrived',
};

interface Waited {
  revision: Revision;
  flags: Flags;
  io: Io;
  tell: (verdict: WaitVerdict) => void;
}

/** Looks again whenever something of the environment changes in KV, until there is an outcome or time is over. */
async function ending(
  environment: EnvironmentConfig,
  session: Session,
  { revision, flags, io: { signal }, tell }: Waited,
): Promise<WaitVerdict & { outcome: WaitOutcome }> {
  const sources = await sourcesOf(environment, session);
  const { kv, layout } = sources;
  const limited = withTimeout(signal, flags.timeout);
  let last: WaitVerdict | undefined;
  let index = 0;
  try {
    for (;;) {
      const asked = { signal: limited, index, waitMs: LOOK_MS };
      const seen = await patiently(() => kv.watchBelow(layout.home, asked), limited);
      // An index that went backwards is from another store: begin anew.
      index = seen < index ? 0 : seen;
      last = waitVerdict(await patiently(() => readWaitFacts(sources, revision, limited), limited));
      tell(last);
      const { outcome } = last;
      if (outcome !== undefined) return { ...last, outcome };
      await sleep(PAUSE_MS, limited);
    }
  } catch (error) {
    if (signal.aborted || !limited.aborted) throw error;
    if (last === undefined)
      throw new TowlineError(
        'wait-timeout',
        'unavailable',
        `${environment.name}: nothing could be learnt of ${short(revision)} within ${flags.timeout / 1000} s`,
        { help: 'Is Consul reachable, and the job repository? See towline status.', cause: error },
      );
    return { ...last, outcome: last.late };
  }
}

/** A server that is away for a moment ends no wait. */
function patiently<T>(look: () => Promise<T>, signal: AbortSignal): Promise<T> {
  return retry(look, { signal, attempts: 6, minMs: 500, maxMs: 8000 });
}

async function sourcesOf(environment: EnvironmentConfig, session: Session): Promise<WaitSources> {
  return {
    kv: await session.kv(),
    layout: session.layout(environment),
    repository: await session.repository(),
    branch: environment.branch,
    planAt: (revision, signal) =>
      simulatedAt(environment, revision, { session, now: systemClock.now(), signal }),
  };
}

import type { EnvironmentConfig } from '../../config/config.js';
import { driftOf } from '../../queries/drift.js';
import { readLedger } from '../../queries/known.js';
import { readLive } from '../../queries/live.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { withSession, type Session } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { printDrift, type FoundDrift } from '../print/answers/drift.js';
import { jsonText } from '../print/plain-text.js';

/** What was changed by hand since the last deploy. Exit 2 where something was. */
export async function run(names: string[], flags: GlobalFlags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const all: FoundDrift[] = [];
    for (const environment of session.environments(names))
      all.push(await look(environment, session, io.signal));
    if (flags.output === 'json') writeLine(io.stdout, jsonText(all, 2));
    else all.forEach((each) => printDrift(each, io));
    if (all.some(({ unreadable }) => Object.keys(unreadable).length > 0)) return EXIT.error;
    return all.some(({ drift }) => drift.length > 0) ? EXIT.changes : EXIT.done;
  });
}

async function look(
  environment: EnvironmentConfig,
  session: Session,
  signal: AbortSignal,
): Promise<FoundDrift> {
  const [{ live, unreadable }, { known }] = await Promise.all([
    readLive(await session.schedulers(environment), signal),
    readLedger(await session.ledger(environment), signal),
  ]);
  const secrets = session.secrets(environment);
  const byRef = new Map(live.map((job) => [job.ref, job]));
  const drift = driftOf({
    environment: environment.name,
    known: new Map(
      [...known]
        .filter(([, { scheduler }]) => !unreadable.has(scheduler))
        .map(([ref, job]) => [ref, secrets.known(ref, job, { now: () => byRef.get(ref) })]),
    ),
    live: live.map((job) => secrets.live(job)),
    models: session.models(environment),
    ignoreFields: environment.deploy.ignoreFields,
  });
  return {
    environment: environment.name,
    drift,
    unreadable: Object.fromEntries(unreadable),
    jobs: known.size,
  };
}

import type { EnvironmentConfig } from '../../config/config.js';
import { readLedger } from '../../queries/known.js';
import { layersAt } from '../../queries/revision-files.js';
import { simulate } from '../../queries/simulate.js';
import { TowlineError } from '../../runtime/errors.js';
import { systemClock } from '../../runtime/system-clock.js';
import { whichJobs, withSession, type Session } from '../compose.js';
import type { GlobalFlags, Io } from '../io.js';
import { namedRevision } from '../sources.js';
import { gateFacts, gatePolicy } from '../worker-options.js';
import { showPlans, type Planned } from './plan.js';

interface Flags extends GlobalFlags {
  env?: string[];
  at?: string;
  adopt?: string | boolean;
  allowPrune?: boolean;
}

/** Shows what a deploy of a revision would do to what was last sent. It reads Git alone. */
export async function run([expression = '']: string[], flags: Flags, io: Io): Promise<number> {
  const now = flags.at === undefined ? systemClock.now() : momentOf(flags.at);
  return withSession(flags, io, async (session) => {
    const planned: Planned[] = [];
    for (const environment of session.environments(flags.env ?? []))
      planned.push(await simulated(environment, { expression, now, session, flags, io }));
    return showPlans(planned, flags, io);
  });
}

async function simulated(
  environment: EnvironmentConfig,
  {
    expression,
    now,
    session,
    flags,
    io: { signal },
  }: { expression: string; now: number; session: Session; flags: Flags; io: Io },
): Promise<Planned> {
  const { name, layers, rules, deploy } = environment;
  const repository = await session.repository();
  const revision = await namedRevision(expression, session, signal);
  const ledger = await session.ledger(environment);
  const onRecord = await readLedger(ledger, signal);
  const policy = gatePolicy(environment, { allowPrune: flags.allowPrune ?? false });
  const readFacts = await gateFacts(session, environment, { policy, ledger });
  const secrets = session.secrets(environment);
  const { plan, diagnostics } = simulate({
    environment: name,
    revision,
    layers: await layersAt(repository, revision, layers, signal),
    onRecord,
    models: session.models(environment),
    rules,
    policy,
    ignoreFields: deploy.ignoreFields,
    together: deploy.together,
    adopt: whichJobs(flags.adopt),
    now,
    facts: await readFacts({ state: onRecord.state, revision }, signal),
    hidden: (input) => secrets.input(input),
  });
  return { plan, diagnostics, unreadable: [] };
}

/** A time without an offset would be another one on another machine. */
function momentOf(text: string): number {
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new TowlineError('moment-invalid', 'invalid', `"${text}" is no moment`, {
    help: 'Write it with its offset: 2026-12-24T18:00:00Z or 2026-12-24T18:00+01:00.',
  });
}

import picocolors from 'picocolors';
import type { EnvironmentConfig } from '../../config/config.js';
import { driftOf, type Drift } from '../../queries/drift.js';
import { readLedger } from '../../queries/known.js';
import { readLive } from '../../queries/live.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { withSession, type Session } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';

interface Found {
  environment: string;
  drift: Drift[];
  unreadable: Record<string, string>;
  jobs: number;
}

/** What was changed by hand since the last deploy. Exit 2 where something was. */
export async function run(names: string[], flags: GlobalFlags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const all: Found[] = [];
    for (const environment of session.environments(names))
      all.push(await look(environment, session, io.signal));
    if (flags.output === 'json') writeLine(io.stdout, JSON.stringify(all, null, 2));
    else all.forEach((each) => print(each, io));
    if (all.some(({ unreadable }) => Object.keys(unreadable).length > 0)) return EXIT.error;
    return all.some(({ drift }) => drift.length > 0) ? EXIT.changes : EXIT.done;
  });
}

async function look(environment: EnvironmentConfig, session: Session, signal: AbortSignal): Promise<Found> {
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

const WORDS: Record<Drift['kind'], string> = {
  changed: 'changed by hand',
  deleted: 'deleted by hand',
  foreign: 'carries the marks of this environment, and was not deployed by Towline',
};

function print({ environment, drift, unreadable, jobs }: Found, { stdout, stderr }: Io): void {
  const colors = picocolors.createColors(stdout.isTTY === true);
  writeLine(stdout, colors.bold(environment));
  for (const [name, reason] of Object.entries(unreadable))
    writeLine(stderr, `error ${name} could not be read: ${reason}`);
  for (const { ref, kind, fields, effect } of drift) {
    writeLine(stdout, `  ${colors.yellow('~')} ${colors.bold(ref)}  ${WORDS[kind]}`);
    if (effect !== undefined)
      writeLine(stdout, `      ${colors.dim(`the next deploy puts it back: ${effect}`)}`);
    for (const { pointer, before, after } of fields)
      writeLine(stdout, `      ${pointer}: ${colors.green(text(after))} -> ${colors.red(text(before))}`);
  }
  if (drift.length === 0)
    writeLine(stdout, `  ${colors.green('no drift')}: ${jobs} jobs are as they were sent`);
}

function text(value: unknown): string {
  return value === undefined ? '(absent)' : JSON.stringify(value);
}

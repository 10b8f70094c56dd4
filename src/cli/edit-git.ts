import type { EnvironmentConfig } from '../config/config.js';
import type { Asked } from '../domain/plan/asked.js';
import { short } from '../domain/source/revision.js';
import { isoTime } from '../ports/clock.js';
import { EXIT } from '../runtime/exit-codes.js';
import { systemClock } from '../runtime/system-clock.js';
import { edit, type EditOptions, type EditRequest, type EditResult } from '../workers/edit/index.js';
import { whoAmI } from './ci-environment.js';
import type { Session } from './compose.js';
import { oneEnvironment } from './give-order.js';
import { writeLine, type Io } from './io.js';
import { withShownSession } from './shown-session.js';
import { waitFor, type WaitFlags } from './wait-for.js';

/** Flags of commands that commit to the job repository. */
export interface EditFlags extends WaitFlags {
  env?: string;
  reason?: string;
  by?: string;
  dryRun?: boolean;
}

/** Makes the commit that a person asks for, and waits until it runs where asked to. */
export async function editGit(
  requestOf: (asked: Asked, session: Session) => Promise<EditRequest>,
  flags: EditFlags,
  io: Io,
): Promise<number> {
  return withShownSession(flags, io, async (session, shown) => {
    const environment = oneEnvironment(session, flags.env);
    const { reason, by = whoAmI(io.env), dryRun = false } = flags;
    const asked = { by, at: isoTime(systemClock), ...(reason === undefined ? {} : { reason }) };
    const request = await requestOf(asked, session);
    const result = await edit(request, await editOptions(session, environment), {
      signal: io.signal,
      dryRun,
    });
    const wait = flags.wait === true && !dryRun;
    if (flags.output !== 'json') print(environment, result, io);
    else if (!wait) writeLine(io.stdout, JSON.stringify(editJson(environment, result)));
    if (!wait) return exitOf(result);
    const revision = result.kind === 'applied' ? { revision: result.applied.revision } : {};
    return waitFor([environment], session, { ...flags, ...revision }, shown);
  });
}

async function editOptions(session: Session, environment: EnvironmentConfig): Promise<EditOptions> {
  const { name, branch, layers, rules, deploy } = environment;
  const others = session.environments().filter((other) => other.name !== name && other.branch === branch);
  return {
    environment: name,
    branch,
    layers,
    shared: layers.filter((folder) =>
      others.some((other) => other.layers.some((each) => overlap(each, folder))),
    ),
    ignoreFields: deploy.ignoreFields,
    rules,
    repository: await session.repository(),
    ledger: await session.ledger(environment),
    models: session.models(environment),
    author: session.config.repository.author,
    clock: systemClock,
    log: session.log,
  };
}

function overlap(a: string, b: string): boolean {
  const within = (inner: string, outer: string): boolean =>
    outer === '' || inner === outer || inner.startsWith(`${outer}/`);
  return within(a, b) || within(b, a);
}

function exitOf(result: EditResult): number {
  if (result.kind === 'planned') return result.plan.refused === undefined ? EXIT.changes : EXIT.held;
  return EXIT.done;
}

function print({ name, branch }: EnvironmentConfig, result: EditResult, { stdout, stderr }: Io): void {
  if (result.kind === 'nothing-observed') return;
  const { plan } = result;
  if (plan.refused !== undefined) {
    writeLine(stderr, `error ${plan.refused.message}`);
    writeLine(stderr, `      ${plan.refused.help}`);
    return;
  }
  if (result.kind === 'unchanged') writeLine(stdout, `${name}: Git states it already`);
  else if (result.kind === 'planned')
    writeLine(stdout, `${name}: would commit to ${branch}: ${plan.subject}`);
  else writeLine(stdout, `${name}: ${plan.subject} (${short(result.applied.revision)} on ${branch})`);
  for (const line of plan.lines) writeLine(stdout, `  ${line}`);
}

function editJson({ name }: EnvironmentConfig, result: EditResult): unknown {
  if (result.kind === 'nothing-observed') return { environment: name, kind: result.kind };
  const { subject, lines, jobs, vetoes, refused } = result.plan;
  return {
    environment: name,
    kind: result.kind,
    subject,
    lines,
    jobs,
    ...(vetoes.length === 0 ? {} : { vetoes }),
    ...(refused === undefined ? {} : { refused }),
    ...(result.kind === 'applied' ? result.applied : {}),
  };
}

import type { EnvironmentConfig } from '../../config/config.js';
import type { JobRef } from '../../domain/job/job-ref.js';
import { makePlan } from '../../domain/plan/make-plan.js';
import { changesSomething } from '../../domain/plan/plan.js';
import { hasErrors } from '../../domain/source/diagnostic.js';
import { declaredJobs } from '../../queries/declared.js';
import { readLedger } from '../../queries/known.js';
import { readLive } from '../../queries/live.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { redact } from '../../runtime/redact.js';
import { systemClock } from '../../runtime/system-clock.js';
import { whichJobs, withSession, type Session } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import type { Planned } from '../planned.js';
import { countText, printDiagnostics } from '../print/diagnostics.js';
import { planMarkdown } from '../print/plan-markdown.js';
import { planJson, printPlan } from '../print/plan.js';
import { reviewTarget, type ReviewFlags } from '../review-target.js';
import { readSources } from '../sources.js';
import { gateFacts, gatePolicy } from '../worker-options.js';

interface Flags extends GlobalFlags, ReviewFlags {
  comment?: boolean;
  revision?: string;
  adopt?: string | boolean;
  allowPrune?: boolean;
}

/** Shows what a deploy of the work tree, or of a revision, would do. It reads Git and the schedulers and writes nothing. */
export async function run(names: string[], flags: Flags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const planned: Planned[] = [];
    for (const environment of session.environments(names))
      planned.push(await planOf(environment, session, flags, io));
    const code = showPlans(planned, flags, io);
    if (flags.comment === true) await commentOn(planned, flags, io);
    return code;
  });
}

/** Puts each plan into a comment of its own, in the place of the one that an earlier build wrote. */
async function commentOn(
  planned: readonly Planned[],
  flags: Flags,
  { env, signal, stderr }: Io,
): Promise<void> {
  const comments = await reviewTarget(flags, env);
  for (const each of planned) {
    const { environment } = each.plan;
    const marker = `<!-- towline plan ${encodeURIComponent(environment)} -->`;
    const body = redact(planMarkdown(each, { limit: comments.limit, marker }));
    const done = await comments.put({ marker, body }, { signal });
    writeLine(stderr, `${environment}: the comment with the plan is ${done}`);
  }
}

/** Prints plans as people or tools get them; the exit code that they come to. */
export function showPlans(planned: readonly Planned[], { output }: GlobalFlags, io: Io): number {
  if (output === 'json') {
    writeLine(
      io.stdout,
      JSON.stringify(
        planned.map((p) => ({ ...p, plan: planJson(p.plan) })),
        null,
        2,
      ),
    );
  } else {
    for (const each of planned) print(each, io);
  }
  return worst(planned.map(exitOf));
}

async function planOf(
  environment: EnvironmentConfig,
  session: Session,
  flags: Flags,
  io: Io,
): Promise<Planned> {
  const { signal } = io;
  const source = await readSources(environment, session, flags.revision, signal);
  const ledger = await session.ledger(environment);
  const [{ live, unreadable }, onRecord] = await Promise.all([
    readLive(await session.schedulers(environment), signal),
    readLedger(ledger, signal),
  ]);
  const models = session.models(environment);
  const declared = declaredJobs(source.layers, models, { rules: environment.rules });
  const secrets = session.secrets(environment);
  for (const job of declared.rejected) secrets.learn(job);
  const policy = gatePolicy(environment, { allowPrune: flags.allowPrune ?? false });
  const readFacts = await gateFacts(session, environment, { policy, ledger });
  const plan = makePlan(
    secrets.input({
      environment: environment.name,
      revision: source.revision,
      trees: source.layers.map(({ folder, tree }) => ({ folder, tree })),
      desired: declared.jobs,
      rejected: new Map<JobRef, string>(declared.rejected.map((r) => [r.ref, `see ${r.source.file}`])),
      complete: declared.complete,
      live,
      known: onRecord.known,
      unresolved: onRecord.unresolved,
      paused: onRecord.paused,
      restarts: onRecord.restarts,
      runs: onRecord.runs,
      unreadable,
      schedulers: models,
      ignoreFields: environment.deploy.ignoreFields,
      together: environment.deploy.together,
      adopt: whichJobs(flags.adopt),
      retry: 'none',
      now: systemClock.now(),
      facts: await readFacts({ state: onRecord.state, revision: source.revision }, signal),
    }),
    policy,
  );
  return {
    plan,
    diagnostics: declared.diagnostics,
    unreadable: [...unreadable].map(([name, why]) => `${name}: ${why}`),
  };
}

function print({ plan, diagnostics, unreadable }: Planned, io: Io): void {
  printDiagnostics(diagnostics, io.stderr);
  printPlan(plan, io);
  for (const line of unreadable) writeLine(io.stderr, `error could not read ${line}`);
  if (diagnostics.length > 0)
    writeLine(io.stderr, `${plan.environment}: ${countText(diagnostics)} in manifests`);
}

function exitOf({ plan, diagnostics, unreadable }: Planned): number {
  if (hasErrors(diagnostics) || unreadable.length > 0) return EXIT.error;
  if (plan.changes.some((c) => c.action === 'blocked')) return EXIT.held;
  return changesSomething(plan) ? EXIT.changes : EXIT.done;
}

/** An error outweighs a gate, a gate outweighs changes. */
function worst(codes: readonly number[]): number {
  for (const code of [EXIT.error, EXIT.held, EXIT.changes]) if (codes.includes(code)) return code;
  return EXIT.done;
}

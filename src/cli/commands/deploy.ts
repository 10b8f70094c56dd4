import { hasErrors } from '../../domain/source/diagnostic.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { deployWorker, type DeployResult } from '../../workers/deploy/index.js';
import { whichJobs, withSession } from '../compose.js';
import { runDaemon } from '../daemon.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { printDiagnostics } from '../print/diagnostics.js';
import { printOutcomes } from '../print/outcomes.js';
import { planJson, printPlan } from '../print/plan.js';
import { deployOptions } from '../worker-options.js';

interface Flags extends GlobalFlags {
  once?: boolean;
  dryRun?: boolean;
  adopt?: string | boolean;
  retry?: string | boolean;
  allowPrune?: boolean;
}

/** The deployer: one pass for each environment, or a daemon. */
export async function run(names: string[], flags: Flags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const allow = {
      adopt: whichJobs(flags.adopt),
      retry: whichJobs(flags.retry),
      allowPrune: flags.allowPrune ?? false,
    };
    const workers = [];
    for (const environment of session.environments(names))
      workers.push(deployWorker(await deployOptions(session, environment, allow)));
    if (flags.once !== true && flags.dryRun !== true) return runDaemon(workers, session, io);
    const codes: number[] = [];
    const results: unknown[] = [];
    for (const worker of workers) {
      const result = await worker.once({ signal: io.signal, dryRun: flags.dryRun ?? false, trigger: 'once' });
      codes.push(deployExit(result));
      results.push(deployJson(worker.environment, result));
      if (flags.output !== 'json') printDeploy(worker.environment, result, io);
    }
    if (flags.output === 'json') writeLine(io.stdout, JSON.stringify(results, null, 2));
    return [EXIT.error, EXIT.held, EXIT.changes].find((code) => codes.includes(code)) ?? EXIT.done;
  });
}

export function printDeploy(
  environment: string,
  result: DeployResult,
  io: Pick<Io, 'stdout' | 'stderr'>,
): void {
  if (result.kind === 'nothing-observed') {
    writeLine(io.stdout, `${environment}: nothing was mirrored yet; run towline mirror first`);
    return;
  }
  printDiagnostics(result.plan.diagnostics, io.stderr);
  printPlan(result.plan.plan, io);
  for (const [name, reason] of result.plan.unreadable)
    writeLine(io.stderr, `error ${name} could not be read: ${reason}`);
  if (result.kind === 'applied') printOutcomes(result.applied.outcomes, io.stdout);
}

/** 1: a scheduler could not be read or a manifest is wrong · 3: something is held or failed · 2: a dry run with changes. */
export function deployExit(result: DeployResult): number {
  if (result.kind === 'nothing-observed') return EXIT.done;
  if (result.plan.unreadable.size > 0 || hasErrors(result.plan.diagnostics)) return EXIT.error;
  if (result.plan.plan.changes.some((c) => c.action === 'blocked')) return EXIT.held;
  if (result.kind === 'applied' && result.applied.outcomes.some((o) => o.state !== 'applied'))
    return EXIT.held;
  return result.kind === 'planned' && result.plan.plan.changes.some((c) => c.action !== 'none')
    ? EXIT.changes
    : EXIT.done;
}

function deployJson(environment: string, result: DeployResult): unknown {
  if (result.kind === 'nothing-observed') return { environment, kind: result.kind };
  const { plan, diagnostics, unreadable } = result.plan;
  return {
    environment,
    kind: result.kind,
    pass: result.pass,
    plan: planJson(plan),
    diagnostics,
    unreadable: Object.fromEntries(unreadable),
    ...(result.kind === 'applied' ? { outcomes: result.applied.outcomes } : {}),
  };
}

import { hasErrors } from '../../domain/source/diagnostic.js';
import { EXIT } from '../../runtime/exit-codes.js';
import type { DeployResult } from '../../workers/deploy/index.js';
import { writeLine, type Io } from '../io.js';
import { printDiagnostics } from './diagnostics.js';
import { printOutcomes } from './outcomes.js';
import { planJson, printPlan } from './plan.js';

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

/** A result as tools get it. */
export function deployJson(environment: string, result: DeployResult): unknown {
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

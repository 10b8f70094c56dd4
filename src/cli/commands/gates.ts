import type { EnvironmentConfig } from '../../config/config.js';
import { readGates, type GateReport } from '../../queries/gates.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { deployWorker } from '../../workers/deploy/index.js';
import { withSession, type Session } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { printGates } from '../print/gates.js';
import { jsonText } from '../print/plain-text.js';
import { deployOptions } from '../worker-options.js';

/** Which rule holds what of the mirrored state now, and when it opens. It makes a plan and writes nothing. */
export async function run(names: string[], flags: GlobalFlags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const reports: GateReport[] = [];
    for (const environment of session.environments(names))
      reports.push(await reportOf(environment, session, io.signal));
    if (flags.output === 'json') writeLine(io.stdout, jsonText(reports, 2));
    else for (const report of reports) printGates(report, io);
    const held = reports.some(({ gates }) => gates.some(({ state }) => state === 'held'));
    return held ? EXIT.held : EXIT.done;
  });
}

async function reportOf(
  environment: EnvironmentConfig,
  session: Session,
  signal: AbortSignal,
): Promise<GateReport> {
  const options = await deployOptions(session, environment);
  const result = await deployWorker(options).once({ signal, dryRun: true, trigger: 'gates' });
  const plan = result.kind === 'nothing-observed' ? undefined : result.plan.plan;
  const { policy, ledger, gateFacts, clock } = options;
  const sources = { environment: environment.name, policy, ledger, gateFacts, now: clock.now() };
  return readGates(sources, plan, signal);
}

import type { EnvironmentConfig } from '../config/config.js';
import type { PlanInput } from '../domain/plan/plan-input.js';
import type { Revision } from '../domain/source/revision.js';
import { readLedger } from '../queries/known.js';
import { layersAt } from '../queries/revision-files.js';
import { simulate, type Simulated } from '../queries/simulate.js';
import type { Session } from './compose.js';
import { gateFacts, gatePolicy } from './worker-options.js';

export interface SimulatedOptions {
  session: Session;
  /** In ms since the epoch: when gates are asked. */
  now: number;
  adopt?: PlanInput['adopt'];
  allowPrune?: boolean;
  signal: AbortSignal;
}

/** The plan of a revision on what was last sent. It reads Git alone. */
export async function simulatedAt(
  environment: EnvironmentConfig,
  revision: Revision,
  { session, now, adopt = 'none', allowPrune = false, signal }: SimulatedOptions,
): Promise<Simulated> {
  const { name, layers, rules, deploy } = environment;
  const repository = await session.repository();
  const ledger = await session.ledger(environment);
  const onRecord = await readLedger(ledger, signal);
  const policy = gatePolicy(environment, { allowPrune });
  const readFacts = await gateFacts(session, environment, { policy, ledger });
  const secrets = session.secrets(environment);
  return simulate({
    environment: name,
    revision,
    layers: await layersAt(repository, revision, layers, signal),
    onRecord,
    models: session.models(environment),
    rules,
    policy,
    ignoreFields: deploy.ignoreFields,
    together: deploy.together,
    adopt,
    now,
    facts: await readFacts({ state: onRecord.state, revision }, signal),
    hidden: (input) => secrets.input(input),
  });
}

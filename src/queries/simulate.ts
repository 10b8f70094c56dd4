import type { JobRef } from '../domain/job/job-ref.js';
import { makePlan } from '../domain/plan/make-plan.js';
import type { LiveJob, Plan } from '../domain/plan/plan.js';
import type { PlanInput } from '../domain/plan/plan-input.js';
import type { GatePolicy } from '../domain/plan/policy.js';
import type { Diagnostic } from '../domain/source/diagnostic.js';
import type { Revision } from '../domain/source/revision.js';
import type { RulePolicy } from '../domain/job/validate/rule-policy.js';
import { declaredJobs, type Models } from './declared.js';
import type { OnRecord } from './known.js';
import type { RevisionLayer } from './revision-files.js';

export interface SimulateOptions extends Pick<
  PlanInput,
  'environment' | 'ignoreFields' | 'together' | 'adopt' | 'now' | 'facts'
> {
  revision: Revision;
  layers: readonly RevisionLayer[];
  onRecord: OnRecord;
  models: Models;
  rules: RulePolicy;
  policy: GatePolicy;
  /** Hides the secrets of what is planned, as they are hidden on record. */
  hidden: (input: PlanInput) => PlanInput;
}

export interface Simulated {
  plan: Plan;
  diagnostics: Diagnostic[];
}

/**
 * The plan of a revision on what the ledger says was last sent, as if the schedulers had just that: no scheduler is asked,
 * and nothing that was changed by hand since is seen.
 */
export function simulate(options: SimulateOptions): Simulated {
  const { environment, revision, layers, onRecord, models, rules, policy } = options;
  const { ignoreFields, together, adopt, now, facts } = options;
  const declared = declaredJobs(layers, models, { rules });
  const plan = makePlan(
    options.hidden({
      environment,
      revision,
      trees: layers.map(({ folder, tree }) => ({ folder, tree })),
      desired: declared.jobs,
      rejected: new Map<JobRef, string>(declared.rejected.map((r) => [r.ref, `see ${r.source.file}`])),
      complete: declared.complete,
      live: lastSent(onRecord, environment),
      known: onRecord.known,
      unresolved: onRecord.unresolved,
      paused: onRecord.paused,
      restarts: onRecord.restarts,
      runs: onRecord.runs,
      unreadable: new Map(),
      schedulers: models,
      ignoreFields,
      together,
      adopt,
      retry: 'none',
      now,
      facts,
    }),
    policy,
  );
  return { plan, diagnostics: declared.diagnostics };
}

/** The jobs of which a document is on record, as if they were live just so. */
function lastSent({ known, state }: OnRecord, environment: string): LiveJob[] {
  return [...known].flatMap(([ref, { kind, id, document }]): LiveJob[] => {
    if (document === undefined) return [];
    const version = state?.jobs[ref]?.version;
    return [
      {
        ref,
        kind,
        id,
        spec: document,
        ownerLabel: environment,
        ...(version === undefined ? {} : { version }),
      },
    ];
  });
}

import { nothingToEdit, type EditObserved, type EditPlan } from '../../domain/edit/edit-plan.js';
import { planEdit } from '../../domain/edit/plan-edit.js';
import type { EditRequest } from '../../domain/edit/request.js';
import { kindOf } from '../../runtime/errors.js';
import type { GitStore } from '../../ports/git-store.js';
import type { Log } from '../../runtime/log.js';
import { runPass, type PassResult } from '../pass.js';
import { applyEdit, type EditApplied, type EditTargets } from './apply.js';
import { observeEdit, type EditSources } from './observe.js';

export type { EditApplied, EditPlan, EditRequest };

export interface EditOptions extends EditSources, EditTargets {
  repository: GitStore;
  log: Log;
}

export type EditResult = PassResult<EditPlan, EditApplied>;

/** Races with other pushes that one request may lose before it gives up. */
const LOST_RACES = 5;

/** Turns what a person asks for into a commit of the job repository: Git stays the only way to change what runs. */
export async function edit(
  request: EditRequest,
  options: EditOptions,
  { signal, dryRun = false }: { signal: AbortSignal; dryRun?: boolean },
): Promise<EditResult> {
  const { environment, clock } = options;
  const log = options.log.child({ worker: 'edit', environment });
  const pass = (): Promise<EditResult> =>
    runPass<EditObserved, EditPlan, EditApplied>(
      {
        worker: 'edit',
        environment,
        observe: (context) => observeEdit(options, request, context.signal),
        plan: planEdit,
        nothingToDo: nothingToEdit,
        apply: (plan, _observed, context) => applyEdit(plan, request, options, context.signal),
        // The commit is the record.
        record: async ({ revision, files }, _plan, _observed, context) =>
          context.log.debug({ revision, files }, 'committed'),
      },
      { signal, log, clock, dryRun, trigger: request.verb },
    );
  for (let attempt = 1; ; attempt++) {
    try {
      return await pass();
    } catch (error) {
      if (kindOf(error) !== 'conflict' || attempt >= LOST_RACES) throw error;
      log.info({ attempt }, 'somebody else pushed first; looking again');
    }
  }
}

import type { EditPlan } from '../../domain/edit/edit-plan.js';
import { editMessage } from '../../domain/edit/plan-edit.js';
import { vetoText } from '../../domain/edit/rollback-vetoes.js';
import { firstState, orderEntry } from '../../domain/record/orders.js';
import type { EditRequest } from '../../domain/edit/request.js';
import { hasErrors, placeText } from '../../domain/source/diagnostic.js';
import type { RulePolicy } from '../../domain/job/validate/rule-policy.js';
import type { ObjectId, Revision } from '../../domain/source/revision.js';
import type { Clock } from '../../ports/clock.js';
import type { GitStore } from '../../ports/git-store.js';
import type { Ledger } from '../../ports/ledger.js';
import { declaredJobs, type Models } from '../../queries/declared.js';
import { layersAt, treesAt } from '../../queries/revision-files.js';
import { kindOf, TowlineError } from '../../runtime/errors.js';
import { appendAnew } from '../append.js';
import { editedFiles } from '../edited-files.js';

export interface EditTargets {
  repository: GitStore;
  author: { name: string; email: string };
  clock: Clock;
  ledger: Ledger;
  layers: readonly string[];
  models: Models;
  rules: RulePolicy;
}

export interface EditApplied {
  revision: Revision;
  files: string[];
  /** The entry of the ledger that says what is vetoed by it; absent where nothing is, or it was before. */
  vetoed?: ObjectId;
}

/**
 * Makes the commit and publishes it by compare-and-swap: a `conflict` is thrown where somebody else pushed first. What
 * would make a manifest invalid that is valid now is not committed. Vetoes are on record before the commit is there: a
 * crash in between leaves what was bad vetoed, and a promoter that sees the commit sees them too.
 */
export async function applyEdit(
  plan: EditPlan,
  request: EditRequest,
  targets: EditTargets,
  signal: AbortSignal,
): Promise<EditApplied> {
  const { repository, author, clock } = targets;
  if (plan.refused !== undefined) {
    const { code, message, help } = plan.refused;
    const unknown = code === 'job-unknown';
    const kind = unknown ? 'invalid' : 'refused';
    throw new TowlineError(unknown ? 'job-unknown' : 'edit-refused', kind, message, { help });
  }
  const files = new Map<string, Uint8Array | null>([
    ...(await editedFiles(plan.edits, plan.revision, repository, signal)),
    ...(await blobs(plan.restores, repository, signal)),
  ]);
  const revision = await repository.writeCommit(
    {
      base: plan.revision,
      parents: [plan.revision],
      files,
      message: editMessage(plan, request),
      author,
      at: clock.now(),
    },
    { signal },
  );
  // What was valid once was judged then; going back to it is not held up by rules that came later.
  if (request.verb !== 'rollback') await refuseInvalid(plan, revision, targets, signal);
  const vetoed = await recordVetoes(plan, request, targets, signal);
  await published(plan, revision, targets, signal);
  return { revision, files: [...files.keys()], ...(vetoed === undefined ? {} : { vetoed }) };
}

async function recordVetoes(
  { environment, revision, vetoes }: EditPlan,
  { asked }: EditRequest,
  { ledger, layers, repository }: EditTargets,
  signal: AbortSignal,
): Promise<ObjectId | undefined> {
  if (vetoes.length === 0) return undefined;
  const trees = await treesAt(repository, revision, layers, signal);
  const order = { ...asked, verb: 'veto', refs: [], vetoes } as const;
  return appendAnew(ledger, signal, (state) =>
    orderEntry(order, state ?? firstState(environment, revision, trees)),
  );
}

/** Once something is vetoed it is said so where the commit does not come about. */
async function published(
  { branch, revision: expected, vetoes }: EditPlan,
  revision: Revision,
  { repository }: EditTargets,
  signal: AbortSignal,
): Promise<void> {
  try {
    await repository.publish(branch, revision, { expected, runHooks: true, signal });
  } catch (cause) {
    if (vetoes.length === 0 || signal.aborted) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new TowlineError(
      'rollback-halfway',
      kindOf(cause),
      `vetoed, but not committed: ${vetoes.map(vetoText).join(', ')}; ${message}`,
      {
        help: `What is vetoed is not deployed any more, and what runs is as it was. Roll back once more when that is repaired, or take it back: ${vetoes.map(({ name }) => `towline lift ${name}`).join('; ')}.`,
        cause,
      },
    );
  }
}

async function blobs(
  restores: EditPlan['restores'],
  repository: GitStore,
  signal: AbortSignal,
): Promise<Map<string, Uint8Array | null>> {
  const ids = [...new Set([...restores.values()].filter((id): id is ObjectId => id !== null))];
  const contents = new Map<ObjectId, Uint8Array>();
  if (ids.length > 0)
    for await (const { id, bytes } of repository.readBlobs(ids, { signal })) contents.set(id, bytes);
  return new Map(
    [...restores].map(([path, id]) => {
      const bytes = id === null ? null : contents.get(id);
      // Nothing read is not nothing there: the file would be removed.
      if (bytes === undefined) throw new Error(`${path} was not read`);
      return [path, bytes];
    }),
  );
}

async function refuseInvalid(
  plan: EditPlan,
  revision: Revision,
  { repository, layers, models, rules }: EditTargets,
  signal: AbortSignal,
): Promise<void> {
  const { diagnostics } = declaredJobs(await layersAt(repository, revision, layers, signal), models, {
    rules,
  });
  const touched = new Set(plan.edits.map(({ path }) => path));
  const found = diagnostics.filter(({ place }) => touched.has(place.file));
  if (!hasErrors(found)) return;
  const [first] = found.filter(({ severity }) => severity === 'error');
  throw new TowlineError(
    'edit-invalid',
    'refused',
    `it would not be valid: ${first === undefined ? '' : `${placeText(first.place)}: ${first.message}`}`,
    { ...(first?.fix === undefined ? {} : { help: first.fix }), details: found },
  );
}

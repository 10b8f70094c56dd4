import { mirrorEntry } from '../../domain/record/mirror-entry.js';
import type { MirrorRecord } from '../../domain/record/ledger-entry.js';
import { parseMirrorRef } from '../../domain/source/mirror-ref.js';
import { isoTime } from '../../ports/clock.js';
import { kindOf, messageOf } from '../../runtime/errors.js';
import { dropAnchor } from '../anchor.js';
import { appendAnew } from '../append.js';
import type { PassContext } from '../pass.js';
import type { MirrorApplied } from './apply.js';
import type { MirrorWorkerOptions } from './options.js';
import type { MirrorPlan } from './plan.js';

/** How long an entry may take: nothing waits for it. */
const RECORD_MS = 20_000;

/**
 * Puts the passes of a mirror on record. A ledger that can't be written does not stop a mirror: nothing becomes live by it
 * alone, and what is owed is written by a later pass, also by one that has nothing else to do and of another process.
 */
export class MirrorRecorder {
  /** Undefined: what the ledger says is not known yet. */
  #owed: boolean | undefined;
  #refused = false;

  constructor(readonly options: MirrorWorkerOptions) {}

  /** A pass has written something. */
  async applied(applied: MirrorApplied, plan: MirrorPlan, context: PassContext): Promise<void> {
    const { trees, healed } = { trees: treesOf(plan.ref), healed: plan.healed.length };
    await this.#append(
      {
        revision: plan.revision,
        trees,
        // Where only values were put right, `.ref` has stayed as it was.
        index: plan.refChanged ? applied.index : plan.refIndex,
        pass: context.id,
        at: isoTime(context.clock),
      },
      { written: applied.written, deleted: applied.deleted, repaired: healed, again: healed > 0 },
      context,
    );
  }

  /** A pass had nothing to do: an earlier one may have been cut off before it could put itself on record. */
  async unchanged(
    context: Pick<PassContext, 'id' | 'log' | 'clock'> & { trigger: string },
    signal: AbortSignal,
  ): Promise<void> {
    if (this.#owed === false || this.options.record === undefined) return;
    const { kv, layout } = this.options;
    const entry = await kv.get(layout.ref, { signal });
    const parsed = entry === undefined ? undefined : parseMirrorRef(entry.value);
    if (entry === undefined || parsed === undefined || 'reason' in parsed) return;
    const { mirrorRef } = parsed;
    await this.#append(
      {
        revision: mirrorRef.revision,
        trees: treesOf(mirrorRef),
        index: entry.modifyIndex,
        pass: context.id,
        at: isoTime(context.clock),
      },
      { written: 0, deleted: 0, repaired: 0, again: false },
      context,
    );
  }

  async #append(
    record: MirrorRecord,
    { again, ...counts }: { written: number; deleted: number; repaired: number; again: boolean },
    { log, clock, trigger }: Pick<PassContext, 'log' | 'clock' | 'trigger'>,
  ): Promise<void> {
    const { record: targets, layout, kv } = this.options;
    if (targets === undefined) return;
    const { ledger, actor } = targets;
    const signal = AbortSignal.timeout(RECORD_MS);
    const facts = { environment: layout.environment, trigger, actor, ...counts };
    try {
      this.#owed = true;
      await appendAnew(ledger, signal, (state) => mirrorEntry(record, facts, state, { again }));
      this.#owed = false;
    } catch (error) {
      // Who may only read says so once; what may pass is tried again by the next pass.
      if (kindOf(error) === 'refused') this.#owed = false;
      if (!this.#refused)
        log.warn(
          { branch: ledger.branch, reason: messageOf(error) },
          'what was mirrored could not be put on record',
        );
      this.#refused = kindOf(error) === 'refused';
      return;
    }
    await dropAnchor({ kv, ledger, layout, log }, isoTime(clock), signal);
  }
}

function treesOf({ folders }: MirrorPlan['ref']): MirrorRecord['trees'] {
  return folders.map(({ folder, tree }) => ({ folder, tree }));
}

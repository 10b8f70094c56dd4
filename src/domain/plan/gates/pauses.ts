import { askedText, EVERY_JOB, type Asked } from '../asked.js';
import type { Change } from '../plan.js';
import type { PlanInput } from '../plan-input.js';
import type { GateDecision } from '../policy.js';
import { msOf } from './local-time.js';
import { isSent, refsOf } from './sent.js';

/** What would be sent for jobs that people have paused; those of one job come before that of the whole environment. */
export function pauses(
  changes: readonly Change[],
  { paused, now }: Pick<PlanInput, 'paused' | 'now'>,
): GateDecision[] {
  if (paused.size === 0) return [];
  const sent = changes.filter(isSent);
  const names = [...paused.keys()].filter((name) => name !== EVERY_JOB).sort();
  return [...names, EVERY_JOB].flatMap((name): GateDecision[] => {
    const asked = paused.get(name);
    const held = name === EVERY_JOB ? sent : sent.filter(({ ref }) => ref === name);
    if (asked === undefined || held.length === 0 || isOver(asked, now)) return [];
    const what = name === EVERY_JOB ? 'the environment' : name;
    return [
      {
        gate: 'pause',
        name,
        verdict: 'held',
        refs: refsOf(held),
        reason: `${what} is paused ${askedText(asked)}`,
        ...(asked.until === undefined ? {} : { opensAt: asked.until }),
      },
    ];
  });
}

/** True where it had an end, and that has come. */
export function isOver({ until }: Pick<Asked, 'until'>, now: number): boolean {
  return until !== undefined && msOf(until) <= now;
}

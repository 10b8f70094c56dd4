import type { Change } from '../plan.js';
import type { FreezeRule, GateDecision } from '../policy.js';
import { localText, utcText } from './local-time.js';
import { aboutJobs, refsOf, type Asking } from './sent.js';
import { closedUntil, isProblem, opensAt, readWindow, type Window } from './windows.js';

/** A rule with its window; undefined where that can't be read. */
interface Freeze {
  rule: FreezeRule;
  window: Window | undefined;
  isAbout: (change: Pick<Change, 'id' | 'ref'>) => boolean;
}

/**
 * The freezes that are on now. `whole`: the plan goes as a whole or not at all, so that it waits for every rule that is
 * about any of its jobs.
 */
export function freezes(
  sent: readonly Change[],
  { policy, input: { now } }: Asking,
  whole: boolean,
): GateDecision[] {
  const all = policy.freezes.map(freezeOf);
  return all.flatMap((freeze): GateDecision[] => {
    const frozen = isClosed(freeze, now) ? sent.filter(freeze.isAbout) : [];
    if (frozen.length === 0) return [];
    const waiting = whole ? sent : frozen;
    const opens = opening(
      all.filter(({ isAbout }) => waiting.some(isAbout)),
      now,
    );
    return [
      {
        gate: 'freeze',
        name: freeze.rule.name,
        verdict: 'held',
        refs: refsOf(frozen),
        reason: frozenText(freeze.rule, opens),
        ...(opens === undefined ? {} : { opensAt: utcText(opens) }),
      },
    ];
  });
}

/** A rule that can't be read is closed: nobody may go through where it is not known whether it is open. */
function isClosed({ window }: Freeze, now: number): boolean {
  return window === undefined || closedUntil(window, now) !== undefined;
}

function opening(all: readonly Freeze[], now: number): number | undefined {
  const windows = all.map(({ window }) => window);
  const known = windows.filter((window) => window !== undefined);
  return known.length < windows.length ? undefined : opensAt(known, now);
}

function frozenText({ name, zone }: FreezeRule, opens: number | undefined): string {
  return opens === undefined
    ? `frozen by "${name}", and it never opens as the freezes stand`
    : `frozen by "${name}" until ${localText(opens, zone)}`;
}

function freezeOf(rule: FreezeRule): Freeze {
  const read = readWindow(rule);
  return { rule, window: isProblem(read) ? undefined : read, isAbout: aboutJobs(rule.jobs) };
}

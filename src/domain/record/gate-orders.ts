import { isoOf } from '../plan/gates/local-time.js';
import type { Asked } from '../plan/asked.js';
import type { BreakGlassPolicy, Veto } from '../plan/policy.js';
import { oneLine } from '../source/one-line.js';
import { without } from './keyed.js';
import type { ApprovalRecord, LedgerState } from './ledger-entry.js';

/**
 * What a person tells gates.
 * approve: a plan may be carried out · veto: something is not deployed or promoted · lift: it may be again · break-glass:
 * gates are open for a while, whatever they say · seal: they hold again.
 */
export type GateVerb = 'approve' | 'veto' | 'lift' | 'break-glass' | 'seal';

export interface GateOrder extends Asked {
  verb: GateVerb;
  /** Digest of the plan that is approved. */
  plan?: string;
  /** What is vetoed, or what is lifted. */
  vetoes?: readonly Veto[];
}

/** Approvals of plans that nobody carries out do not pile up. */
const MOST_APPROVALS = 50;
/** Definitions of one job that are vetoed; older ones are as good as forgotten. */
const MOST_DEFINITIONS = 50;

const VERBS: readonly string[] = ['approve', 'veto', 'lift', 'break-glass', 'seal'] satisfies GateVerb[];

export function isGateOrder<T extends { verb: string }>(order: T): order is T & { verb: GateVerb } {
  return VERBS.includes(order.verb);
}

/** The key of a veto among those of a ledger. */
export function vetoKey({ kind, name }: Pick<Veto, 'kind' | 'name'>): string {
  return `${kind} ${name}`;
}

/** The state after such an order; undefined where it changes nothing. */
export function gateOrdered(order: GateOrder, state: LedgerState): LedgerState | undefined {
  const { verb, plan, vetoes = [], until, reason } = order;
  switch (verb) {
    case 'approve':
      return plan === undefined ? undefined : approved({ ...askedOf(order), plan }, state);
    case 'veto':
      return vetoed(vetoes, state);
    case 'lift': {
      const left = without(state.vetoes, vetoes.map(vetoKey));
      return left === undefined ? undefined : { ...state, vetoes: left };
    }
    case 'break-glass':
      // Without an end, or without a reason, nobody opens anything.
      return until === undefined || reason === undefined || oneLine(reason) === ''
        ? undefined
        : { ...state, breakGlass: { ...askedOf(order), until, reason: oneLine(reason) } };
    case 'seal': {
      const { breakGlass, ...sealed } = state;
      return breakGlass === undefined ? undefined : sealed;
    }
  }
}

function askedOf({ by, at, reason }: Asked): Asked {
  return { by: oneLine(by), at, ...(reason === undefined ? {} : { reason: oneLine(reason) }) };
}

/** Said once more by the same person, with nothing to add, it is no news. */
function approved(approval: ApprovalRecord, state: LedgerState): LedgerState | undefined {
  const before = state.approvals ?? [];
  const same = before.find(({ plan, by }) => plan === approval.plan && by === approval.by);
  if (same !== undefined && (approval.reason === undefined || approval.reason === same.reason))
    return undefined;
  const others = before.filter((each) => each !== same);
  return { ...state, approvals: [...others, approval].slice(-MOST_APPROVALS) };
}

function vetoed(vetoes: readonly Veto[], state: LedgerState): LedgerState | undefined {
  const before = new Map(Object.entries(state.vetoes ?? {}));
  const all = new Map(before);
  for (const { kind, name, digests, ...asked } of vetoes) {
    const key = vetoKey({ kind, name });
    const known = all.get(key);
    const more = digests.some((id) => known?.digests.includes(id) !== true);
    const says = asked.reason !== undefined && asked.reason !== known?.reason;
    if (known !== undefined && !more && !says) continue;
    // A job may have several bad definitions; the other kinds are one thing by their names.
    const union = [...new Set([...(known?.digests ?? []), ...digests])];
    all.set(key, { ...askedOf(asked), kind, name, digests: union.slice(-MOST_DEFINITIONS) });
  }
  const changed = [...all].some(([key, veto]) => before.get(key) !== veto);
  return changed ? { ...state, vetoes: Object.fromEntries(all) } : undefined;
}

/** When a glass that is broken now is whole again: never later than the policy allows. */
export function glassUntil(
  at: number,
  minutes: number | undefined,
  { maxMinutes }: BreakGlassPolicy,
): string {
  return isoOf(at + Math.min(minutes ?? maxMinutes, maxMinutes) * 60_000);
}

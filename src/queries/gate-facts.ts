import type { GateFacts } from '../domain/plan/policy.js';
import type { LedgerState } from '../domain/record/ledger-entry.js';

/** What the gates have to know beside the plan, as the ledger has it. */
export function gateFactsOf(state: LedgerState | undefined, now: number): GateFacts {
  const { vetoes = {}, breakGlass } = state ?? {};
  const inForce = breakGlass !== undefined && Date.parse(breakGlass.until) > now;
  return {
    approvals: [],
    vetoes: Object.values(vetoes),
    ...(inForce ? { breakGlass } : {}),
    authors: [],
  };
}

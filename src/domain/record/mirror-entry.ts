import type { LedgerState, MirrorEntry, MirrorRecord } from './ledger-entry.js';
import { nextSequence } from './sequence.js';

/**
 * The entry of a pass of the mirror; undefined where it stands in the ledger already. `again`: also then, because values
 * were put right although `.ref` has stayed as it was.
 */
export function mirrorEntry(
  record: MirrorRecord,
  facts: Pick<MirrorEntry, 'environment' | 'trigger' | 'actor' | 'written' | 'deleted' | 'repaired'>,
  state: LedgerState | undefined,
  { again = false }: { again?: boolean } = {},
): MirrorEntry | undefined {
  const last = state?.mirror;
  if (!again && last !== undefined && last.revision === record.revision && last.index === record.index)
    return undefined;
  const before: LedgerState = state ?? {
    version: 1,
    environment: facts.environment,
    revision: record.revision,
    trees: record.trees,
    // None has been deployed.
    pass: '',
    jobs: {},
    intents: [],
  };
  return {
    phase: 'mirror',
    ...facts,
    record,
    state: { ...before, sequence: nextSequence(state), mirror: record },
  };
}

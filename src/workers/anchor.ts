import { parseAnchor, type LedgerAnchor } from '../domain/record/anchor.js';
import { kvJson, type KvLayout } from '../domain/source/kv-layout.js';
import type { KvStore } from '../ports/kv-store.js';
import type { Ledger } from '../ports/ledger.js';
import { messageOf } from '../runtime/errors.js';
import type { Log } from '../runtime/log.js';

/** Writers that may be first, one after the other, before this one leaves it to them. */
const LOST_RACES = 5;

export interface AnchorTargets {
  kv: KvStore;
  ledger: Ledger;
  layout: KvLayout;
  log: Log;
}

/**
 * Puts the newest entry of the ledger into KV, where a cut-off or rewritten ledger is told by it. Whoever appended last
 * writes it; an older entry never takes the place of a newer one. It proves something, and nothing depends on it: where KV
 * can't be written now, the next entry does it.
 */
export async function dropAnchor(targets: AnchorTargets, at: string, signal: AbortSignal): Promise<void> {
  try {
    await write(targets, at, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    targets.log.warn(
      { key: targets.layout.ledger, reason: messageOf(error) },
      'the newest entry of the ledger could not be put into KV; the next one will be',
    );
  }
}

async function write({ kv, ledger, layout }: AnchorTargets, at: string, signal: AbortSignal): Promise<void> {
  const { commit, state } = await ledger.head({ signal, known: true });
  if (commit === undefined || state === undefined) return;
  const anchor: LedgerAnchor = {
    version: 1,
    branch: ledger.branch,
    commit,
    sequence: state.sequence ?? 0,
    at,
  };
  for (let attempt = 1; attempt <= LOST_RACES; attempt++) {
    const entry = await kv.get(layout.ledger, { signal });
    const now = entry === undefined ? undefined : parseAnchor(entry.value);
    if (now !== undefined && 'anchor' in now && now.anchor.sequence >= anchor.sequence) return;
    const cas = entry?.modifyIndex ?? 0;
    if (await kv.put(layout.ledger, kvJson(anchor), { signal, cas })) return;
  }
}

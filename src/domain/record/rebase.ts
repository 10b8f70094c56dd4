import type { JobRef } from '../job/job-ref.js';
import { ledgerFile, type LedgerEntry, type LedgerState } from './ledger-entry.js';
import { nextSequence } from './sequence.js';

/** What an entry found before it, as far as it takes something away. */
export type Before = Pick<LedgerState, 'intents' | 'restarts' | 'runs'>;

/**
 * An entry made anew for a state that it did not know: it was written down while the ledger was away, and others may have
 * come meanwhile. What it says happened stays as it is; of a job that was changed later by somebody else only that later
 * record is kept.
 */
export function rebased(entry: LedgerEntry, before: Before, found: LedgerState | undefined): LedgerEntry {
  if (found === undefined)
    return { ...entry, late: true, state: { ...entry.state, sequence: nextSequence(found) } };
  const own = entry.state;
  const jobs = { ...found.jobs };
  const files = { ...entry.files };
  for (const { ref, scheduler, kind, id, endedAt } of entry.outcomes) {
    const [theirs, ours] = [found.jobs[ref], own.jobs[ref]];
    if (theirs !== undefined && theirs.at > (ours?.at ?? endedAt)) {
      for (const path of [theirs.file, ledgerFile(scheduler, kind, id)])
        if (path !== undefined) delete files[path];
    } else if (ours === undefined) delete jobs[ref];
    else jobs[ref] = ours;
  }
  const isNewest = Object.values(found.jobs).every(({ at }) => at <= entry.at);
  const { restarts, runs, approvals, ...rest } = found;
  return {
    ...entry,
    late: true,
    files,
    state: {
      ...rest,
      ...(isNewest ? { revision: own.revision, trees: own.trees, pass: own.pass } : {}),
      sequence: nextSequence(found),
      jobs,
      intents: intentsNow(own, before, found),
      ...left('restarts', restarts, before.restarts, own.restarts),
      ...left('runs', runs, before.runs, own.runs),
      ...(approvals === undefined
        ? {}
        : {
            approvals:
              entry.phase === 'outcome'
                ? approvals.filter(({ plan }) => plan !== entry.planDigest)
                : approvals,
          }),
    },
  };
}

/** Those that the entry ended are ended, those that it announced are announced, and those of others stay. */
function intentsNow(own: LedgerState, before: Before, found: LedgerState): LedgerState['intents'] {
  const open = new Set<JobRef>(own.intents.map(({ ref }) => ref));
  const ended = new Set<JobRef>(before.intents.map(({ ref }) => ref).filter((ref) => !open.has(ref)));
  return [...found.intents.filter(({ ref }) => !open.has(ref) && !ended.has(ref)), ...own.intents];
}

/** What was ordered is done with where the entry has done it; what was ordered since, is not. */
function left<Name extends string, Asked extends { at: string }>(
  name: Name,
  found: Readonly<Record<string, Asked>> | undefined,
  before: Readonly<Record<string, Asked>> | undefined,
  own: Readonly<Record<string, Asked>> | undefined,
): Partial<Record<Name, Readonly<Record<string, Asked>>>> {
  if (found === undefined) return {};
  const kept = Object.entries(found).filter(([ref, asked]) => {
    const isDone = before?.[ref]?.at === asked.at && own?.[ref] === undefined;
    return !isDone;
  });
  return { [name]: Object.fromEntries(kept) } as Partial<Record<Name, Readonly<Record<string, Asked>>>>;
}

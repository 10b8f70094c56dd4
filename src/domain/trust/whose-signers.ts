import { parseRevision, type Revision } from '../source/revision.js';

/** What the rule looks at of an entry of the ledger: its trailers. */
export interface EntryTrailers {
  trailers: readonly { key: string; value: string }[];
}

/** Gates that an approval opens. */
const OPENED_BY_PEOPLE = /^held (approval|prune|radius) /;

/**
 * The revision of the job repository whose signers judge the next entry of a ledger, from entries in their order; a fold,
 * begun with undefined (docs/decisions/0013). It is the revision that was deployed last with nothing of it waiting for
 * people: whoever is made a signer by a change that is still to be approved is none yet. Until there is one it is the
 * revision of the first entry.
 */
export function signersAfter(before: Revision | undefined, entry: EntryTrailers): Revision | undefined {
  const revision = parseRevision(valueOf(entry, 'Towline-Revision') ?? '');
  if (before === undefined) return revision;
  return isWholeDeployment(entry) && revision !== undefined ? revision : before;
}

/** Whose revision judges everything after it, whatever came before. */
export function isWholeDeployment(entry: EntryTrailers): boolean {
  return (
    valueOf(entry, 'Towline-Phase') === 'outcome' &&
    valueOf(entry, 'Towline-Outcome') !== 'blocked' &&
    !entry.trailers.some(({ key, value }) => key === 'Towline-Gate' && OPENED_BY_PEOPLE.test(value))
  );
}

function valueOf({ trailers }: EntryTrailers, name: string): string | undefined {
  return trailers.find(({ key }) => key === name)?.value;
}

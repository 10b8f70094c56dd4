import type { LedgerRecord } from '../domain/record/ledger-entry.js';
import { parseRevision, type ObjectId, type Revision } from '../domain/source/revision.js';
import { isWholeDeployment, signersAfter } from '../domain/trust/index.js';
import type { Ledger } from '../ports/ledger.js';
import type { Signature, Signatures } from '../ports/signatures.js';

const PAGE = 50;
/** Entries that are looked at before it is given up: for so long nothing was deployed whole. */
const MOST = 5000;

/**
 * The revision that was deployed last at an entry of the ledger, the entry itself included, with nothing of it waiting for
 * people; until there is one the revision of the first entry (docs/decisions/0013). The fold of `signersAfter` from its
 * other end. Undefined: there is no entry, or none far and wide.
 */
export async function wholeRevision(
  ledger: Ledger,
  from: ObjectId,
  signal: AbortSignal,
): Promise<Revision | undefined> {
  let first: LedgerRecord | undefined;
  for (let skip = 0; skip < MOST; skip += PAGE) {
    const records = await ledger.history({ from, limit: PAGE, skip, signal });
    const whole = records.find(isWholeDeployment);
    if (whole !== undefined) return revisionOf(whole);
    if (records.length === 0) return first === undefined ? undefined : signersAfter(undefined, first);
    first = records.at(-1);
  }
  return undefined;
}

/** What the signature of an entry is worth, by the signers that the rule names for it. */
export async function checkEntry(
  { ledger, signatures }: { ledger: Ledger; signatures: Signatures },
  entry: LedgerRecord,
  signal: AbortSignal,
): Promise<Signature> {
  const [before] = entry.parents;
  const deployed = before === undefined ? undefined : await wholeRevision(ledger, before, signal);
  const signersAt = deployed ?? revisionOf(entry);
  if (signersAt === undefined)
    return { kind: 'none', state: 'bad', reason: 'the entry names no revision whose signers could judge it' };
  return signatures.check(entry.commit, { signersAt, signal });
}

function revisionOf({ trailers }: LedgerRecord): Revision | undefined {
  return parseRevision(trailers.find(({ key }) => key === 'Towline-Revision')?.value ?? '');
}

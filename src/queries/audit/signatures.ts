import type { ObjectId, Revision } from '../../domain/source/revision.js';
import { signersAfter, type SignatureState } from '../../domain/trust/index.js';
import type { AuditedEntry } from './entry.js';
import type { Findings } from './findings.js';

/** What a signature is worth. */
export interface SignatureCheck {
  state: SignatureState;
  /** Whose key it is, as the signers' file calls it. */
  by?: string;
  /** For people, where it is not good. */
  reason?: string;
}

/** Judges signatures by the allowed signers that the job repository had at a revision. */
export interface EntrySignatures {
  check(
    commit: Uint8Array,
    at: { signersAt: Revision | undefined; signal: AbortSignal },
  ): Promise<SignatureCheck>;
}

export interface SignaturePolicy {
  signatures: EntrySignatures;
  /** Every entry must be signed, by somebody who may. */
  required: boolean;
}

/** Signatures checked side by side: each may be a process of its own. */
const AT_ONCE = 4;

/**
 * The signatures of entries, by the signers of the revision that was deployed before each (docs/decisions/0013): who takes a
 * key out of the file does not spoil what it signed before, and who adds one does not sign the past with it. `before`: whose
 * revision judges the first of these entries; `signers`: the one after the last of them.
 */
export async function checkSignatures(
  entries: readonly AuditedEntry[],
  { signatures, required }: SignaturePolicy,
  before: Revision | undefined,
  findings: Findings,
  signal: AbortSignal,
): Promise<{ good: number; signers: Revision | undefined }> {
  const { signersOf, signers } = signersOfEach(entries, before);
  const wanted = entries.filter(({ commit }) => required || commit.signed);
  let good = 0;
  for (let from = 0; from < wanted.length; from += AT_ONCE) {
    const some = wanted.slice(from, from + AT_ONCE);
    const checks = await Promise.all(
      some.map((entry) => signatures.check(entry.bytes, { signersAt: signersOf.get(entry.id), signal })),
    );
    for (const [at, check] of checks.entries()) {
      const entry = some[at];
      if (check.state === 'good') good += 1;
      else if (entry !== undefined && (required || check.state === 'bad'))
        findings.add('signature', entry.id, WORDS[check.state], {
          expected: required ? 'a good signature of an allowed signer' : 'a good signature, or none',
          found: [check.state, check.by, check.reason].filter((text) => text !== undefined).join(': '),
        });
    }
  }
  return { good, signers };
}

const WORDS: Record<Exclude<SignatureCheck['state'], 'good'>, string> = {
  'not-signed': 'it is not signed',
  bad: 'its signature is not of these bytes',
  'unknown-signer': 'it is signed by a key that was not allowed then',
  expired: 'it is signed by a key whose time was over',
  'not-yet-valid': 'it is signed by a key whose time had not come',
  revoked: 'it is signed by a key that was revoked',
  unsupported: 'its signature is of a kind that is not judged',
};

/** The first entry is judged by its own revision: there is no other one. */
function signersOfEach(
  entries: readonly AuditedEntry[],
  before: Revision | undefined,
): { signersOf: Map<ObjectId, Revision | undefined>; signers: Revision | undefined } {
  const signersOf = new Map<ObjectId, Revision | undefined>();
  let signers = before;
  for (const { id, commit } of entries) {
    const after = signersAfter(signers, commit);
    signersOf.set(id, signers ?? after);
    signers = after;
  }
  return { signersOf, signers };
}

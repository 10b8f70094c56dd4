import { principalsOf, type AllowedSigners, type NobodyReason } from './allowed-signers.js';
import { parseSshSignature, verifySshSignature } from './ssh-signature.js';

/**
 * good: by a signer, at that time · bad: not the signature of these bytes, or none that can be read · unknown-signer: a
 * signature by somebody who is no signer · unsupported: of a kind that is not judged.
 */
export type SignatureState =
  'good' | 'not-signed' | 'bad' | 'unknown-signer' | 'expired' | 'not-yet-valid' | 'revoked' | 'unsupported';

/** What a signature of a commit is worth. */
export interface Signature {
  kind: 'ssh' | 'gpg' | 'x509' | 'none';
  state: SignatureState;
  /** Who signed, as the signers' file or the user id of the GPG key calls them. Only of a good one. */
  by?: string;
  /** Fingerprint of the key: `SHA256:…`, or the hexadecimal digits of a GPG key. */
  key?: string;
  /** Why it is not good, for people. */
  reason?: string;
}

const STATES: Readonly<Record<NobodyReason, SignatureState>> = {
  'unknown-key': 'unknown-signer',
  expired: 'expired',
  'not-yet-valid': 'not-yet-valid',
  'other-namespace': 'unknown-signer',
};

/** Judges an SSH signature of a commit by the signers of a revision, at a time in ms since the epoch. */
export function judgeSsh(
  { payload, signature }: { payload: Uint8Array; signature: string },
  signers: AllowedSigners,
  at: number,
): Signature {
  const parsed = parseSshSignature(signature);
  if ('reason' in parsed) return { kind: 'ssh', state: 'bad', reason: parsed.reason };
  const key = parsed.key.fingerprint;
  const verified = verifySshSignature(parsed, payload);
  if (!verified.good) return { kind: 'ssh', state: 'bad', key, reason: verified.reason };
  const whose = principalsOf(signers, key, { at });
  if ('nobody' in whose) return { kind: 'ssh', state: STATES[whose.nobody], key, reason: whose.reason };
  return { kind: 'ssh', state: 'good', key, by: whose.by };
}

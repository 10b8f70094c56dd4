import { createHash } from 'node:crypto';
import { readSshKey, type SshKey } from './ssh-key.js';
import { SshReader, sshString, strictBase64 } from './ssh-wire.js';

/** A signature as `ssh-keygen -Y sign` and git write it (PROTOCOL.sshsig of OpenSSH), not judged yet. */
export interface SshSignature {
  /** The key that is said to have made it. */
  key: SshKey;
  namespace: string;
  hash: 'sha256' | 'sha512';
  signature: Uint8Array;
}

/** What git signs commits and tags for. */
export const GIT_NAMESPACE = 'git';

const MAGIC = 'SSHSIG';
const ARMOR = /^-----BEGIN SSH SIGNATURE-----\n((?:[A-Za-z0-9+/]+={0,2}\n)+)-----END SSH SIGNATURE-----\n?$/;
/** Larger than the signature of any key that is supported. */
const MAX_ARMOR = 16 * 1024;

/** An armored signature, or why it is none. Never throws: it comes out of commits that anybody may write. */
export function parseSshSignature(armored: string): SshSignature | { reason: string } {
  if (armored.length > MAX_ARMOR) return { reason: 'the signature is too long to be one' };
  const text = ARMOR.exec(armored)?.[1]?.replaceAll('\n', '');
  const bytes = text === undefined ? undefined : strictBase64(text);
  if (bytes === undefined) return { reason: 'the signature is damaged: its armor is not as it must be' };
  const reader = new SshReader(bytes);
  const magic = reader.take(MAGIC.length);
  if (magic === undefined || Buffer.from(magic).toString('latin1') !== MAGIC)
    return { reason: 'the signature is damaged: it is no SSH signature' };
  const version = reader.uint32();
  if (version !== 1) return { reason: `its format has the version ${version ?? 'of none'}, expected 1` };
  const [blob, namespace, reserved, hash, signature] = [
    reader.string(),
    reader.string(),
    reader.string(),
    reader.word(),
    reader.string(),
  ];
  if (blob === undefined || namespace === undefined || signature === undefined || !reader.atEnd)
    return { reason: 'the signature is damaged: it is cut off, or something follows it' };
  if (reserved?.byteLength !== 0) return { reason: 'the signature uses a field that has no meaning yet' };
  if (hash !== 'sha256' && hash !== 'sha512') return { reason: 'its hash is neither sha256 nor sha512' };
  const key = readSshKey(blob);
  if ('reason' in key) return { reason: `its public key can't be used: ${key.reason}` };
  return { key, namespace: Buffer.from(namespace).toString('utf8'), hash, signature };
}

/** Whether a signature is one of its key over exactly these bytes, for this namespace. */
export function verifySshSignature(
  signature: SshSignature,
  payload: Uint8Array,
  namespace: string = GIT_NAMESPACE,
): { good: true } | { good: false; reason: string } {
  if (signature.namespace !== namespace)
    return { good: false, reason: `it was made for "${signature.namespace}", not for "${namespace}"` };
  const signed = Buffer.concat([
    Buffer.from(MAGIC),
    sshString(namespace),
    sshString(''),
    sshString(signature.hash),
    sshString(createHash(signature.hash).update(payload).digest()),
  ]);
  return signature.key.verifies(signed, signature.signature)
    ? { good: true }
    : { good: false, reason: 'it is not the signature of these bytes by this key' };
}

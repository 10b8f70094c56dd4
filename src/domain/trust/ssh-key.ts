import { createHash, createPublicKey, verify, type JsonWebKey, type KeyObject } from 'node:crypto';
import { sshFingerprint, SshReader } from './ssh-wire.js';

/** A public key of SSH that can judge signatures. */
export interface SshKey {
  /** `ssh-ed25519`, `sk-ecdsa-sha2-nistp256@openssh.com`, … */
  type: string;
  /** `SHA256:…`. */
  fingerprint: string;
  /** Whether this key made this signature (an SSH signature blob) over the bytes. */
  verifies(bytes: Uint8Array, signature: Uint8Array): boolean;
}

/** Bits below which an RSA key is taken for no key. */
const RSA_MIN_BITS = 2048;
const CURVES: Readonly<Record<string, { jwk: string; bytes: number; hash: string }>> = {
  nistp256: { jwk: 'P-256', bytes: 32, hash: 'sha256' },
  nistp384: { jwk: 'P-384', bytes: 48, hash: 'sha384' },
  nistp521: { jwk: 'P-521', bytes: 66, hash: 'sha512' },
};
const RSA_HASHES: Readonly<Record<string, string>> = { 'rsa-sha2-256': 'sha256', 'rsa-sha2-512': 'sha512' };

/** A public key from its SSH blob, or why it is none that is supported. */
export function readSshKey(blob: Uint8Array): SshKey | { reason: string } {
  const reader = new SshReader(blob);
  const type = reader.word();
  if (type === undefined) return { reason: 'it is no public key' };
  try {
    const judged = judgeOf(type, reader);
    if ('reason' in judged) return judged;
    if (!reader.atEnd) return { reason: 'bytes follow the public key' };
    return { type, fingerprint: sshFingerprint(blob), verifies: judged.verifies };
  } catch {
    // The numbers of the key are none of its curve or kind.
    return { reason: `it is no valid ${type} key` };
  }
}

type Judge = { verifies: SshKey['verifies'] } | { reason: string };

function judgeOf(type: string, reader: SshReader): Judge {
  if (type === 'ssh-ed25519') return ed25519(reader);
  if (type === 'ssh-rsa') return rsa(reader);
  if (type.startsWith('ecdsa-sha2-') && Object.hasOwn(CURVES, type.slice('ecdsa-sha2-'.length)))
    return ecdsa(type, reader);
  if (type === 'sk-ssh-ed25519@openssh.com') return securityKey(type, ed25519Key(reader), reader);
  if (type === 'sk-ecdsa-sha2-nistp256@openssh.com')
    return securityKey(type, ecdsaKey('nistp256', reader), reader);
  if (type.includes('-cert-v0')) return { reason: 'certificates are not supported' };
  return { reason: `keys of the type ${type} are not supported` };
}

function ed25519(reader: SshReader): Judge {
  const key = ed25519Key(reader);
  if (key === undefined) return { reason: 'it is no valid ssh-ed25519 key' };
  return {
    verifies: (bytes, signature) => {
      const parts = signatureParts(signature, ['ssh-ed25519']);
      return parts?.reader.atEnd === true && judge(null, bytes, key, parts.raw);
    },
  };
}

function rsa(reader: SshReader): Judge {
  const [e, n] = [reader.natural(), reader.natural()];
  if (e === undefined || n === undefined) return { reason: 'it is no valid ssh-rsa key' };
  if (n.byteLength * 8 < RSA_MIN_BITS)
    return { reason: `RSA keys of less than ${RSA_MIN_BITS} bits are not supported` };
  const key = keyOf({ kty: 'RSA', n: url(n), e: url(e) });
  return {
    verifies: (bytes, signature) => {
      const parts = signatureParts(signature, Object.keys(RSA_HASHES));
      if (parts?.reader.atEnd !== true || parts.raw.byteLength > n.byteLength) return false;
      return judge(RSA_HASHES[parts.type] ?? null, bytes, key, padded(parts.raw, n.byteLength));
    },
  };
}

function ecdsa(type: string, reader: SshReader): Judge {
  const name = type.slice('ecdsa-sha2-'.length);
  const [key, curve] = [ecdsaKey(name, reader), CURVES[name]];
  if (key === undefined || curve === undefined) return { reason: `it is no valid ${type} key` };
  return {
    verifies: (bytes, signature) => {
      const parts = signatureParts(signature, [type]);
      const raw = parts?.reader.atEnd === true ? bothNumbers(parts.raw, curve.bytes) : undefined;
      return raw !== undefined && judge(curve.hash, bytes, key, raw);
    },
  };
}

/**
 * A key in a security token signs digests of the application's name and of the bytes, with its flags and its counter
 * (PROTOCOL.u2f of OpenSSH).
 */
function securityKey(type: string, key: KeyObject | undefined, reader: SshReader): Judge {
  const application = reader.string();
  if (key === undefined || application === undefined) return { reason: `it is no valid ${type} key` };
  const elliptic = type.startsWith('sk-ecdsa-');
  return {
    verifies: (bytes, signature) => {
      const parts = signatureParts(signature, [type]);
      const flagsAndCounter = parts?.reader.take(5);
      if (parts === undefined || flagsAndCounter === undefined || !parts.reader.atEnd) return false;
      const signed = Buffer.concat([sha256(application), flagsAndCounter, sha256(bytes)]);
      const raw = elliptic ? bothNumbers(parts.raw, 32) : parts.raw;
      return raw !== undefined && judge(elliptic ? 'sha256' : null, signed, key, raw);
    },
  };
}

/** A signature blob begins with the kind of the signature, then its bytes. */
function signatureParts(
  signature: Uint8Array,
  types: readonly string[],
): { type: string; raw: Uint8Array; reader: SshReader } | undefined {
  const reader = new SshReader(signature);
  const [type, raw] = [reader.word(), reader.string()];
  if (type === undefined || raw === undefined || !types.includes(type)) return undefined;
  return { type, raw, reader };
}

function ed25519Key(reader: SshReader): KeyObject | undefined {
  const bytes = reader.string();
  return bytes?.byteLength === 32 ? keyOf({ kty: 'OKP', crv: 'Ed25519', x: url(bytes) }) : undefined;
}

function ecdsaKey(name: string, reader: SshReader): KeyObject | undefined {
  const [stated, point, curve] = [reader.word(), reader.string(), CURVES[name]];
  if (stated !== name || curve === undefined || point?.[0] !== 4) return undefined;
  const { jwk, bytes } = curve;
  if (point.byteLength !== 1 + 2 * bytes) return undefined;
  const [x, y] = [point.subarray(1, 1 + bytes), point.subarray(1 + bytes)];
  return keyOf({ kty: 'EC', crv: jwk, x: url(x), y: url(y) });
}

function keyOf(jwk: JsonWebKey): KeyObject {
  return createPublicKey({ key: jwk, format: 'jwk' });
}

function judge(hash: string | null, bytes: Uint8Array, key: KeyObject, signature: Uint8Array): boolean {
  try {
    return verify(hash, bytes, { key, dsaEncoding: 'ieee-p1363' }, signature);
  } catch {
    // A signature that is none of this kind of key.
    return false;
  }
}

/** The two numbers of an ECDSA signature side by side, each as long as the curve has it. */
function bothNumbers(raw: Uint8Array, bytes: number): Buffer | undefined {
  const reader = new SshReader(raw);
  const [r, s] = [reader.natural(), reader.natural()];
  if (r === undefined || s === undefined || !reader.atEnd) return undefined;
  if (r.byteLength > bytes || s.byteLength > bytes) return undefined;
  return Buffer.concat([padded(r, bytes), padded(s, bytes)]);
}

function padded(bytes: Uint8Array, length: number): Buffer {
  return Buffer.concat([Buffer.alloc(length - bytes.byteLength), bytes]);
}

function url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

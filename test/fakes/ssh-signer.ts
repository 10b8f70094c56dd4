import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { sshString } from '../../src/domain/trust/ssh-wire.js';
import { findServer } from '../../scripts/servers.mjs';

/** Keys made by ssh-keygen, and its own word on signatures. */
export class SshSigner {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'towline-ssh-'));

  /** Path of the private key; the public one stands beside it as `.pub`. */
  key(name: string, type = 'ed25519', bits?: number): string {
    const file = path.join(this.folder, name);
    const size = bits === undefined ? [] : ['-b', String(bits)];
    this.#run(['-q', '-t', type, ...size, '-N', '', '-C', name, '-f', file]);
    chmodSync(file, 0o600);
    return file;
  }

  publicKey(file: string): string {
    return readFileSync(`${file}.pub`, 'utf8').trim();
  }

  sign(file: string, payload: Uint8Array, { namespace = 'git', hash = 'sha512' } = {}): string {
    const args = ['-Y', 'sign', '-q', '-n', namespace, '-O', `hashalg=${hash}`, '-f', file];
    return this.#run(args, payload);
  }

  /** What ssh-keygen says of a signature by anybody in `allowed` (lines for the principal `ann`). */
  accepts(allowed: string, payload: Uint8Array, armored: string, at?: string): boolean {
    const [signers, signature] = [path.join(this.folder, 'allowed'), path.join(this.folder, 'signature')];
    writeFileSync(signers, `${allowed}\n`);
    writeFileSync(signature, armored);
    const time = at === undefined ? [] : ['-O', `verify-time=${at}`];
    const args = ['-Y', 'verify', ...time, '-n', 'git', '-f', signers, '-I', 'ann', '-s', signature];
    const env = { ...process.env, TZ: 'UTC' };
    return spawnSync(findServer('ssh-keygen'), args, { input: payload, env }).status === 0;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #run(args: string[], input?: Uint8Array): string {
    return execFileSync(findServer('ssh-keygen'), args, {
      ...(input === undefined ? {} : { input }),
      stdio: ['pipe', 'pipe', 'pipe'],
    }).toString();
  }
}

/** A security token in software: it signs as the ones of `ssh-keygen -t ed25519-sk` and `ecdsa-sk` do. */
export class SoftToken {
  readonly #privateKey: KeyObject;
  readonly blob: Buffer;
  readonly type: string;

  constructor(readonly kind: 'ed25519' | 'ecdsa') {
    const { publicKey, privateKey } =
      kind === 'ed25519'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    this.#privateKey = privateKey;
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    const bytes = (text: string): Buffer => Buffer.from(text, 'base64url');
    this.type = kind === 'ed25519' ? 'sk-ssh-ed25519@openssh.com' : 'sk-ecdsa-sha2-nistp256@openssh.com';
    this.blob = Buffer.concat([
      sshString(this.type),
      ...(kind === 'ed25519'
        ? [sshString(bytes(x))]
        : [sshString('nistp256'), sshString(Buffer.concat([Buffer.from([4]), bytes(x), bytes(y)]))]),
      sshString('ssh:'),
    ]);
  }

  get publicKey(): string {
    return `${this.type} ${this.blob.toString('base64')}`;
  }

  sign(payload: Uint8Array, { flags = 1, counter = 7 } = {}): string {
    const digest = createHash('sha512').update(payload).digest();
    const head = [Buffer.from('SSHSIG')];
    const named = [sshString('git'), sshString(''), sshString('sha512')];
    const message = Buffer.concat([...head, ...named, sshString(digest)]);
    const tail = Buffer.from([flags, 0, 0, 0, counter]);
    const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
    const signed = Buffer.concat([sha256(Buffer.from('ssh:')), tail, sha256(message)]);
    const key = { key: this.#privateKey, dsaEncoding: 'ieee-p1363' as const };
    const raw = sign(this.kind === 'ed25519' ? null : 'sha256', signed, key);
    const inner =
      this.kind === 'ed25519'
        ? raw
        : Buffer.concat([natural(raw.subarray(0, 32)), natural(raw.subarray(32))]);
    const signature = Buffer.concat([sshString(this.type), sshString(inner), tail]);
    return armored(
      Buffer.concat([
        ...head,
        Buffer.from([0, 0, 0, 1]),
        sshString(this.blob),
        ...named,
        sshString(signature),
      ]),
    );
  }
}

export function armored(bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,70}/g) ?? [];
  return `-----BEGIN SSH SIGNATURE-----\n${lines.join('\n')}\n-----END SSH SIGNATURE-----\n`;
}

/** The bytes of an armored signature. */
export function unarmored(text: string): Buffer {
  return Buffer.from(text.replace(/-----[^-]+-----|\n/g, ''), 'base64');
}

function natural(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const short = bytes.subarray(Math.max(first, 0));
  return sshString((short[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), short]) : short);
}

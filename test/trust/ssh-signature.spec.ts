import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  judgeSsh,
  parseAllowedSigners,
  parseSshSignature,
  verifySshSignature,
  type Signature,
} from '../../src/domain/trust/index.js';
import { armored, SoftToken, SshSigner, unarmored } from '../fakes/ssh-signer.js';
import { withServer } from '../servers/index.js';

const payload = Buffer.from('tree 1234\nauthor Ann <ann@example.org> 1 +0000\n\nsubject\n');
const at = Date.UTC(2026, 0, 1);

function judge(signature: string, bytes: Uint8Array, allowed: string, when = at): Signature {
  return judgeSsh({ payload: bytes, signature }, parseAllowedSigners('signers', Buffer.from(allowed)), when);
}

function flip(bytes: Uint8Array, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8((copy[bit >> 3] ?? 0) ^ (1 << (bit & 7)), bit >> 3);
  return copy;
}

withServer('ssh-keygen', 'SSH signatures, with ssh-keygen as the judge of the judge', () => {
  let signer: SshSigner;
  const kinds: [name: string, type: string, bits?: number][] = [
    ['ed25519', 'ed25519'],
    ['p256', 'ecdsa', 256],
    ['p384', 'ecdsa', 384],
    ['p521', 'ecdsa', 521],
    ['rsa', 'rsa', 2048],
  ];
  const keys = new Map<string, string>();
  const made: { name: string; allowed: string; signature: string }[] = [];
  beforeAll(() => {
    signer = new SshSigner();
    for (const [name, type, bits] of kinds) keys.set(name, signer.key(name, type, bits));
    for (const [name, file] of keys)
      made.push({ name, allowed: `ann ${signer.publicKey(file)}`, signature: signer.sign(file, payload) });
    for (const kind of ['ed25519', 'ecdsa'] as const) {
      const token = new SoftToken(kind);
      made.push({ name: `sk-${kind}`, allowed: `ann ${token.publicKey}`, signature: token.sign(payload) });
    }
  });
  afterAll(() => signer.remove());

  it('are good where ssh-keygen says so, of every kind of key and both hashes', () => {
    for (const { name, allowed, signature } of made) {
      expect([name, signer.accepts(allowed, payload, signature)]).toEqual([name, true]);
      expect([name, judge(signature, payload, allowed)]).toEqual([
        name,
        { kind: 'ssh', state: 'good', by: 'ann', key: expect.stringMatching(/^SHA256:[A-Za-z0-9+/]{43}$/) },
      ]);
    }
    for (const [name, file] of keys) {
      const signature = signer.sign(file, payload, { hash: 'sha256' });
      expect(judge(signature, payload, `ann ${signer.publicKey(file)}`)).toMatchObject({ state: 'good' });
      expect([name, parseSshSignature(signature)]).toEqual([
        name,
        expect.objectContaining({ hash: 'sha256' }),
      ]);
    }
  });

  it('of which one bit is another one are refused, as ssh-keygen does', () => {
    for (const { name, allowed, signature } of made) {
      const bytes = unarmored(signature);
      for (let bit = 3; bit < bytes.byteLength * 8; bit += 331) {
        const changed = armored(flip(bytes, bit));
        const ours = judge(changed, payload, allowed);
        expect([name, bit, ours.state === 'good', ours.by]).toEqual([name, bit, false, undefined]);
        expect([name, bit, signer.accepts(allowed, payload, changed)]).toEqual([name, bit, false]);
      }
      const other = flip(payload, 9);
      expect(judge(signature, other, allowed)).toMatchObject({ state: 'bad' });
      expect(signer.accepts(allowed, other, signature)).toBe(false);
    }
  });

  it('never hold for other bytes, whatever bit of what is flipped', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.nat(),
        fc.constantFrom('payload', 'signature', 'armor'),
        (which, bit, what) => {
          const { allowed = '', signature = '' } = made[which % made.length] ?? {};
          const of = (bytes: Uint8Array): Buffer => flip(bytes, bit % (bytes.byteLength * 8));
          const changed =
            what === 'signature'
              ? armored(of(unarmored(signature)))
              : what === 'armor'
                ? of(Buffer.from(signature)).toString('latin1')
                : signature;
          expect(judge(changed, what === 'payload' ? of(payload) : payload, allowed).state).not.toBe('good');
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('that are cut off or go on are refused and never throw', () => {
    for (const { allowed, signature } of made) {
      const bytes = unarmored(signature);
      for (let length = 0; length < bytes.byteLength; length += 7)
        expect(judge(armored(bytes.subarray(0, length)), payload, allowed).state).toBe('bad');
      expect(judge(armored(Buffer.concat([bytes, Buffer.from([0])])), payload, allowed).state).toBe('bad');
      expect(judge(`${signature}x`, payload, allowed).state).toBe('bad');
    }
    fc.assert(
      fc.property(fc.uint8Array(), fc.string(), (bytes, text) => {
        expect(parseSshSignature(armored(Buffer.concat([Buffer.from('SSHSIG'), bytes])))).toHaveProperty(
          'reason',
        );
        expect(parseSshSignature(text)).toHaveProperty('reason');
      }),
    );
  });

  it('for another purpose are refused, as ssh-keygen does', () => {
    const file = keys.get('ed25519') ?? '';
    const signature = signer.sign(file, payload, { namespace: 'file' });
    const allowed = `ann ${signer.publicKey(file)}`;
    expect(judge(signature, payload, allowed)).toMatchObject({
      state: 'bad',
      reason: expect.stringContaining('"file"'),
    });
    expect(signer.accepts(allowed, payload, signature)).toBe(false);
  });

  it('of somebody else are of nobody', () => {
    const [first, second] = made;
    const judged = judge(first?.signature ?? '', payload, second?.allowed ?? '');
    expect(judged).toMatchObject({ state: 'unknown-signer', reason: expect.stringContaining('SHA256:') });
    expect(judged).not.toHaveProperty('by');
    expect(signer.accepts(second?.allowed ?? '', payload, first?.signature ?? '')).toBe(false);
  });

  it.each([
    ['valid-after="20260101"', '20251231235959Z', false],
    ['valid-after="20260101"', '20260101000000Z', true],
    ['valid-before="202601011200"', '20260101120000Z', true],
    ['valid-before="202601011200"', '20260101120001Z', false],
    ['namespaces="git"', '20260101120000Z', true],
    ['namespaces="file,g*"', '20260101120000Z', true],
    ['namespaces="*,!git"', '20260101120000Z', false],
    ['namespaces="file"', '20260101120000Z', false],
  ])('count at a time as ssh-keygen has it: %s at %s', (options, time, good) => {
    const file = keys.get('ed25519') ?? '';
    const allowed = `ann ${options} ${signer.publicKey(file)}`;
    const signature = made[0]?.signature ?? '';
    const when = Date.parse(time.replace(/(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z/, '$1-$2-$3T$4:$5:$6Z'));
    expect(signer.accepts(allowed, payload, signature, time)).toBe(good);
    expect(judge(signature, payload, allowed, when).state === 'good').toBe(good);
  });

  it('of RSA keys with SHA-1, and of short ones, are none', () => {
    const bytes = unarmored(made.find(({ name }) => name === 'rsa')?.signature ?? '');
    const old = Buffer.from(bytes.toString('latin1').replace('rsa-sha2-512', 'rsa-sha2-xyz'), 'latin1');
    expect(judge(armored(old), payload, made[4]?.allowed ?? '').state).toBe('bad');
    const short = signer.key('short', 'rsa', 1024);
    expect(parseAllowedSigners('signers', Buffer.from(`ann ${signer.publicKey(short)}`)).lines).toEqual([]);
  });

  it('are judged ten thousand times without a process for each', () => {
    const parsed = parseSshSignature(made[0]?.signature ?? '');
    if ('reason' in parsed) throw new Error(parsed.reason);
    for (let n = 0; n < 10_000; n++) expect(verifySshSignature(parsed, payload).good || n).toBe(true);
  });
});

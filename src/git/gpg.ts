import { execa } from 'execa';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Signature } from '../domain/trust/index.js';
import { oneLine } from '../domain/source/one-line.js';
import { messageOf, TowlineError } from '../runtime/errors.js';

/** A key ring of its own, in a temporary folder, with nothing in it but the keys that it was given. */
export interface KeyRing {
  verify(
    signed: { payload: Uint8Array; signature: string },
    options: { at: number; signal: AbortSignal },
  ): Promise<Signature>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 30_000;
/** No settings of the machine, no key servers, no agent, no web of trust: the keys are the ones in the job repository. */
const ALWAYS = [
  '--batch',
  '--no-tty',
  '--no-options',
  '--no-autostart',
  '--disable-dirmngr',
  '--no-auto-key-retrieve',
  '--no-auto-check-trustdb',
  '--trust-model=always',
];

/** Imports public keys into a ring. Files that hold none, or private ones, count for nothing and are told. */
export async function openKeyRing(
  files: readonly { name: string; bytes: Uint8Array }[],
  {
    signal,
    warn,
    program = 'gpg',
  }: { signal: AbortSignal; warn: (file: string, why: string) => void; program?: string },
): Promise<KeyRing> {
  const home = await mkdtemp(path.join(os.tmpdir(), 'towline-gpg-'));
  const run = (args: readonly string[], input: Uint8Array, ending: AbortSignal): Promise<GpgAnswer> =>
    gpg(program, ['--homedir', home, ...ALWAYS, '--status-fd', '1', ...args], input, ending);
  const close = (): Promise<void> => rm(home, { recursive: true, force: true });
  try {
    for (const { name, bytes } of files) {
      if (Buffer.from(bytes).includes('PRIVATE KEY BLOCK')) {
        warn(name, 'it holds a private key, which belongs into no repository');
        continue;
      }
      const { statuses } = await run(['--import'], bytes, signal);
      if (!statuses.some(({ word }) => word === 'IMPORT_OK')) warn(name, 'it holds no public key');
    }
  } catch (error) {
    await close();
    throw error;
  }
  let count = 0;
  return {
    async verify({ payload, signature }, { at, signal: ending }) {
      const file = path.join(home, `signature-${(count += 1)}`);
      await writeFile(file, signature);
      try {
        // As of then: a key that has expired since was good when it signed.
        const then = [`--faked-system-time=${Math.floor(at / 1000)}!`, '--ignore-time-conflict'];
        const answer = await run([...then, '--verify', '--', file, '-'], payload, ending);
        return signatureOf(answer);
      } finally {
        await rm(file, { force: true });
      }
    },
    close,
  };
}

interface GpgAnswer {
  statuses: { word: string; rest: string }[];
  stderr: string;
}

async function gpg(
  program: string,
  args: readonly string[],
  input: Uint8Array,
  signal: AbortSignal,
): Promise<GpgAnswer> {
  signal.throwIfAborted();
  const result = await execa(program, [...args], {
    input,
    reject: false,
    cancelSignal: signal,
    timeout: TIMEOUT_MS,
    env: { LC_ALL: 'C', GNUPGHOME: undefined },
  });
  signal.throwIfAborted();
  if (result.timedOut)
    throw new TowlineError('gpg-timeout', 'unavailable', `gpg took longer than ${TIMEOUT_MS / 1000} s`, {
      help: 'The machine may be busy. It is tried again.',
    });
  if (result.exitCode === undefined)
    throw new TowlineError(
      'gpg-missing',
      'invalid',
      `gpg could not be run: ${messageOf(result.cause ?? result)}`,
      {
        help: 'A commit is signed by GPG, and the job repository names GPG keys. Install GnuPG 2.2 or later on this machine.',
      },
    );
  const statuses = result.stdout.split('\n').flatMap((line) => {
    const [, word = '', rest = ''] = /^\[GNUPG:\] ([A-Z_]+)(?: (.*))?$/.exec(line) ?? [];
    return word === '' ? [] : [{ word, rest }];
  });
  return { statuses, stderr: result.stderr };
}

/** What gpg's status lines say (doc/DETAILS of GnuPG). Anything but one clear yes is a no. */
function signatureOf({ statuses, stderr }: GpgAnswer): Signature {
  const of = (...words: string[]): { word: string; rest: string } | undefined =>
    statuses.find(({ word }) => words.includes(word));
  const verdicts = statuses.filter(({ word }) => VERDICTS.includes(word));
  const [verdict] = verdicts;
  const key = (of('VALIDSIG')?.rest ?? '').split(' ')[9] ?? (of('VALIDSIG')?.rest ?? '').split(' ')[0];
  const common = { kind: 'gpg' as const, ...(key === undefined || key === '' ? {} : { key }) };
  if (verdict === undefined || verdicts.length > 1) {
    const said = oneLine(stderr.split('\n').at(-1) ?? '');
    return { ...common, state: 'bad', reason: `gpg finds no signature that it can judge: ${said}` };
  }
  const [id = '', ...userId] = verdict.rest.split(' ');
  const who = oneLine(userId.join(' '));
  if (verdict.word === 'GOODSIG' && key !== undefined && key !== '')
    return { ...common, state: 'good', by: /<([^<>\s]+)>$/.exec(who)?.[1] ?? who };
  if (verdict.word === 'ERRSIG' && of('NO_PUBKEY') !== undefined)
    return { ...common, key: id, state: 'unknown-signer', reason: `no signer has the key ${id}` };
  const known: Record<string, Pick<Signature, 'state' | 'reason'>> = {
    BADSIG: { state: 'bad', reason: 'it is not the signature of these bytes by this key' },
    EXPSIG: { state: 'expired', reason: `the signature of ${who} had expired` },
    EXPKEYSIG: { state: 'expired', reason: `the key of ${who} had expired` },
    REVKEYSIG: { state: 'revoked', reason: `the key of ${who} was revoked` },
  };
  return { ...common, ...(known[verdict.word] ?? { state: 'bad', reason: 'gpg can not judge it' }) };
}

const VERDICTS = ['GOODSIG', 'BADSIG', 'ERRSIG', 'EXPSIG', 'EXPKEYSIG', 'REVKEYSIG'];

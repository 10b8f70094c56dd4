import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { EntrySignatures } from '../../src/queries/audit/index.js';

/** Where the job repository says who may sign. */
export const SIGNERS = '.towline/allowed-signers';

/** Keys of SSH, with which git signs. */
export class SigningKeys {
  constructor(readonly folder: string) {
    for (const name of ['towline', 'mallory'])
      execFileSync('ssh-keygen', [
        '-q',
        '-t',
        'ed25519',
        '-N',
        '',
        '-C',
        name,
        '-f',
        path.join(folder, name),
      ]);
  }

  allowed(...names: string[]): string {
    const key = (name: string): string => readFileSync(path.join(this.folder, `${name}.pub`), 'utf8').trim();
    return names.map((name) => `${name}@example.org namespaces="git" ${key(name)}\n`).join('');
  }

  /** By git's own configuration, as people do it. */
  signWith(bare: string, name: string): void {
    const set = (key: string, value: string): unknown =>
      execFileSync('git', ['-C', bare, 'config', key, value]);
    set('gpg.format', 'ssh');
    set('user.signingKey', path.join(this.folder, `${name}.pub`));
    set('commit.gpgSign', 'true');
  }

  /** The header of a signature over a commit. */
  sign(bytes: string, name: string): string {
    const args = ['-Y', 'sign', '-q', '-n', 'git', '-f', path.join(this.folder, name)];
    const signature = execFileSync('ssh-keygen', args, { input: bytes }).toString().trim();
    return `gpgsig ${signature.split('\n').join('\n ')}\n`;
  }
}

/** A small verifier: who may is said by the job repository at the revision that was deployed before. */
export function signaturesIn(bare: string): EntrySignatures {
  return {
    check: async (commit, { signersAt }) => {
      const raw = Buffer.from(commit).toString();
      const match = /^gpgsig (.*\n(?: .*\n)*)/m.exec(raw);
      if (match === null) return { state: 'not-signed' };
      const folder = mkdtempSync(path.join(os.tmpdir(), 'towline-signed-'));
      try {
        const [signature, signers] = [path.join(folder, 'signature'), path.join(folder, 'signers')];
        writeFileSync(signature, (match[1] ?? '').replaceAll('\n ', '\n'));
        writeFileSync(signers, execFileSync('git', ['-C', bare, 'show', `${signersAt ?? ''}:${SIGNERS}`]));
        const keygen = (...args: string[]) =>
          spawnSync('ssh-keygen', ['-Y', ...args, '-s', signature], { input: raw.replace(match[0], '') });
        const by = keygen('find-principals', '-f', signers).stdout.toString().trim();
        if (keygen('check-novalidate', '-n', 'git').status !== 0) return { state: 'bad' };
        if (by === '') return { state: 'unknown-signer' };
        const good = keygen('verify', '-n', 'git', '-f', signers, '-I', by).status === 0;
        return { state: good ? 'good' : 'bad', by };
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

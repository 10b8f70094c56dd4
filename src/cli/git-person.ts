import { execa } from 'execa';
import os from 'node:os';
import path from 'node:path';
import { whoAmI } from './ci-environment.js';
import type { Io } from './io.js';

/** Who is at the keyboard, as git would have them commit from where they stand. */
export interface GitPerson {
  author: { name: string; email: string };
  /** Absent: git does not say with which key. */
  sign?: true;
  /** How git signs for them. */
  settings: ReadonlyMap<string, string>;
}

/** Settings that say how a person signs: the key, its kind, and the programs that do it. */
const SIGNING = /^(user\.signingkey|gpg\.(format|program|(ssh|openpgp|x509)\.(program|defaultkeycommand)))$/;

/**
 * Reads it from git's own configuration, that of the folder included: an entry of the ledger is written in the git folder
 * of another repository or a copy, where the settings of the person's work tree would not be seen.
 */
export async function gitPerson(io: Io): Promise<GitPerson> {
  const { stdout, exitCode } = await gitIn(io, ['config', '--null', '--list', '--includes']);
  const all = new Map(exitCode === 0 ? settingsOf(stdout) : []);
  const settings = new Map([...all].filter(([name]) => SIGNING.test(name)));
  const key = settings.get('user.signingkey');
  if (key !== undefined && settings.get('gpg.format') === 'ssh')
    settings.set('user.signingkey', await keyPath(key, io));
  const name = io.env['GIT_AUTHOR_NAME'] || all.get('user.name') || whoAmI(io.env);
  const email = io.env['GIT_AUTHOR_EMAIL'] || all.get('user.email') || `${whoAmI(io.env)}@${os.hostname()}`;
  const signs = (key !== undefined && key !== '') || isTrue(all.get('commit.gpgsign'));
  return { author: { name: plain(name), email: plain(email) }, ...(signs ? { sign: true } : {}), settings };
}

/** `NAME` and its value on the next line; a name alone stands for true. The last one of a name counts. */
function settingsOf(listing: string): [name: string, value: string][] {
  return listing
    .split('\0')
    .filter((each) => each !== '')
    .map((each) => {
      const end = each.indexOf('\n');
      return end < 0 ? [each, 'true'] : [each.slice(0, end), each.slice(end + 1)];
    });
}

/** A key is named by its path or stated itself. Git takes a path from the top of the work tree. */
async function keyPath(key: string, io: Io): Promise<string> {
  if (/^(key::|ssh-|ecdsa-|sk-|~)/.test(key) || path.isAbsolute(key) || key === '') return key;
  const { stdout, exitCode } = await gitIn(io, ['rev-parse', '--show-toplevel']);
  return path.resolve(exitCode === 0 && stdout.trim() !== '' ? stdout.trim() : io.cwd, key);
}

function gitIn({ cwd, env, signal }: Io, args: readonly string[]) {
  return execa('git', [...args], {
    cwd,
    env: { ...env, LC_ALL: 'C' },
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    cancelSignal: signal,
  });
}

/** As git's booleans are written. */
function isTrue(value: string | undefined): boolean {
  return ['true', 'yes', 'on', '1'].includes(value?.toLowerCase() ?? '');
}

/** What a commit can not hold in a name or an address is left out, as git does. */
function plain(text: string): string {
  return text.replace(/[<>\u0000-\u001f]+/g, '').trim();
}

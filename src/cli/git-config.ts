import { execa } from 'execa';
import type { Io } from './io.js';

/** One setting of a repository's own git configuration; undefined where it is not set. */
export async function gitConfigValue(location: string, name: string, io: Io): Promise<string | undefined> {
  const result = await execa(
    'git',
    ['-c', `safe.directory=${location}`, '-C', location, 'config', '--get', '--', name],
    {
      reject: false,
      cancelSignal: io.signal,
      env: { GIT_DIR: location, LC_ALL: 'C' },
    },
  );
  return result.exitCode === 0 && result.stdout !== '' ? result.stdout : undefined;
}

/** The branch that is checked out in the working folder; `main` where there is none. */
export async function gitBranch({ cwd, signal }: Io): Promise<string> {
  const result = await execa('git', ['symbolic-ref', '--quiet', '--short', 'HEAD'], {
    cwd,
    reject: false,
    cancelSignal: signal,
    env: { LC_ALL: 'C' },
  });
  return result.exitCode === 0 && result.stdout !== '' ? result.stdout : 'main';
}

import path from 'node:path';
import { execa } from 'execa';
import { TowlineError } from '../../runtime/errors.js';
import type { Io } from '../io.js';

/** A repository that hooks are in. */
export interface HookRepository {
  gitDir: string;
  /** Where git looks for hooks: `hooks`, or what core.hooksPath says. */
  hooks: string;
}

/** The repository at a path, bare or not. Throws for what is none, and for hooks that are not its own. */
export async function repositoryAt(target: string, io: Io): Promise<HookRepository> {
  const location = path.resolve(io.cwd, target);
  const ask = async (...args: string[]): Promise<{ code: number | undefined; text: string }> => {
    const { exitCode, stdout } = await execa(
      'git',
      ['-c', `safe.directory=${location}`, '-C', location, ...args],
      {
        reject: false,
        cancelSignal: io.signal,
        env: { GIT_DIR: undefined, GIT_WORK_TREE: undefined, LC_ALL: 'C' },
      },
    );
    return { code: exitCode, text: stdout ?? '' };
  };
  const gitDir = await ask('rev-parse', '--absolute-git-dir');
  if (gitDir.code !== 0 || gitDir.text === '')
    throw new TowlineError('hook-no-repository', 'invalid', `${location} is no Git repository`, {
      help: 'Name the bare repository that is pushed to, for example /srv/git/jobs.git.',
    });
  const hooks = await ask('rev-parse', '--git-path', 'hooks');
  return { gitDir: gitDir.text, hooks: path.resolve(location, hooks.text) };
}

/** Throws where the hooks of this repository are those of others, too: they would get hooks that nobody asked for there. */
export async function refuseShared({ gitDir, hooks }: HookRepository, io: Io): Promise<void> {
  const { exitCode, stdout } = await execa('git', ['config', '--show-scope', '--get', 'core.hooksPath'], {
    cwd: gitDir,
    reject: false,
    cancelSignal: io.signal,
    env: { GIT_DIR: gitDir, LC_ALL: 'C' },
  });
  if (exitCode !== 0 || /^(local|worktree)\t/.test(stdout)) return;
  throw new TowlineError(
    'hook-shared',
    'refused',
    `core.hooksPath leads all repositories of this machine to ${hooks}`,
    {
      help: `Give this one hooks of its own: git -C ${gitDir} config core.hooksPath hooks`,
    },
  );
}

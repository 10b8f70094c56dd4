import { createHash, randomUUID } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { formatOf, parseObjectId, type ObjectFormat } from '../domain/source/revision.js';
import type { Waiting } from '../ports/kv-store.js';
import { TowlineError } from '../runtime/errors.js';
import { ownFolder } from '../runtime/own-folder.js';
import { PLAIN_ACCESS, remoteEnvironment, type RemoteAccess } from './remote-access.js';
import { git, type GitCall, type GitPlace, type OpenRepository } from './run.js';

export interface Place {
  /** A path (bare or with a work tree, used in place) or a remote URL (copied into `storeDir`). */
  location: string;
  storeDir: string;
  /** How a remote is reached. */
  access?: RemoteAccess;
  /** Inside `pre-receive`. */
  quarantine?: boolean;
}

/** Opens a repository in place, or the local copy of a remote one; the copy is made at the first use. */
export async function openRepository(
  { location, storeDir, access = PLAIN_ACCESS, quarantine = false }: Place,
  waiting: Waiting,
): Promise<OpenRepository> {
  const remote = isRemote(location) ? location : undefined;
  const remoteEnv = remote === undefined ? {} : await remoteEnvironment(remote, access, storeDir);
  const gitDir =
    remote === undefined
      ? await localGitDir(location, waiting)
      : await copyOf(
          remote,
          { storeDir, access },
          { ...waiting, env: remoteEnv, timeoutMs: access.timeoutMs },
        );
  const place: GitPlace = { gitDir, quarantine: quarantine && remote === undefined };
  const settings = await settingsOf(place, waiting);
  const shared = settings.get('core.sharedrepository') ?? '';
  return {
    ...place,
    remote,
    remoteEnv,
    format: settings.get('extensions.objectformat') === 'sha256' ? 'sha256' : 'sha1',
    bare: settings.get('core.bare') === 'true',
    shared: !['', 'false', 'umask', '0'].includes(shared),
  };
}

/** All that decides how a repository is written into, by one process; a name that stands twice has its last value. */
async function settingsOf(place: GitPlace, waiting: Waiting): Promise<Map<string, string>> {
  const names = String.raw`^(extensions\.objectformat|core\.(bare|sharedrepository))$`;
  const { stdout } = await git(place, ['config', '-z', '--get-regexp', names], { ...waiting, allow: [0, 1] });
  const entries = stdout
    .toString('utf8')
    .split('\0')
    .filter((entry) => entry !== '');
  // A name without a value ("[core] bare") means true.
  return new Map(
    entries.map((entry) => {
      const at = entry.indexOf('\n');
      return at === -1 ? [entry, 'true'] : [entry.slice(0, at), entry.slice(at + 1).trim()];
    }),
  );
}

function isRemote(location: string): boolean {
  return (
    /^[a-z][a-z0-9+.-]*:\/\//i.test(location) ||
    (/^[^/\\]+@[^/\\:]+:/.test(location) && !path.isAbsolute(location))
  );
}

/** The git folder of a path: the path itself when it is bare, else what git finds from there upward. */
async function localGitDir(location: string, waiting: Waiting): Promise<string> {
  const absolute = path.resolve(location);
  const found = await stat(absolute).catch(() => undefined);
  if (found?.isDirectory() !== true) {
    throw new TowlineError('git-remote-away', 'unavailable', `there is no job repository at ${absolute}`, {
      help: 'Check repository.url. Nothing is changed while it is away.',
    });
  }
  for (const candidate of [absolute, path.join(absolute, '.git')]) {
    const head = await stat(path.join(candidate, 'HEAD')).catch(() => undefined);
    const objects = await stat(path.join(candidate, 'objects')).catch(() => undefined);
    if (head?.isFile() === true && objects?.isDirectory() === true) return candidate;
  }
  const { execa } = await import('execa');
  const result = await execa('git', ['-C', absolute, 'rev-parse', '--absolute-git-dir'], {
    reject: false,
    cancelSignal: waiting.signal,
    env: { GIT_DIR: undefined, GIT_WORK_TREE: undefined, LC_ALL: 'C' },
  });
  if (result.exitCode === 0 && result.stdout !== '') return result.stdout;
  throw new TowlineError('git-no-repository', 'invalid', `${absolute} is not inside a Git repository`, {
    help: 'Run this inside the job repository, or name it by repository.url in towline.yaml.',
  });
}

async function copyOf(
  remote: string,
  { storeDir, access }: { storeDir: string; access: RemoteAccess },
  call: GitCall,
): Promise<string> {
  // A copy without history is another one than a whole one of the same remote.
  const name = access.shallow ? `${remote}\nshallow` : remote;
  const gitDir = path.join(storeDir, `${createHash('sha256').update(name).digest('hex').slice(0, 16)}.git`);
  const ready = await stat(path.join(gitDir, 'HEAD')).catch(() => undefined);
  if (ready !== undefined) return gitDir;
  // Made aside and moved into place: a copy that was cut off is never taken for a whole one.
  const fresh = `${gitDir}.${randomUUID()}`;
  await ownFolder(storeDir);
  await mkdir(fresh);
  try {
    const format = await remoteFormat(remote, fresh, call);
    await git(
      { gitDir: fresh, quarantine: false },
      ['init', '--quiet', '--bare', `--object-format=${format}`],
      { signal: call.signal },
    );
    await rename(fresh, gitDir).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return gitDir;
}

async function remoteFormat(remote: string, cwd: string, { env, ...call }: GitCall): Promise<ObjectFormat> {
  const { stdout } = await git(
    { gitDir: cwd, quarantine: false },
    ['ls-remote', '--heads', '--end-of-options', remote],
    { ...call, env: { ...env, GIT_DIR: undefined }, remote: true },
  );
  const first = /^([0-9a-f]+)\t/.exec(stdout.toString('latin1'))?.[1];
  const id = first === undefined ? undefined : parseObjectId(first);
  return id === undefined ? 'sha1' : formatOf(id);
}

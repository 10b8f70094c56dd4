import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import type { RemoteConfig } from '../config/config.js';
import { DEFAULTS } from '../config/defaults.js';
import type { RawCommits } from '../git/index.js';
import type { Place } from '../git/open.js';
import type { RemoteAccess } from '../git/remote-access.js';
import type { GitStore } from '../ports/git-store.js';
import type { Log } from '../runtime/log.js';
import type { Settings } from './settings.js';

type OpenStore = GitStore & RawCommits & { close(): Promise<void> };

/** Which repository is meant: the job repository of the configuration, where nothing else is said. */
export interface RepositoryOptions {
  /** Where the job repository is, when the caller stands inside it (hooks). */
  repository?: { location: string; quarantine: boolean };
  url?: string;
  remote?: RemoteConfig | undefined;
  shallow?: boolean;
  storeDir?: string | undefined;
}

/** Opens a repository by git's command line, or read-only without it; it is closed with everything else. */
export async function openRepository(
  settings: Settings,
  options: RepositoryOptions,
  log: Log,
  closers: (() => Promise<void>)[],
): Promise<GitStore & RawCommits> {
  const place = placeOf(settings, options);
  const opened: OpenStore = (await hasGit())
    ? (await import('../git/index.js')).gitStore({ ...place, author: settings.config.repository.author, log })
    : await withoutGit(place, log);
  closers.push(() => opened.close());
  return opened;
}

/** A slim container may have Node and nothing else. */
async function withoutGit(place: Place, log: Log): Promise<OpenStore> {
  log.debug('there is no git program here; the repository is only read');
  return (await import('../git/isomorphic/store.js')).storeWithoutGit(place);
}

/** True where a process `git` could be started. */
async function hasGit(): Promise<boolean> {
  const names = process.platform === 'win32' ? ['git.exe', 'git.cmd'] : ['git'];
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  for (const file of folders.flatMap((folder) => names.map((name) => path.join(folder, name))))
    if (
      await access(file, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return true;
  return false;
}

/** Where a repository is, and how it is reached. */
export function placeOf(
  { config, home }: Settings,
  { repository, url: other, ...reached }: RepositoryOptions,
): Place {
  const { store } = config.repository;
  const url = other ?? config.repository.url;
  const { remote, shallow = false } = other === undefined ? { remote: config.repository.remote } : reached;
  return {
    location:
      (other === undefined ? repository?.location : undefined) ??
      (url === undefined ? home : /^[a-z+]+:\/\/|^[^/]+@[^/]+:/.test(url) ? url : path.resolve(home, url)),
    storeDir: path.resolve(home, reached.storeDir ?? store),
    access: accessOf(remote, shallow, home),
    quarantine: repository?.quarantine ?? false,
  };
}

/** Files are named from where the configuration stands. */
function accessOf(remote: RemoteConfig | undefined, shallow: boolean, home: string): RemoteAccess {
  const { user, token, sshKeyFile, knownHostsFile } = remote ?? {};
  return {
    timeoutMs: (remote?.timeoutSeconds ?? DEFAULTS.remote.timeoutSeconds) * 1000,
    shallow,
    ...(user === undefined ? {} : { user }),
    ...(token === undefined ? {} : { token }),
    ...(sshKeyFile === undefined ? {} : { sshKeyFile: path.resolve(home, sshKeyFile) }),
    ...(knownHostsFile === undefined ? {} : { knownHostsFile: path.resolve(home, knownHostsFile) }),
  };
}

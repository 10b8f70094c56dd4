import { chmod, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { ownFolder } from '../runtime/own-folder.js';

/** How one remote is reached, beyond what git's own configuration says. */
export interface RemoteAccess {
  /** User of an HTTPS remote; most hosting services take any beside a token. */
  user?: string;
  /** Password or token of an HTTPS remote. */
  token?: string;
  /** Private key of an SSH remote; then no other key is offered. */
  sshKeyFile?: string;
  /** Host keys that are accepted; then no other host is. */
  knownHostsFile?: string;
  /** How long one call may take. */
  timeoutMs: number;
  /** True: only the tip of what is mirrored is copied, without its history. */
  shallow: boolean;
}

export const PLAIN_ACCESS: RemoteAccess = { timeoutMs: 120_000, shallow: false };

/**
 * The environment of a git process that talks to the remote. Secrets and paths go through the environment, never through
 * arguments (which every user of a machine can read) and never through a shell.
 */
export async function remoteEnvironment(
  remote: string,
  access: RemoteAccess,
  storeDir: string,
): Promise<Record<string, string>> {
  const { user = 'towline', token, sshKeyFile, knownHostsFile, timeoutMs } = access;
  const seconds = String(Math.ceil(timeoutMs / 1000));
  const settings: [string, string][] = [
    // A transfer that stands still is given up, however long a moving one may take.
    ['http.lowSpeedLimit', '1'],
    ['http.lowSpeedTime', String(Math.min(30, Number(seconds)))],
  ];
  const web = /^https?:\/\//i.test(remote) ? new URL(remote).origin : undefined;
  if (web !== undefined && token !== undefined) {
    // Bound to this server; curl leaves it out where a redirect leads to another one.
    const basic = Buffer.from(`${user}:${token}`).toString('base64');
    settings.push([`http.${web}/.extraHeader`, `Authorization: Basic ${basic}`]);
  }
  return {
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key, value], at) => [
        [`GIT_CONFIG_KEY_${at}`, key],
        [`GIT_CONFIG_VALUE_${at}`, value],
      ]),
    ),
    ...(sshKeyFile === undefined && knownHostsFile === undefined
      ? {}
      : {
          GIT_SSH: await sshProgram(storeDir),
          GIT_SSH_VARIANT: 'ssh',
          TOWLINE_SSH_KEY: sshKeyFile ?? '',
          TOWLINE_SSH_KNOWN_HOSTS: knownHostsFile ?? '',
          TOWLINE_SSH_TIMEOUT: String(Math.min(30, Number(seconds))),
        }),
  };
}

/** What `GIT_SSH` can't say itself: it names a program, without options. Its text is the same for every remote. */
const SSH = `#!/bin/sh
[ -z "$TOWLINE_SSH_KEY" ] || set -- -i "$TOWLINE_SSH_KEY" -o IdentitiesOnly=yes -o IdentityAgent=none "$@"
[ -z "$TOWLINE_SSH_KNOWN_HOSTS" ] ||
  set -- -o "UserKnownHostsFile=\\"$TOWLINE_SSH_KNOWN_HOSTS\\"" -o GlobalKnownHostsFile=none "$@"
exec ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o "ConnectTimeout=$TOWLINE_SSH_TIMEOUT" \\
  -o ServerAliveInterval=10 -o ServerAliveCountMax=3 "$@"
`;

async function sshProgram(storeDir: string): Promise<string> {
  const file = path.join(storeDir, 'ssh');
  await ownFolder(storeDir);
  const fresh = `${file}.${randomUUID()}`;
  await writeFile(fresh, SSH);
  await chmod(fresh, 0o700);
  await rename(fresh, file);
  return file;
}

// Finds the servers that tests talk to: on PATH, named by environment (CONSUL_BIN), in the cache, or, as root on Debian,
// fetched by apt with the machine's own configuration. Prints where each is, or what is missing.
import { execFileSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const CACHE = path.join(
  process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'),
  'towline',
  'servers',
);

/** name → variable, program, Debian packages, the suite that has them (undefined: the machine's own), path inside them. */
const SERVERS = {
  consul: {
    variable: 'CONSUL_BIN',
    program: 'consul',
    packages: ['consul'],
    suite: 'bullseye',
    file: 'usr/bin/consul',
  },
  docker: {
    variable: 'DOCKERD_BIN',
    program: 'dockerd',
    packages: ['docker.io', 'containerd', 'runc'],
    file: 'usr/sbin/dockerd',
  },
  haproxy: {
    variable: 'HAPROXY_BIN',
    program: 'haproxy',
    packages: ['haproxy', 'liblua5.3-0', 'libopentracing-c-wrapper0', 'libopentracing1'],
    file: 'usr/sbin/haproxy',
  },
  openssl: {
    variable: 'OPENSSL_BIN',
    program: 'openssl',
    packages: ['openssl'],
    file: 'usr/bin/openssl',
  },
  'ssh-keygen': {
    variable: 'SSH_KEYGEN_BIN',
    program: 'ssh-keygen',
    packages: ['openssh-client'],
    file: 'usr/bin/ssh-keygen',
  },
  gpg: {
    variable: 'GPG_BIN',
    program: 'gpg',
    packages: ['gpg', 'gpg-agent', 'libassuan0', 'libksba8', 'libnpth0'],
    file: 'usr/bin/gpg',
  },
  registry: {
    variable: 'DOCKER_REGISTRY_BIN',
    program: 'docker-registry',
    packages: ['docker-registry'],
    file: 'usr/bin/docker-registry',
  },
  busybox: {
    variable: 'BUSYBOX_BIN',
    program: 'busybox',
    packages: ['busybox-static'],
    file: 'bin/busybox',
  },
};

/** Path of a server's program. Throws with what to do where there is none and none can be had. */
export function findServer(name) {
  const server = SERVERS[name];
  if (server === undefined) throw new Error(`no server is called ${name}`);
  const named = process.env[server.variable];
  if (named) {
    if (!isProgram(named)) throw new Error(`${server.variable}=${named} is no program`);
    return named;
  }
  const onPath = (process.env.PATH ?? '')
    .split(path.delimiter)
    .map((folder) => path.join(folder, server.program))
    .find(isProgram);
  if (onPath !== undefined) return onPath;
  const cached = path.join(CACHE, name, server.file);
  if (isProgram(cached)) return cached;
  const missing = whyNotFetched();
  if (missing !== undefined)
    throw new Error(`${name} is missing: put it on PATH or name it by ${server.variable} (${missing})`);
  fetchPackages(server, path.join(CACHE, name));
  return cached;
}

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function whyNotFetched() {
  if (process.platform !== 'linux' || !existsSync('/etc/debian_version'))
    return 'it is fetched by itself only on Debian';
  if (process.getuid?.() !== 0) return 'it is fetched by itself only as root';
  return undefined;
}

/** Downloads and unpacks Debian packages without installing them, through an apt configuration of its own. */
function fetchPackages({ packages, suite = ownSuite(), file }, target) {
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(path.join(CACHE, 'apt-'));
  try {
    for (const folder of ['lists/partial', 'archives/partial', 'parts', 'etc'])
      mkdirSync(path.join(work, folder), { recursive: true });
    const { base, options } = ownMirror();
    writeFileSync(path.join(work, 'sources.list'), `deb ${options} ${base} ${suite} main\n`);
    const apt = [
      ['Dir::Etc::sourcelist', path.join(work, 'sources.list')],
      ['Dir::Etc::sourceparts', path.join(work, 'parts')],
      ['Dir::State::lists', path.join(work, 'lists')],
      ['Dir::Cache', work],
      ['Dir::Cache::archives', path.join(work, 'archives')],
      ['APT::Sandbox::User', 'root'],
      ['Acquire::Languages', 'none'],
      ['Acquire::Check-Valid-Until', 'false'],
      ['Acquire::Retries', '3'],
    ].flatMap(([key, value]) => ['-o', `${key}=${value}`]);
    const run = (command, args) =>
      execFileSync(command, args, {
        cwd: work,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      });
    run('apt-get', [...apt, 'update']);
    run('apt-get', [...apt, 'download', '--', ...packages]);
    const archives = readdirSync(work).filter((entry) => entry.endsWith('.deb'));
    if (archives.length < packages.length) throw new Error('apt downloaded less than it was asked for');
    for (const archive of archives) run('dpkg', ['-x', archive, path.join(work, 'root')]);
    if (!isProgram(path.join(work, 'root', file))) throw new Error(`they hold no ${file}`);
    rmSync(target, { recursive: true, force: true });
    try {
      renameSync(path.join(work, 'root'), target);
    } catch (error) {
      // Another process may have been quicker; what it put there is as good.
      if (!isProgram(path.join(target, file))) throw error;
    }
  } catch (error) {
    const said = error.stderr ? `: ${String(error.stderr).trim().split('\n').slice(-3).join(' | ')}` : '';
    throw new Error(
      `the Debian packages ${packages.join(', ')} could not be fetched (${error.message.split('\n')[0]}${said})`,
      { cause: error },
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Code name of this machine's Debian. */
function ownSuite() {
  const name = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  if (name === undefined) throw new Error('/etc/os-release names no Debian suite');
  return name;
}

/** Address of the mirror that this machine uses for Debian itself, from its apt sources. */
function ownMirror() {
  const files = ['/etc/apt/sources.list', ...listed('/etc/apt/sources.list.d')];
  for (const file of files) {
    if (!existsSync(file)) continue;
    const text = readFileSync(file, 'utf8');
    const uri = file.endsWith('.sources')
      ? /^URIs:\s*(\S+)/m.exec(text)?.[1]
      : /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+\S+\s+.*\bmain\b/m.exec(text)?.[1];
    if (uri !== undefined && /debian/.test(uri) && !/security/.test(uri)) {
      const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
      return { base: uri.replace(/\/+$/, ''), options: existsSync(keyring) ? `[signed-by=${keyring}]` : '' };
    }
  }
  throw new Error('the apt sources of this machine name no Debian mirror');
}

function listed(folder) {
  return existsSync(folder)
    ? readdirSync(folder)
        .sort()
        .map((name) => path.join(folder, name))
    : [];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of Object.keys(SERVERS)) {
    try {
      console.log(`${name.padEnd(8)} ${findServer(name)}`);
    } catch (error) {
      console.error(`${name.padEnd(8)} ${error.message}`);
      process.exitCode = 1;
    }
  }
}

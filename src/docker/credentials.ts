import { execa } from 'execa';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { isObject, type Json, type JsonObject } from '../domain/source/json.js';
import type { Listening } from '../ports/image-engine.js';
import type { RegistryLogin, RegistryLogins } from '../ports/image-registry.js';
import type { Waiting } from '../ports/kv-store.js';
import { withTimeout } from '../runtime/abort.js';
import { messageOf, TowlineError } from '../runtime/errors.js';
import { registerSecret } from '../runtime/redact.js';

type Env = Readonly<Record<string, string | undefined>>;

export interface DockerLogins {
  /** Who one is to one registry. */
  of: RegistryLogins;
  /** All that are named, by host. A helper that fails is told as a line: the base image may be another registry's. */
  all: (listening: Listening) => Promise<ReadonlyMap<string, RegistryLogin>>;
}

/** A helper may ask a keyring or a cloud. */
const HELPER_MS = 30_000;
const HELPER_BYTES = 1024 * 1024;
/** Under which Docker Hub's login is kept. */
const HUB = 'https://index.docker.io/v1/';
const NOT_FOUND = /credentials not found/i;

/**
 * Logins as Docker's own configuration names them (`$DOCKER_CONFIG/config.json`, or `~/.docker`): a registry's helper beats
 * the store of all, and that beats what is written into the file. Read anew each time; nothing of it is ever printed.
 */
export function dockerLogins(env: Env): DockerLogins {
  return {
    of: async (host, waiting) => loginOf(await readConfig(env), host, env, waiting),
    all: async ({ onLine, ...waiting }) => {
      const config = await readConfig(env);
      const logins = new Map<string, RegistryLogin>();
      const named = [...Object.keys(config.credHelpers), ...Object.keys(config.auths)].map(hostOf);
      for (const host of new Set(named)) {
        try {
          const login = await loginOf(config, host, env, waiting);
          if (login !== undefined) logins.set(host, login);
        } catch (error) {
          waiting.signal.throwIfAborted();
          if (!(error instanceof TowlineError)) throw error;
          onLine?.({ text: `no login for ${host}: ${error.message}` });
        }
      }
      return logins;
    },
  };
}

interface DockerConfig {
  file: string;
  auths: JsonObject;
  credHelpers: JsonObject;
  credsStore?: string;
}

async function readConfig(env: Env): Promise<DockerConfig> {
  const folder = env['DOCKER_CONFIG'] || path.join(env['HOME'] || os.homedir(), '.docker');
  const file = path.join(folder, 'config.json');
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return '{}';
    throw broken(file, `it can't be read: ${messageOf(cause)}`);
  });
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    // Not with the parser's words: they show what stands in the file.
    throw broken(file, 'it is not valid JSON');
  }
  if (!isObject(value)) throw broken(file, 'it is not a JSON object');
  const { auths, credHelpers, credsStore } = value;
  return {
    file,
    auths: isObject(auths) ? auths : {},
    credHelpers: isObject(credHelpers) ? credHelpers : {},
    ...(typeof credsStore === 'string' && credsStore !== '' ? { credsStore } : {}),
  };
}

async function loginOf(
  config: DockerConfig,
  host: string,
  env: Env,
  waiting: Waiting,
): Promise<RegistryLogin | undefined> {
  const key = host === 'docker.io' ? HUB : host;
  const helper = entryFor(config.credHelpers, host) ?? config.credsStore;
  if (typeof helper === 'string' && helper !== '') {
    const login = await askHelper(helper, key, env, waiting);
    if (login !== undefined || entryFor(config.credHelpers, host) !== undefined) return login;
  }
  return loginIn(entryFor(config.auths, host), config.file, host);
}

/** An entry for a host; keys may be whole addresses, as old clients wrote them. */
function entryFor(entries: JsonObject, host: string): Json | undefined {
  if (host !== 'docker.io' && Object.hasOwn(entries, host)) return entries[host];
  const key = Object.keys(entries).find((each) => hostOf(each) === host);
  return key === undefined ? undefined : entries[key];
}

function hostOf(key: string): string {
  const [host = ''] = key.replace(/^https?:\/\//, '').split('/');
  return ['index.docker.io', 'registry-1.docker.io'].includes(host) ? 'docker.io' : host;
}

function loginIn(entry: Json | undefined, file: string, host: string): RegistryLogin | undefined {
  if (!isObject(entry)) return undefined;
  const { auth, username, password, identitytoken } = entry;
  if (typeof identitytoken === 'string' && identitytoken !== '') return tokenLogin(identitytoken);
  if (typeof auth === 'string' && auth !== '') {
    // Docker pads old entries with NUL.
    const text = Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '');
    registerSecret(auth);
    const at = text.indexOf(':');
    if (at < 1) throw broken(file, `what stands for ${host} is no login`);
    return passwordLogin(text.slice(0, at), text.slice(at + 1));
  }
  if (typeof username === 'string' && typeof password === 'string') return passwordLogin(username, password);
  return undefined;
}

/** Docker's protocol of helpers: the address on standard input, JSON on standard output. */
async function askHelper(
  helper: string,
  key: string,
  env: Env,
  { signal }: Waiting,
): Promise<RegistryLogin | undefined> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(helper))
    throw new TowlineError(
      'image-credentials',
      'invalid',
      'a name of a credential helper is not safe to run',
      {
        help: "Look at credsStore and credHelpers in Docker's config.json: they hold a word, not a path.",
      },
    );
  const program = `docker-credential-${helper}`;
  const { stdout, exitCode, failed } = await execa(program, ['get'], {
    input: key,
    env,
    extendEnv: false,
    reject: false,
    stderr: 'ignore',
    maxBuffer: HELPER_BYTES,
    cancelSignal: withTimeout(signal, HELPER_MS),
    stripFinalNewline: true,
  });
  signal.throwIfAborted();
  if (failed) {
    if (exitCode !== undefined && NOT_FOUND.test(stdout)) return undefined;
    // What it printed may hold the secret.
    throw helperFailed(
      program,
      exitCode === undefined ? 'it could not be run, or did not end' : `it ended with ${exitCode}`,
    );
  }
  let value: Json;
  try {
    value = JSON.parse(stdout) as Json;
  } catch {
    throw helperFailed(program, 'its answer is not JSON');
  }
  if (!isObject(value)) throw helperFailed(program, 'its answer is no JSON object');
  const { Username: username, Secret: secret } = value;
  if (typeof username !== 'string' || typeof secret !== 'string')
    throw helperFailed(program, 'its answer has no Username or no Secret');
  return username === '<token>' ? tokenLogin(secret) : passwordLogin(username, secret);
}

function passwordLogin(username: string, password: string): RegistryLogin {
  registerSecret(password);
  registerSecret(Buffer.from(`${username}:${password}`).toString('base64'));
  return { kind: 'password', username, password };
}

function tokenLogin(token: string): RegistryLogin {
  registerSecret(token);
  return { kind: 'identity-token', token };
}

function helperFailed(program: string, why: string): TowlineError {
  return new TowlineError('image-credentials', 'refused', `${program} gives no login: ${why}`, {
    help: `Try it: printf HOST | ${program} get > /dev/null. Or log in again with docker login.`,
  });
}

function broken(file: string, why: string): TowlineError {
  return new TowlineError('image-credentials', 'invalid', `${file}: ${why}`, {
    help: 'It is written by docker login; DOCKER_CONFIG names its folder.',
  });
}

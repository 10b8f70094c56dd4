import { access, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../config/config.js';
import { loadConfig } from '../config/index.js';
import { CHANGEABLE_MANIFEST_RULES } from '../domain/job/validate/rule-policy.js';
import { placeText } from '../domain/source/diagnostic.js';
import { UNREAD } from '../config/index.js';
import { TowlineError } from '../runtime/errors.js';
import { registerSecret } from '../runtime/redact.js';
import { SCHEDULER_KINDS } from '../schedulers/registry.js';
import type { GlobalFlags, Io } from './io.js';

export interface Settings {
  config: Config;
  /** Folder that relative paths of the configuration are relative to. */
  home: string;
}

/** A configuration file that was read by somebody else, for example from a Git revision inside a hook. */
export interface GivenFile {
  path: string;
  bytes: Uint8Array;
  home: string;
  /** Files beside it, where they are not on disk; undefined where there is none. */
  read?: (name: string) => Promise<Uint8Array | undefined>;
}

export interface SettingsOptions {
  given?: GivenFile;
  /** No towline.yaml is good enough. */
  optional?: boolean;
  /**
   * False: files of secrets are named but not read. For a configuration that came with a push: whoever may push must not
   * be able to read files of this machine, or to have them sent somewhere.
   */
  secrets?: boolean;
}

export { UNREAD };

/** Variables that hold secrets and not the names of their files. */
const SECRET_VARIABLE =
  /^(TOWLINE|CONSUL|GITHUB|GITLAB|GITEA|CI|GIT|DOCKER)_.*(TOKEN|PASSWORD|SECRET|SECRETS_KEY|HTTP_AUTH)$/;

/** Finds towline.yaml (`--config`, TOWLINE_CONFIG, then upward from the working folder) and loads the configuration. */
export async function loadSettings(
  flags: GlobalFlags,
  io: Io,
  { given, optional = false, secrets = true }: SettingsOptions = {},
): Promise<Settings> {
  // Before anything is read: what is wrong with a setting is told too.
  for (const [name, value] of Object.entries(io.env)) if (SECRET_VARIABLE.test(name)) registerSecret(value);
  const file = given ?? (await findFile(flags, io, optional));
  const result = await loadConfig({
    ...(file === undefined ? {} : { file: { path: file.path, bytes: file.bytes } }),
    env: io.env,
    kinds: [...SCHEDULER_KINDS.keys()],
    jobKinds: [...SCHEDULER_KINDS.values()].flatMap(({ model }) => model.kinds),
    ruleCodes: [
      ...CHANGEABLE_MANIFEST_RULES,
      ...[...SCHEDULER_KINDS.values()].flatMap(({ model }) => model.rules.map(({ code }) => code)),
    ],
    flags: flags.logLevel === undefined ? {} : { logLevel: flags.logLevel },
    readFile: file?.read ?? ((name) => readIfThere(path.resolve(file?.home ?? io.cwd, name))),
    readSecret: async (name) => {
      if (!secrets) return UNREAD;
      const secret = (await readFile(path.resolve(file?.home ?? io.cwd, name), 'utf8')).trim();
      registerSecret(secret);
      return secret;
    },
  });
  if ('diagnostics' in result) {
    const first = result.diagnostics[0];
    throw new TowlineError(
      'config-invalid',
      'invalid',
      `the configuration is not valid (${result.diagnostics.length} findings)`,
      {
        help: first?.fix ?? 'Each finding names its place. The reference is docs/configuration.md.',
        details: result.diagnostics.map(
          (d) => `${placeText(d.place)}: ${d.message}${d.fix === undefined ? '' : ` (${d.fix})`}`,
        ),
      },
    );
  }
  for (const secret of secretsOf(result.config)) if (secret !== UNREAD) registerSecret(secret);
  return { config: result.config, home: file?.home ?? io.cwd };
}

function secretsOf({
  consul,
  server,
  environments,
  mirrors,
  repository,
  secrets: { key },
  statuses,
  hooks: { triggers },
}: Config): (string | undefined)[] {
  const remotes = [repository.remote, ...mirrors.map(({ remote }) => remote)].flatMap((remote) => [
    remote?.token,
    remote?.token === undefined ? undefined : `${remote.user ?? 'towline'}:${remote.token}`,
  ]);
  const values = mirrors.flatMap(({ secrets = {} }) => Object.values(secrets));
  const forges = environments.map(({ promote }) => promote.forge?.token);
  const schedulers = environments.flatMap((e) =>
    e.schedulers.flatMap(({ user, password, token, login, tls }) => [
      password,
      token,
      user === undefined || password === undefined ? undefined : `${user}:${password}`,
      login !== undefined && 'password' in login ? login.password : login?.privateKey,
      tls?.key,
    ]),
  );
  return [
    consul.token,
    consul.auth,
    consul.auth?.split(':')[1],
    server.webhookSecret,
    key,
    ...statuses.map(({ token }) => token),
    ...triggers.flatMap((trigger) => {
      if (trigger.kind === 'mirror') return [];
      if (trigger.kind !== 'jenkins') return [trigger.token];
      const { user, token, password } = trigger;
      const logins = [token, password].filter((secret) => secret !== undefined);
      return [...logins, ...logins.map((secret) => `${user}:${secret}`)];
    }),
    ...schedulers,
    ...forges,
    ...remotes,
    ...values,
  ];
}

async function findFile(flags: GlobalFlags, io: Io, optional: boolean): Promise<GivenFile | undefined> {
  const named = flags.config ?? io.env['TOWLINE_CONFIG'];
  if (named !== undefined && named !== '') return read(path.resolve(io.cwd, named));
  for (let folder = path.resolve(io.cwd); ; folder = path.dirname(folder)) {
    for (const name of ['towline.yaml', 'towline.yml']) {
      const candidate = path.join(folder, name);
      if (await exists(candidate)) return read(candidate);
    }
    if (path.dirname(folder) === folder) break;
  }
  if (optional) return undefined;
  throw new TowlineError('config-missing', 'invalid', `there is no towline.yaml in ${io.cwd} or above it`, {
    help: 'Write one with: towline init. Or name one with --config or TOWLINE_CONFIG.',
  });
}

async function read(file: string): Promise<GivenFile> {
  try {
    if (!(await stat(file)).isFile()) throw new Error('it is not a file');
    return { path: file, bytes: await readFile(file), home: path.dirname(file) };
  } catch (cause) {
    throw new TowlineError('config-unreadable', 'invalid', `${file} can't be read`, {
      cause,
      help: 'Check the path and its permissions.',
    });
  }
}

async function readIfThere(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}

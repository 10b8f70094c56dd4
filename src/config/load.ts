import { parseManifest } from '../domain/job/parse-manifest.js';
import { schemaCheck } from '../domain/job/validate/schema-check.js';
import { byPlace, hasErrors, type Diagnostic } from '../domain/source/diagnostic.js';
import { isObject, type JsonObject } from '../domain/source/json.js';
import { listenAddress } from './address.js';
import type { Config } from './config.js';
import { consulConfig } from './consul.js';
import { DEFAULTS, LOG_FORMATS, LOG_LEVELS, SCHEDULER_KINDS, WHEN_AWAY } from './defaults.js';
import { environmentConfigs } from './environments.js';
import type { Known } from './rule-policy.js';
import { hooksConfig } from './hooks.js';
import { locationOf, mirrorConfigs } from './mirrors.js';
import { folderProblem } from './names.js';
import { remoteConfigs } from './remotes.js';
import { checkRules } from './rules.js';
import { configSchema } from './schema.js';
import { secretsConfig } from './secrets.js';
import { statusConfigs } from './statuses.js';
import { Settings, type Env, type PlaceOf } from './settings.js';

export interface ConfigSources extends Known {
  /** towline.yaml, where there is one. */
  file?: { path: string; bytes: Uint8Array };
  env: Env;
  flags: { logLevel?: string };
  /** Reads a file that holds a secret, trimmed. */
  readSecret: (name: string) => Promise<string>;
  /** Reads another file that the configuration names, a policy's schema; undefined where there is none. */
  readFile: (name: string) => Promise<Uint8Array | undefined>;
  /** Kinds of schedulers that there are adapters for. Default: marathon, chronos. */
  kinds?: readonly string[];
}

const check = schemaCheck(configSchema, 'config');

/**
 * Defaults, then the file, then environment variables, then flags: one frozen configuration, or everything that is
 * wrong with it at once, each finding with file, line and column, or with the name of the variable or flag. Nothing is
 * filled into strings: `${VAR}` is just text.
 */
export async function loadConfig(
  sources: ConfigSources,
): Promise<{ config: Config } | { diagnostics: Diagnostic[] }> {
  const { file, env, readSecret, readFile, kinds = SCHEDULER_KINDS } = sources;
  const found = file === undefined ? EMPTY : parseFile(file.path, file.bytes);
  const settings = new Settings({ file: found.value, placeOf: found.placeOf, env, readSecret, readFile });
  const config = await assemble(settings, sources);
  checkRules(config, settings, kinds);
  const diagnostics = [...found.diagnostics, ...settings.diagnostics.filter((d) => !saidBySchema(d, found))];
  return hasErrors(diagnostics) ? { diagnostics: diagnostics.sort(byPlace) } : { config: deepFreeze(config) };
}

interface ParsedFile {
  value: JsonObject;
  placeOf: PlaceOf;
  diagnostics: Diagnostic[];
}

const EMPTY: ParsedFile = {
  value: {},
  placeOf: (at) => ({ file: 'towline.yaml', pointer: at }),
  diagnostics: [],
};

function parseFile(path: string, bytes: Uint8Array): ParsedFile {
  const { documents, diagnostics } = parseManifest(path, bytes);
  const [document, second] = documents;
  const value = document?.value;
  const placeOf: PlaceOf = (at, part) => document?.placeOf(at, part) ?? { file: path, pointer: at };
  const refuse = (code: string, message: string, fix: string, place: Diagnostic['place']): Diagnostic => ({
    code: `config/${code}`,
    severity: 'error',
    message,
    fix,
    place,
  });
  if (!isObject(value))
    return {
      value: {},
      placeOf,
      diagnostics: hasErrors(diagnostics)
        ? diagnostics
        : [
            ...diagnostics,
            refuse('type', 'the file holds no settings', 'Write one with: towline init', placeOf('')),
          ],
    };
  // A misspelt setting would silently fall back to its default: here every unknown one is an error.
  const findings = check(value, placeOf).map((d) =>
    d.code === 'config/unknown-field' ? { ...d, severity: 'error' as const } : d,
  );
  const more =
    second === undefined
      ? []
      : [refuse('documents', 'there is more than one document', 'Keep the first.', second.placeOf(''))];
  return { value, placeOf, diagnostics: [...diagnostics, ...findings, ...more] };
}

/** Where the schema has something against a value, a rule's words about the same value add nothing. */
function saidBySchema({ place }: Diagnostic, { diagnostics }: ParsedFile): boolean {
  return diagnostics.some(
    ({ code, place: said }) =>
      /^config\/(type|pattern|enum|length|range)$/.test(code) &&
      said.pointer !== undefined &&
      said.pointer === place.pointer,
  );
}

async function assemble(settings: Settings, { file, flags, ...known }: ConfigSources): Promise<Config> {
  const remotes = await remoteConfigs(settings);
  const repository = locationOf(
    settings,
    settings.text('/repository/url', 'TOWLINE_REPOSITORY_URL'),
    remotes,
  );
  const webhookSecret =
    settings.variable('TOWLINE_WEBHOOK_SECRET')?.value ??
    (await settings.secret(settings.text('/server/webhookSecretFile')));
  const flag =
    flags.logLevel === undefined ? undefined : { value: flags.logLevel, origin: { name: '--log-level' } };
  return {
    ...(file === undefined ? {} : { file: file.path }),
    repository: {
      ...repository,
      store: settings.text('/repository/store', 'TOWLINE_STORE')?.value ?? DEFAULTS.repository.store,
      author: {
        name: settings.text('/repository/author/name')?.value ?? DEFAULTS.repository.author.name,
        email: settings.text('/repository/author/email')?.value ?? DEFAULTS.repository.author.email,
      },
    },
    consul: await consulConfig(settings),
    environments: await environmentConfigs(settings, known),
    mirrors: await mirrorConfigs(settings, remotes),
    secrets: await secretsConfig(settings),
    ledger: {
      whenAway: whenAway(settings),
      signed: settings.boolean('/ledger/signed', 'TOWLINE_LEDGER_SIGNED') ?? DEFAULTS.ledger.signed,
      keepInputBytes: settings.number('/ledger/keepInputBytes') ?? DEFAULTS.ledger.keepInputBytes,
    },
    signers: {
      file: repositoryPath(settings, '/signers/file') ?? DEFAULTS.signers.file,
      keys: repositoryPath(settings, '/signers/keys') ?? DEFAULTS.signers.keys,
    },
    statuses: await statusConfigs(settings),
    hooks: await hooksConfig(settings),
    notes: settings.boolean('/notes') ?? DEFAULTS.notes,
    server: {
      listen:
        listenAddress(settings, settings.text('/server/listen', 'TOWLINE_LISTEN')) ?? DEFAULTS.server.listen,
      ...(webhookSecret === undefined ? {} : { webhookSecret }),
    },
    poll: {
      intervalSeconds:
        settings.number('/poll/intervalSeconds', 'TOWLINE_POLL_SECONDS') ?? DEFAULTS.poll.intervalSeconds,
      reconcileSeconds:
        settings.number('/poll/reconcileSeconds', 'TOWLINE_RECONCILE_SECONDS') ??
        DEFAULTS.poll.reconcileSeconds,
    },
    log: {
      level:
        settings.oneOf(LOG_LEVELS, flag, settings.text('/log/level', 'TOWLINE_LOG_LEVEL')) ??
        DEFAULTS.log.level,
      format:
        settings.oneOf(LOG_FORMATS, settings.text('/log/format', 'TOWLINE_LOG_FORMAT')) ??
        DEFAULTS.log.format,
    },
  };
}

/** A path in the job repository, without outer slashes. */
function repositoryPath(settings: Settings, at: string): string | undefined {
  const given = settings.text(at);
  if (given === undefined) return undefined;
  const path = given.value.replace(/^\/+|\/+$/g, '');
  const problem = path === '' ? 'it is the whole repository' : folderProblem(path);
  if (problem !== undefined)
    settings.problem(given.origin, problem, 'Write a path from the root of the job repository.');
  return path;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}

/** `required: false` is how it was said before there was a journal: go on, and now without losing an entry. */
function whenAway(settings: Settings): Config['ledger']['whenAway'] {
  const said = settings.oneOf(WHEN_AWAY, settings.text('/ledger/whenAway', 'TOWLINE_LEDGER_WHEN_AWAY'));
  const required =
    settings.boolean('/ledger/required', 'TOWLINE_LEDGER_REQUIRED') ?? DEFAULTS.ledger.required;
  return said ?? (required ? DEFAULTS.ledger.whenAway : 'journal');
}

import { parseManifest } from '../domain/job/parse-manifest.js';
import { schemaCheck } from '../domain/job/validate/schema-check.js';
import { byPlace, hasErrors, type Diagnostic, type Place } from '../domain/source/diagnostic.js';
import { isObject, type Json, type JsonObject, type Pointer } from '../domain/source/json.js';
import type { Config, ConsulConfig, EnvironmentConfig, SchedulerConfig } from './config.js';
import { consulFromEnvironment, Reader, type Env } from './environment.js';
import { checkRules } from './rules.js';
import { configSchema } from './schema.js';

export interface ConfigSources {
  /** towline.yaml, where there is one. */
  file?: { path: string; bytes: Uint8Array };
  env: Env;
  flags: { logLevel?: string };
  /** Reads a file that holds a secret, trimmed. */
  readSecret: (name: string) => Promise<string>;
}

const check = schemaCheck(configSchema, 'config');

/**
 * Defaults, then the file, then environment variables, then flags: one frozen configuration, or everything that is
 * wrong with it, each finding with file, line and column, or with the name of the variable.
 */
export async function loadConfig(
  sources: ConfigSources,
): Promise<{ config: Config } | { diagnostics: Diagnostic[] }> {
  const { file } = sources;
  const found = file === undefined ? emptyFile() : parseFile(file.path, file.bytes);
  if (hasErrors(found.diagnostics)) return { diagnostics: found.diagnostics.sort(byPlace) };
  const reader = new Reader(sources.env, sources.readSecret);
  const config = await build(found.value, sources, reader);
  const diagnostics = [...found.diagnostics, ...reader.diagnostics, ...checkRules(config, found.placeOf)];
  if (hasErrors(diagnostics)) return { diagnostics: diagnostics.sort(byPlace) };
  return { config: deepFreeze(config) };
}

interface ParsedFile {
  value: JsonObject;
  placeOf: (at: Pointer, part?: 'key' | 'value') => Place;
  diagnostics: Diagnostic[];
}

function emptyFile(): ParsedFile {
  return {
    value: { version: 1, environments: {} },
    placeOf: () => ({ file: 'towline.yaml' }),
    diagnostics: [],
  };
}

function parseFile(path: string, bytes: Uint8Array): ParsedFile {
  const manifest = parseManifest(path, bytes);
  const [document, second] = manifest.documents;
  const diagnostics = [...manifest.diagnostics];
  const placeOf: ParsedFile['placeOf'] = document === undefined ? () => ({ file: path }) : document.placeOf;
  if (second !== undefined) {
    diagnostics.push({
      code: 'config/documents',
      severity: 'error',
      message: 'there is more than one document',
      fix: 'Keep the first.',
      place: second.placeOf(''),
    });
  }
  if (document === undefined || !isObject(document.value)) {
    if (!hasErrors(diagnostics))
      diagnostics.push({
        code: 'config/type',
        severity: 'error',
        message: 'the file holds no settings',
        fix: 'Write one with: towline init',
        place: { file: path },
      });
    return { value: {}, placeOf, diagnostics };
  }
  // A misspelt setting would silently fall back to its default: here every unknown one is an error.
  const findings = check(document.value, placeOf).map((d) =>
    d.code === 'config/unknown-field' ? { ...d, severity: 'error' as const } : d,
  );
  return { value: document.value, placeOf, diagnostics: [...diagnostics, ...findings] };
}

async function build(value: JsonObject, { file, flags }: ConfigSources, reader: Reader): Promise<Config> {
  const repository = objectAt(value, 'repository');
  const author = objectAt(repository, 'author');
  const ledger = objectAt(value, 'ledger');
  const server = objectAt(value, 'server');
  const log = objectAt(value, 'log');
  const url = reader.text('TOWLINE_REPOSITORY_URL') ?? textAt(repository, 'url');
  const secretFile = textAt(server, 'webhookSecretFile');
  const webhookSecret =
    reader.text('TOWLINE_WEBHOOK_SECRET') ??
    (secretFile === undefined ? undefined : await reader.secretFile(secretFile));
  const ledgerBranch = textAt(ledger, 'branch') ?? 'ledger/{environment}';
  return {
    ...(file === undefined ? {} : { file: file.path }),
    repository: {
      ...(url === undefined ? {} : { url }),
      store: reader.text('TOWLINE_STORE') ?? textAt(repository, 'store') ?? '.towline/repositories',
      author: {
        name: textAt(author, 'name') ?? 'Towline',
        email: textAt(author, 'email') ?? 'towline@localhost',
      },
    },
    consul: await consulOf(objectAt(value, 'consul'), reader),
    environments: await environmentsOf(objectAt(value, 'environments'), ledgerBranch, reader),
    ledger: { required: booleanAt(ledger, 'required') ?? true },
    server: {
      listen: reader.text('TOWLINE_LISTEN') ?? textAt(server, 'listen') ?? '127.0.0.1:7070',
      ...(webhookSecret === undefined ? {} : { webhookSecret }),
    },
    poll: {
      intervalSeconds:
        reader.number('TOWLINE_POLL_SECONDS') ?? numberAt(objectAt(value, 'poll'), 'intervalSeconds') ?? 60,
    },
    log: {
      level:
        reader.oneOf('--log-level', flags.logLevel, LEVELS) ??
        reader.oneOf('TOWLINE_LOG_LEVEL', reader.text('TOWLINE_LOG_LEVEL'), LEVELS) ??
        textAt(log, 'level') ??
        'info',
      format: (reader.oneOf('TOWLINE_LOG_FORMAT', reader.text('TOWLINE_LOG_FORMAT'), FORMATS) ??
        textAt(log, 'format') ??
        'auto') as Config['log']['format'],
    },
  };
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];
const FORMATS = ['auto', 'pretty', 'json'];

async function consulOf(value: JsonObject, reader: Reader): Promise<ConsulConfig> {
  const fromEnvironment = await consulFromEnvironment(reader);
  const tokenFile = textAt(value, 'tokenFile');
  const token =
    fromEnvironment.token ?? (tokenFile === undefined ? undefined : await reader.secretFile(tokenFile));
  const text = (
    name: 'caCert' | 'clientCert' | 'clientKey' | 'tlsServerName' | 'namespace' | 'datacenter',
  ): Partial<ConsulConfig> => {
    const found = fromEnvironment[name] ?? textAt(value, name);
    return found === undefined ? {} : { [name]: found };
  };
  const prefix = reader.text('TOWLINE_CONSUL_PREFIX') ?? textAt(value, 'prefix') ?? 'towline/';
  return {
    address:
      fromEnvironment.address ??
      reader.address('consul.address', textAt(value, 'address') ?? '127.0.0.1:8500', false),
    ...(token === undefined ? {} : { token }),
    ...(fromEnvironment.auth === undefined ? {} : { auth: fromEnvironment.auth }),
    ...text('caCert'),
    ...text('clientCert'),
    ...text('clientKey'),
    ...text('tlsServerName'),
    ...text('namespace'),
    ...text('datacenter'),
    verify: fromEnvironment.verify ?? booleanAt(value, 'verify') ?? true,
    prefix: prefix.endsWith('/') ? prefix : `${prefix}/`,
  };
}

async function environmentsOf(
  value: JsonObject,
  ledgerBranch: string,
  reader: Reader,
): Promise<EnvironmentConfig[]> {
  const environments: EnvironmentConfig[] = [];
  for (const name of Object.keys(value)) {
    const each = objectAt(value, name);
    const deploy = objectAt(each, 'deploy');
    const prune = objectAt(deploy, 'prune');
    const automatic = objectAt(each, 'promote')['automatic'];
    const prefix = textAt(each, 'prefix');
    const schedulers: SchedulerConfig[] = [];
    for (const scheduler of Object.keys(objectAt(each, 'schedulers')))
      schedulers.push(
        await schedulerOf(name, scheduler, objectAt(objectAt(each, 'schedulers'), scheduler), reader),
      );
    environments.push({
      name,
      branch: textAt(each, 'branch') ?? 'main',
      folder: (textAt(each, 'folder') ?? '').replace(/^\/+|\/+$/g, ''),
      ...(prefix === undefined ? {} : { prefix }),
      schedulers,
      promote: {
        automatic: Array.isArray(automatic) ? automatic.filter((tag) => typeof tag === 'string') : [],
      },
      deploy: {
        timeoutSeconds: numberAt(deploy, 'timeoutSeconds') ?? 600,
        concurrency: numberAt(deploy, 'concurrency') ?? 4,
        onFailure: textAt(deploy, 'onFailure') === 'leave' ? 'leave' : 'rollback',
        force: booleanAt(deploy, 'force') ?? false,
        prune: {
          enabled: booleanAt(prune, 'enabled') ?? true,
          maxCount: numberAt(prune, 'maxCount') ?? 10,
          maxShare: numberAt(prune, 'maxShare') ?? 0.3,
        },
      },
      ledgerBranch: ledgerBranch.replaceAll('{environment}', name),
    });
  }
  return environments;
}

/** `TOWLINE_PRODUCTION_MARATHON_URL`, `…_PASSWORD`, `…_TOKEN` override what the file says of a scheduler. */
async function schedulerOf(
  environment: string,
  name: string,
  value: JsonObject,
  reader: Reader,
): Promise<SchedulerConfig> {
  const variable = (what: string): string =>
    `TOWLINE_${environment}_${name}_${what}`.toUpperCase().replaceAll('-', '_');
  const listed = Array.isArray(value['urls']) ? value['urls'].filter((u) => typeof u === 'string') : [];
  const url = reader.text(variable('URL'));
  const single = textAt(value, 'url');
  const user = reader.text(variable('USER')) ?? textAt(value, 'user');
  const [passwordFile, tokenFile] = [textAt(value, 'passwordFile'), textAt(value, 'tokenFile')];
  const password =
    reader.text(variable('PASSWORD')) ??
    (passwordFile === undefined ? undefined : await reader.secretFile(passwordFile));
  const token =
    reader.text(variable('TOKEN')) ??
    (tokenFile === undefined ? undefined : await reader.secretFile(tokenFile));
  const settings = Object.entries(objectAt(value, 'settings')).flatMap(([key, v]) =>
    typeof v === 'string' ? [[key, v] as const] : [],
  );
  return {
    name,
    kind: textAt(value, 'kind') ?? name,
    urls: url !== undefined ? url.split(',').map((u) => u.trim()) : single !== undefined ? [single] : listed,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(token === undefined ? {} : { token }),
    settings: Object.fromEntries(settings),
  };
}

function objectAt(value: JsonObject, key: string): JsonObject {
  const found = Object.hasOwn(value, key) ? value[key] : undefined;
  return isObject(found) ? found : {};
}

function at<T extends Json>(value: JsonObject, key: string, is: (v: Json) => v is T): T | undefined {
  const found = Object.hasOwn(value, key) ? value[key] : undefined;
  return found !== undefined && is(found) ? found : undefined;
}

const textAt = (value: JsonObject, key: string): string | undefined =>
  at(value, key, (v): v is string => typeof v === 'string');
const numberAt = (value: JsonObject, key: string): number | undefined =>
  at(value, key, (v): v is number => typeof v === 'number');
const booleanAt = (value: JsonObject, key: string): boolean | undefined =>
  at(value, key, (v): v is boolean => typeof v === 'boolean');

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}

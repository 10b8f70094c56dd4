import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { MirrorConfig } from '../../config/config.js';
import { kvKey } from '../../domain/source/kv-layout.js';
import type { Json } from '../../domain/source/json.js';
import { sleep } from '../../runtime/abort.js';
import { TowlineError } from '../../runtime/errors.js';
import { registerSecret } from '../../runtime/redact.js';
import { startHooks } from '../../server/hooks.js';
import type { MirrorWorker } from '../../workers/mirror/index.js';
import type { ManyMirrors } from '../../workers/mirror/many.js';
import { withSession, type Session } from '../compose.js';
import { runDaemon } from '../daemon.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { passes } from '../mirror-passes.js';
import { translate, type Translated } from './translate.js';
import { plainMirror } from '../worker-options.js';

interface Flags extends GlobalFlags {
  once?: boolean;
  dryRun?: boolean;
  allowDeletes?: boolean;
  allowRewrite?: boolean;
  hookHost: string;
  git2consulTrim?: boolean;
  git2consulLinks?: boolean;
}

/** A day: mirrors without polling are woken by their webhooks, and looked at now and then all the same. */
const RARELY_MS = 24 * 60 * 60 * 1000;

/** Runs a configuration of git2consul as it is: the same repositories, keys, hooks and polls. */
export async function runGit2consul(source: string, flags: Flags, given: Io): Promise<number> {
  const io = { ...given, env: withLegacyVariables(given.env) };
  return withSession(
    flags,
    io,
    async (session) => {
      const translated = await readConfig(source, session, io);
      if (translated.logLevel !== undefined && flags.logLevel === undefined)
        session.log.level = translated.logLevel;
      for (const note of translated.notes) writeLine(io.stderr, `note: ${note}`);
      const { allowDeletes = false, allowRewrite = false } = flags;
      const workers: (MirrorWorker | ManyMirrors)[] = [];
      for (const mirror of translated.mirrors)
        workers.push(
          await plainMirror(session, asBefore(mirror, flags), {
            allowDeletes,
            allowRewrite,
            pollMs: translated.polls.get(mirror.name) ?? RARELY_MS,
            ...(translated.store === undefined ? {} : { storeDir: path.resolve(io.cwd, translated.store) }),
          }),
        );
      if (translated.once || flags.once === true || flags.dryRun === true) return passes(workers, flags, io);
      return stay(workers, { source, translated, session, flags, io });
    },
    { optional: true },
  );
}

/** git2consul's own variables count where Consul's usual ones say nothing. Any CONSUL_SECURE means HTTPS there. */
function withLegacyVariables(env: Io['env']): Io['env'] {
  const said = (name: string): string | undefined => (env[name] === '' ? undefined : env[name]);
  const [host, port, secure] = ['CONSUL_ENDPOINT', 'CONSUL_PORT', 'CONSUL_SECURE'].map(said);
  const address =
    host === undefined && port === undefined && secure === undefined
      ? undefined
      : `${secure === undefined ? 'http' : 'https'}://${host ?? '127.0.0.1'}:${port ?? '8500'}`;
  return {
    ...env,
    CONSUL_HTTP_ADDR: said('CONSUL_HTTP_ADDR') ?? address,
    CONSUL_HTTP_TOKEN: said('CONSUL_HTTP_TOKEN') ?? said('TOKEN'),
  };
}

/** What git2consul did wrong, for whoever depends on it. */
function asBefore(
  mirror: MirrorConfig,
  { git2consulTrim = false, git2consulLinks = false }: Flags,
): MirrorConfig {
  return { ...mirror, trim: git2consulTrim, links: git2consulLinks ? 'follow' : mirror.links };
}

interface Staying {
  source: string;
  translated: Translated;
  session: Session;
  flags: Flags;
  io: Io;
}

/** Mirrors until it is told to stop, or until its configuration changes where that is asked for. */
async function stay(
  workers: readonly (MirrorWorker | ManyMirrors)[],
  { source, translated, session, flags, io }: Staying,
): Promise<number> {
  const { webhookSecret } = session.config.server;
  const hooks = await startHooks(
    await Promise.all(
      translated.hooks.map(async ({ port, path: at, mirrors, secretFile }) => {
        const secret = secretFile === undefined ? webhookSecret : await secretIn(secretFile, io);
        return {
          port,
          path: at,
          workers: workers.filter(({ environment }) => mirrors.includes(environment)),
          ...(secret === undefined ? {} : { secret }),
        };
      }),
    ),
    { host: flags.hookHost, log: session.log },
  );
  const changed = new AbortController();
  const both = AbortSignal.any([io.signal, changed.signal]);
  const watching = translated.haltOnChange
    ? untilChanged(source, session, { ...io, signal: both }).then(() => {
        session.log.info({ source }, 'the configuration changed; ending for a supervisor to start again');
        changed.abort(new DOMException('the configuration changed', 'AbortError'));
      })
    : undefined;
  try {
    return await runDaemon(workers, session, { ...io, signal: both });
  } finally {
    changed.abort(new DOMException('the mirrors ended', 'AbortError'));
    await watching?.catch(() => undefined);
    await hooks.close();
  }
}

/** How often a configuration is looked at. git2consul blocks on its key, and misses every change after one error. */
const LOOK_MS = 2000;

/** Ends when the configuration is another one; a Consul that is away for a while is no change. */
async function untilChanged(source: string, session: Session, io: Io): Promise<void> {
  const before = Buffer.from(await bytesOf(source, session, io));
  for (;;) {
    await sleep(LOOK_MS, io.signal);
    const now = await bytesOf(source, session, io).catch((error: unknown) => {
      io.signal.throwIfAborted();
      session.log.debug({ err: error }, 'the configuration can not be read now');
      return before;
    });
    if (!before.equals(now)) return;
  }
}

async function secretIn(file: string, io: Io): Promise<string> {
  const secret = await readFile(path.resolve(io.cwd, file), 'utf8').then(
    (text) => text.trim(),
    (cause: unknown) => {
      throw new TowlineError(
        'git2consul-config',
        'invalid',
        `the secret of a webhook can't be read: ${file}`,
        {
          cause,
          help: 'Check the path and its permissions.',
        },
      );
    },
  );
  registerSecret(secret);
  return secret;
}

/** `FILE`, or `consul:KEY` for one that stands in Consul, where git2consul has it by default. */
export async function readConfig(source: string, session: Session, io: Io): Promise<Translated> {
  const bytes = await bytesOf(source, session, io);
  let value: Json;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8')) as Json;
  } catch (cause) {
    throw new TowlineError('git2consul-config', 'invalid', `${source} is not JSON`, {
      cause,
      help: 'Name the file, or the key as consul:git2consul/config.',
    });
  }
  const translated = translate(value);
  if (!('problems' in translated)) return translated;
  throw new TowlineError('git2consul-config', 'invalid', `${source} can't be used`, {
    details: translated.problems,
    help: 'Each line names its place in the configuration.',
  });
}

async function bytesOf(source: string, session: Session, io: Io): Promise<Uint8Array> {
  if (!source.startsWith('consul:')) {
    try {
      return await readFile(path.resolve(io.cwd, source));
    } catch (cause) {
      throw new TowlineError('git2consul-config', 'invalid', `${source} can't be read`, {
        cause,
        help: 'Name the file, or the key as consul:git2consul/config.',
      });
    }
  }
  const key = kvKey(source.slice('consul:'.length));
  const entry = await (await session.kv()).get(key, { signal: io.signal });
  if (entry !== undefined) return entry.value;
  throw new TowlineError('git2consul-config', 'invalid', `Consul has no key ${key}`, {
    help: 'Name the key that holds the configuration of git2consul.',
  });
}

/** `towline mirror import-git2consul`: the part of towline.yaml that does the same. */
export function asYaml({ mirrors }: Translated): string {
  const lines = ['mirrors:'];
  const value = (each: unknown): string => JSON.stringify(each);
  for (const mirror of mirrors) lines.push(`  ${mirror.name}:`, ...fieldsOf(mirror, value));
  return `${lines.join('\n')}\n`;
}

function fieldsOf(
  { url, branch, many, folder, prefix, expand, revisionKey }: MirrorConfig,
  value: (each: unknown) => string,
): string[] {
  return [
    `    repository: ${value(url)}`,
    ...(many === undefined
      ? [`    branch: ${value(branch)}`]
      : [`    tags: ${value(many.tags)}`, `    annotatedOnly: ${value(many.annotatedOnly)}`]),
    ...(folder === '' ? [] : [`    folder: ${value(folder)}`]),
    `    prefix: ${value(prefix)}`,
    ...(expand === undefined ? [] : [`    expand: ${value(expand)}`]),
    `    # The revision as plain text, where git2consul keeps it; remove it if nobody reads it.`,
    `    revisionKey: ${value(revisionKey)}`,
  ];
}

/** Prints what `import-git2consul` makes of a configuration. */
export async function importGit2consul([source = '']: string[], flags: GlobalFlags, io: Io): Promise<number> {
  return withSession(
    flags,
    io,
    async (session) => {
      const translated = await readConfig(source, session, io);
      io.stdout.write(asYaml(translated));
      for (const note of translated.notes) writeLine(io.stderr, `note: ${note}`);
      return 0;
    },
    { optional: true },
  );
}

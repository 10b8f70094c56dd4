import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { MirrorConfig } from '../../config/config.js';
import { kvKey } from '../../domain/source/kv-layout.js';
import type { Json } from '../../domain/source/json.js';
import { TowlineError } from '../../runtime/errors.js';
import { startHooks } from '../../server/hooks.js';
import { mirrorWorker, type MirrorWorker } from '../../workers/mirror/index.js';
import { withSession, type Session } from '../compose.js';
import { runDaemon } from '../daemon.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { passes } from '../mirror-passes.js';
import { translate, type Translated } from './translate.js';
import { plainMirrorOptions } from '../worker-options.js';

interface Flags extends GlobalFlags {
  once?: boolean;
  dryRun?: boolean;
  allowDeletes?: boolean;
  hookHost: string;
}

/** A day: mirrors without polling are woken by their webhooks, and looked at now and then all the same. */
const RARELY_MS = 24 * 60 * 60 * 1000;

/** Runs a configuration of git2consul as it is: the same repositories, keys, hooks and polls. */
export async function runGit2consul(source: string, flags: Flags, io: Io): Promise<number> {
  return withSession(
    flags,
    io,
    async (session) => {
      const translated = await readConfig(source, session, io);
      for (const note of translated.notes) writeLine(io.stderr, `note: ${note}`);
      const workers: MirrorWorker[] = [];
      for (const mirror of translated.mirrors)
        workers.push(
          mirrorWorker(
            await plainMirrorOptions(session, mirror, {
              allowDeletes: flags.allowDeletes ?? false,
              pollMs: translated.polls.get(mirror.name) ?? RARELY_MS,
            }),
          ),
        );
      if (translated.once || flags.once === true || flags.dryRun === true) return passes(workers, flags, io);
      const hooks = await startHooks(
        translated.hooks.map(({ port, path: at, mirrors }) => ({
          port,
          path: at,
          workers: workers.filter(({ environment }) => mirrors.includes(environment)),
        })),
        { host: flags.hookHost, log: session.log },
      );
      try {
        return await runDaemon(workers, session, io);
      } finally {
        await hooks.close();
      }
    },
    { optional: true },
  );
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
  { url, branch, folder, prefix, expand, revisionKey }: MirrorConfig,
  value: (each: unknown) => string,
): string[] {
  return [
    `    repository: ${value(url)}`,
    `    branch: ${value(branch)}`,
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

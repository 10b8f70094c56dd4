import path from 'node:path';
import { parseImageRef } from '../../domain/job/image-ref.js';
import { originLabels } from '../../domain/release/image-labels.js';
import { newestVersion, TAG_RULES, taggedNames } from '../../domain/release/image-tags.js';
import type { ImageBuild } from '../../ports/image-engine.js';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { systemClock } from '../../runtime/system-clock.js';
import { imageAccess } from '../image-access.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { engineProgress } from '../print/engine-progress.js';
import { sourceState, type FoundSource } from '../source-state.js';

interface Flags extends GlobalFlags {
  name: string;
  tag?: string[];
  buildArg?: string[];
  label?: string[];
  file?: string;
  target?: string;
  pull?: boolean;
  cache: boolean;
  buildkit?: boolean;
}

/** Builds an image from a folder; its tags and labels say which source it was built from. */
export async function run([folder = '.']: string[], flags: Flags, io: Io): Promise<number> {
  const context = path.resolve(io.cwd, folder);
  const source = await sourceState(context, io);
  const names = namesOf(flags, source);
  const stamp = stampOf(io, source);
  const build: ImageBuild = {
    context,
    dockerfile:
      flags.file === undefined ? 'Dockerfile' : path.relative(context, path.resolve(io.cwd, flags.file)),
    names,
    buildArgs: Object.fromEntries(
      (flags.buildArg ?? []).flatMap((text) => pairOf(text, '--build-arg', io.env)),
    ),
    labels: {
      ...labelsOf(source, stamp),
      ...Object.fromEntries((flags.label ?? []).flatMap((text) => pairOf(text, '--label'))),
    },
    ...(flags.target === undefined ? {} : { target: flags.target }),
    pull: flags.pull === true,
    cache: flags.cache,
    builder: flags.buildkit === true ? 'buildkit' : 'engine',
    stamp: stamp ?? 0,
  };
  const { engine } = await imageAccess({}, io);
  const progress = engineProgress(io);
  try {
    const { id } = await engine.build(build, { signal: io.signal, onLine: progress.onLine });
    progress.close();
    if (flags.output === 'json')
      writeLine(io.stdout, JSON.stringify({ id, names, labels: build.labels }, null, 2));
    else for (const name of names) writeLine(io.stdout, `${name} is built (${id})`);
  } finally {
    progress.close();
  }
  return EXIT.done;
}

function namesOf({ name, tag: rules = ['commit'] }: Flags, source: FoundSource): string[] {
  const parsed = parseImageRef(name);
  if (parsed === undefined || parsed.tag !== undefined || parsed.digest !== undefined)
    throw new TowlineError('image-invalid', 'invalid', `"${name}" is no name of an image`, {
      help: 'Write it without a tag, for example registry.example.org/shop/web; --tag says which tags it gets.',
    });
  const made = taggedNames(name, rules, source);
  if ('names' in made) return made.names;
  throw new TowlineError('image-tag', 'invalid', `--tag ${made.rule} makes no tag: ${made.reason}`, {
    help: `Rules are ${TAG_RULES.join(', ')}; every other word is a tag itself. See docs/images.md.`,
  });
}

/** One time for the whole image: SOURCE_DATE_EPOCH, as other build tools have it, or when the commit was made. */
function stampOf({ env }: Io, { committedAt }: FoundSource): number | undefined {
  const told = env['SOURCE_DATE_EPOCH'];
  if (told === undefined || told === '') return committedAt;
  if (/^\d{1,10}$/.test(told)) return Number(told);
  throw new TowlineError('image-source', 'invalid', 'SOURCE_DATE_EPOCH is no number of seconds', {
    help: 'Seconds since 1970, for example 1764288000. Unset it to use the time of the commit.',
  });
}

function labelsOf(source: FoundSource, stamp: number | undefined): Record<string, string> {
  const version = source.changed ? undefined : newestVersion(source.gitTags);
  return originLabels({
    ...source,
    ...(version === undefined ? {} : { version }),
    created: new Date(stamp === undefined ? systemClock.now() : stamp * 1000)
      .toISOString()
      .replace('.000Z', 'Z'),
  });
}

/** `KEY=VALUE`; a build argument without a value takes that of the environment, and is left out where there is none. */
function pairOf(text: string, flag: string, env?: Io['env']): [string, string][] {
  const at = text.indexOf('=');
  const key = at < 0 ? text : text.slice(0, at);
  if (key === '' || (at < 0 && env === undefined))
    throw new TowlineError('image-option', 'invalid', `${flag} wants KEY=VALUE`, {
      help: 'Put quotes around it where the value has spaces.',
    });
  if (at >= 0) return [[key, text.slice(at + 1)]];
  const value = env?.[key];
  return value === undefined ? [] : [[key, value]];
}

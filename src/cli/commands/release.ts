import { parseRelease, releaseText } from '../../domain/release/parse-release.js';
import { sameRelease, type Release } from '../../domain/release/release.js';
import { kvJson, releaseKey } from '../../domain/source/kv-layout.js';
import { isoTime } from '../../ports/clock.js';
import type { KvStore } from '../../ports/kv-store.js';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { systemClock } from '../../runtime/system-clock.js';
import { buildFacts } from '../ci-environment.js';
import { withSession } from '../compose.js';
import { imageArgument } from '../image-argument.js';
import { imageAccess, type RegistryFlags } from '../image-access.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';

interface Flags extends GlobalFlags, RegistryFlags {
  digest?: string;
  verify?: boolean;
  sourceCommit?: string;
  sourceRepository?: string;
  sourceBranch?: string;
  buildUrl?: string;
  by?: string;
}

/** Writers that may be first, one after the other, before this one gives up. */
const LOST_RACES = 5;

/** Announces a release: writes it into KV by compare-and-set. The same release again changes nothing. */
export async function run([image = '']: string[], flags: Flags, io: Io): Promise<number> {
  const stated = releaseOf(image, flags, io);
  const release = flags.verify === true ? await verified(stated, flags, io) : stated;
  return withSession(flags, io, async (session) => {
    const written = await announce(await session.kv(), session.config.consul.prefix, release, io.signal);
    if (flags.output === 'json') writeLine(io.stdout, JSON.stringify({ written, release }, null, 2));
    else
      writeLine(
        io.stdout,
        `${releaseText(release)} ${written ? 'is released' : 'was released before; nothing changed'}`,
      );
    return EXIT.done;
  });
}

function releaseOf(image: string, flags: Flags, io: Io): Release {
  const named = imageArgument(flags.digest === undefined ? image : `${image}@${flags.digest}`);
  const facts = buildFacts(io.env);
  const sourceCommit = flags.sourceCommit ?? facts.sourceCommit;
  const sourceRepository = flags.sourceRepository ?? facts.sourceRepository;
  const sourceBranch = flags.sourceBranch ?? facts.sourceBranch;
  const buildUrl = flags.buildUrl ?? facts.buildUrl;
  return {
    ...named,
    ...(sourceCommit === undefined ? {} : { sourceCommit }),
    ...(sourceRepository === undefined ? {} : { sourceRepository }),
    ...(sourceBranch === undefined ? {} : { sourceBranch }),
    ...(buildUrl === undefined ? {} : { buildUrl }),
    by: flags.by ?? facts.by,
    at: isoTime(systemClock),
  };
}

/** The release with the digest that its registry has now. */
async function verified(release: Release, flags: Flags, io: Io): Promise<Release> {
  const { registry } = await imageAccess(flags, io);
  const image = `${release.image}:${release.tag}`;
  const digest = await registry.digest(image, { signal: io.signal });
  if (digest === undefined)
    throw new TowlineError('release-unverified', 'refused', `its registry has no image ${image}`, {
      help: 'Push it first: towline image push.',
    });
  if (release.digest !== undefined && release.digest !== digest)
    throw new TowlineError(
      'release-unverified',
      'refused',
      `${image} is ${digest} in its registry, and was said to be ${release.digest}`,
      { help: 'Another build pushed the same tag. Build and push again, under a tag of its own.' },
    );
  return { ...release, digest };
}

async function announce(
  kv: KvStore,
  prefix: string,
  release: Release,
  signal: AbortSignal,
): Promise<boolean> {
  const key = releaseKey(prefix, release.image);
  for (let attempt = 1; attempt <= LOST_RACES; attempt++) {
    const entry = await kv.get(key, { signal });
    const now = entry === undefined ? undefined : parseRelease(release.image, entry.value);
    if (
      now !== undefined &&
      'release' in now &&
      sameRelease(now.release, release) &&
      now.release.digest === release.digest
    )
      return false;
    if (await kv.put(key, kvJson(release), { signal, cas: entry?.modifyIndex ?? 0 })) return true;
  }
  throw new TowlineError(
    'release-contended',
    'conflict',
    `${key} was changed by others ${LOST_RACES} times in a row`,
    {
      help: 'Several builds announce the same image at once. Run this again.',
    },
  );
}

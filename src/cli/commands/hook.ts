import { branchOf, type PushedRef } from '../../domain/push/index.js';
import { isZeroId, parseRevision } from '../../domain/source/revision.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { announce, describeRefs, logOf, sendApart } from '../hook/announce.js';
import { checkPush } from '../hook/check.js';
import { environmentsOf, mirrorNow, refuseUntrusted } from '../hook/own-triggers.js';
import {
  hookLocation,
  openAt,
  openPinned,
  readRefs,
  withSessions,
  type HookPlace,
  type HookSession,
} from '../hook/session.js';
import { outboxOf, targetsOf, type HookFlags } from '../hook/targets.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';

interface Flags extends GlobalFlags, HookFlags {
  wait?: boolean;
}

/** `pre-receive`: refuses the whole push when something of it may not be, or would break an environment. */
export async function preReceive(_args: string[], flags: Flags, io: Io): Promise<number> {
  return checkPush(await readRefs(io), { location: hookLocation(io), quarantine: true, flags, io });
}

/** `update REF OLD NEW`: the same for one ref; the rest of the push goes through. */
export async function update(
  [name = '', from = '', to = '']: string[],
  flags: Flags,
  io: Io,
): Promise<number> {
  return checkPush([{ from, to, name }], { location: hookLocation(io), quarantine: true, flags, io });
}

/**
 * `post-receive`: starts what comes next. The events are on disk when it ends, and are sent by a process of its own: a push
 * waits for no build server, and nothing is lost while one is away. `--wait` mirrors in the foreground instead.
 */
export async function postReceive(_args: string[], flags: Flags, io: Io): Promise<number> {
  // Whoever pushed may be gone by now; what they pushed is told of all the same.
  io.stderr.on('error', () => undefined);
  const refs = await readRefs(io);
  const place: HookPlace = { location: hookLocation(io), quarantine: false, flags, io };
  if (flags.wait === true) return mirrorAll(refs, place);
  const pinned = await openPinned(place);
  try {
    const targets = await targetsOf(pinned, place, flags);
    const own = targets.some(({ latest }) => latest);
    const names = own ? await withSessions(place, (shared) => environmentsHit(refs, shared)) : [];
    const described = await describeRefs(refs, place);
    const wanted = targets.filter(({ latest }) => !latest || names.length > 0);
    const told = await announce(described, wanted, {
      outbox: outboxOf(place.location),
      location: place.location,
    });
    if (told.length === 0) return EXIT.done;
    await sendApart(place, flags);
    for (const name of told)
      writeLine(
        io.stderr,
        wanted.some((target) => target.name === name && target.latest)
          ? `towline: ${name === 'notify' ? 'telling of' : 'mirroring'} ${names.join(', ')}; log in ${logOf(place.location)}`
          : `towline: ${name} is told of it`,
      );
    return EXIT.done;
  } finally {
    await pinned?.close();
  }
}

/** Environments that a push is about. Throws where its configuration would send secrets somewhere. */
async function environmentsHit(refs: readonly PushedRef[], place: HookPlace): Promise<string[]> {
  const hit: string[] = [];
  await eachHit(refs, place, async (names) => void hit.push(...names));
  return [...new Set(hit)];
}

async function mirrorAll(refs: readonly PushedRef[], place: HookPlace): Promise<number> {
  await eachHit(refs, place, (names, session) => mirrorNow(names, session, place.io));
  return EXIT.done;
}

/** The environments of each pushed branch, with a session by the configuration that counts for it. */
async function eachHit(
  refs: readonly PushedRef[],
  place: HookPlace,
  work: (names: string[], session: HookSession) => Promise<unknown>,
): Promise<void> {
  for (const { name, to } of refs) {
    const [branch, revision] = [branchOf(name), parseRevision(to)];
    if (branch === undefined || revision === undefined || isZeroId(to)) continue;
    const session = await openAt(revision, place);
    if (session === undefined) continue;
    try {
      const names = environmentsOf(branch, session);
      if (names.length === 0) continue;
      refuseUntrusted(session, place.io);
      await work(names, session);
    } finally {
      await session.close();
    }
  }
}

import { createInterface } from 'node:readline';
import path from 'node:path';

import { parsePushedRefs, type PushedRef } from '../../domain/push/index.js';
import { isZeroId, parseRevision, type Revision } from '../../domain/source/revision.js';
import type { GitStore } from '../../ports/git-store.js';
import { silentLog } from '../../runtime/log.js';
import { openSession, type Session } from '../compose.js';
import { gitConfigValue } from '../git-config.js';
import type { GlobalFlags, Io } from '../io.js';
import type { GivenFile } from '../settings.js';

/** A hook, or a command on the repository of hooks. */
export interface HookPlace {
  /** The bare repository. */
  location: string;
  /** Inside `pre-receive`: the pushed objects are set apart. */
  quarantine: boolean;
  flags: GlobalFlags;
  io: Io;
  /** Sessions that are open for all refs of a push; without it each is its user's own. */
  open?: Map<string, Promise<HookSession | undefined>>;
}

export interface HookSession extends Session {
  /** The configuration came with the push. */
  pushed: boolean;
}

export const CONFIG_NAME = 'towline.yaml';

/** Where git runs a hook. */
export function hookLocation({ cwd, env }: Io): string {
  return path.resolve(cwd, env['GIT_DIR'] ?? '.');
}

/** The lines of a hook's standard input. */
export async function readRefs({ stdin }: Io): Promise<PushedRef[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: stdin })) lines.push(line);
  return parsePushedRefs(lines.join('\n'));
}

/** The configuration that is pinned on the server; undefined: it comes with the push. */
export async function pinnedConfig({ location, flags, io }: HookPlace): Promise<string | undefined> {
  return flags.config ?? io.env['TOWLINE_CONFIG'] ?? (await gitConfigValue(location, 'towline.config', io));
}

/** Work on many refs: each configuration is read once, and all sessions are closed at the end. */
export async function withSessions<T>(place: HookPlace, work: (place: HookPlace) => Promise<T>): Promise<T> {
  const open: NonNullable<HookPlace['open']> = new Map();
  try {
    return await work({ ...place, open });
  } finally {
    for (const opened of await Promise.allSettled(open.values()))
      if (opened.status === 'fulfilled') await opened.value?.close();
  }
}

/** What is shared is closed at the end of the push, and by nobody before. */
async function shared(
  key: string,
  { open }: HookPlace,
  make: () => Promise<HookSession | undefined>,
): Promise<HookSession | undefined> {
  if (open === undefined) return make();
  const opening = open.get(key) ?? make();
  open.set(key, opening);
  const session = await opening;
  return session === undefined ? undefined : { ...session, close: async () => undefined };
}

/** A session by the pinned configuration; undefined where none is. */
export async function openPinned(place: HookPlace): Promise<HookSession | undefined> {
  const { location, quarantine, flags, io } = place;
  return shared('pinned', place, async () => {
    const config = await pinnedConfig(place);
    if (config === undefined) return undefined;
    const session = await openSession({ ...flags, config }, io, { repository: { location, quarantine } });
    return { ...session, pushed: false };
  });
}

/** A session by the pinned configuration, else by towline.yaml of a revision; undefined where there is neither. */
export async function openAt(revision: Revision, place: HookPlace): Promise<HookSession | undefined> {
  const pinned = await openPinned(place);
  if (pinned !== undefined) return pinned;
  const { location, quarantine, flags, io } = place;
  return shared(revision, place, async () => {
    const given = await configAt(revision, place);
    if (given === undefined) return undefined;
    const session = await openSession(flags, io, {
      repository: { location, quarantine },
      given,
      secrets: false,
    });
    return { ...session, pushed: true };
  });
}

/**
 * The session whose policy counts for a ref: by the pinned configuration; else by the one that the branch had before the
 * push, else by that of the repository's own branch. Only what has none of them is judged by what it brings itself: a push
 * must not switch off its own checks.
 */
export async function openTrusted(ref: PushedRef, place: HookPlace): Promise<HookSession | undefined> {
  const pinned = await openPinned(place);
  if (pinned !== undefined) return pinned;
  const trunk = await withStore(place, (store) => store.resolve('HEAD', { signal: place.io.signal }));
  for (const id of [ref.from, trunk, ref.to]) {
    const revision = id === undefined || isZeroId(id) ? undefined : parseRevision(id);
    const session = revision === undefined ? undefined : await openAt(revision, place);
    if (session !== undefined) return session;
  }
  return undefined;
}

/** True where a revision holds a configuration. */
export async function hasConfig(revision: Revision, place: HookPlace): Promise<boolean> {
  return (await configAt(revision, place)) !== undefined;
}

/** The repository itself, without any configuration. */
export async function withStore<T>(
  { location, quarantine }: HookPlace,
  work: (store: GitStore) => Promise<T>,
): Promise<T> {
  const { gitStore } = await import('../../git/index.js');
  const author = { name: 'Towline', email: 'towline@localhost' };
  const store = gitStore({ location, storeDir: location, author, log: silentLog(), quarantine });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function configAt(revision: Revision, place: HookPlace): Promise<GivenFile | undefined> {
  const read = (name: string): Promise<Uint8Array | undefined> =>
    withStore(place, (store) => store.readFile(revision, name, { signal: place.io.signal }));
  const bytes = await read(CONFIG_NAME);
  return bytes === undefined ? undefined : { path: CONFIG_NAME, bytes, home: place.location, read };
}

/** Names of the refs that are a record: they only grow. */
export function recordsOf(session: Session): string[] {
  return [
    ...session.config.environments.map(({ ledgerBranch }) => `refs/heads/${ledgerBranch}`),
    'refs/notes/towline',
  ];
}

import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { parseObjectId, type ObjectId } from '../domain/source/revision.js';
import type { RefInfo } from '../ports/job-repository.js';
import { orAbort } from '../runtime/abort.js';
import { messageOf } from '../runtime/errors.js';
import type { Log } from '../runtime/log.js';
import { redact } from '../runtime/redact.js';
import { records } from './parse.js';
import type { RemoteAccess } from './remote-access.js';
import { git, type OpenRepository } from './run.js';

export interface FetcherOptions {
  place: OpenRepository & { remote: string };
  access: RemoteAccess;
  log: Log;
}

/** What is wanted of a remote: names of branches and tags, or everything. */
type Wanted = Set<string> | 'all';

/** Files in the local copy from which on it is packed anew. */
const MOST_PACKS = 30;
const MOST_LOOSE = 4000;
/** Names in one call. */
const MOST_NAMES = 200;
const TIDY_TIMEOUT_MS = 10 * 60_000;

/**
 * Brings the local copy of a remote up to date, one fetch at a time: who asks while one is under way shares the next one,
 * since the remote may have moved meanwhile. Keeps the copy small.
 */
export class Fetcher {
  readonly #options: FetcherOptions;
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;
  #next: { wanted: Wanted; done: Promise<void> } | undefined;
  #tidying: Promise<void> | undefined;
  /** Refs of a name, as they were when they were last looked at. */
  readonly #known = new Map<string, string[]>();
  /** Some servers know no shallow copies ("dumb" HTTP). */
  #whole = false;

  constructor(options: FetcherOptions) {
    this.#options = options;
  }

  /** Up to date with the remote as it is now or later, as far as `name` is concerned; undefined: as a whole. */
  async fetch(name: string | undefined, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await orAbort(this.#ask(name).done, signal);
  }

  /** Branches and tags of the remote; nothing is copied for that. */
  async refs(signal: AbortSignal): Promise<RefInfo[]> {
    return parseRefs(await orAbort(this.#listed([]), signal));
  }

  /** Ends what is under way; nothing may be asked after this. */
  async close(): Promise<void> {
    this.#closing.abort(new DOMException('the repository is closed', 'AbortError'));
    await Promise.allSettled([this.#running, this.#next?.done, this.#tidying]);
  }

  #ask(name: string | undefined): { done: Promise<void> } {
    if (this.#next === undefined) {
      const next = { wanted: new Set<string>() as Wanted, done: Promise.resolve() };
      next.done = this.#start(next);
      next.done.catch(() => undefined);
      this.#next = next;
    }
    const { wanted } = this.#next;
    if (name === undefined) this.#next.wanted = 'all';
    else if (wanted !== 'all') wanted.add(name);
    return this.#next;
  }

  async #start(next: { wanted: Wanted }): Promise<void> {
    await this.#running?.catch(() => undefined);
    // Whoever asks from here on gets the one after this.
    this.#next = undefined;
    this.#running = this.#run(next.wanted);
    await this.#running;
  }

  async #run(wanted: Wanted): Promise<void> {
    const { access, log, place } = this.#options;
    const begun = performance.now();
    if (!access.shallow || this.#whole) await this.#fetchAll();
    else await this.#fetchTips(wanted);
    log.debug({ remote: redact(place.remote), ms: Math.round(performance.now() - begun) }, 'fetched');
    this.#tidying ??= this.#tidy().finally(() => (this.#tidying = undefined));
  }

  async #fetchAll(): Promise<void> {
    await this.#git([
      ...FETCH,
      '--prune',
      '--end-of-options',
      this.#options.place.remote,
      '+refs/heads/*:refs/remotes/origin/*',
      '+refs/tags/*:refs/tags/*',
    ]);
  }

  /** Only what is wanted, only where it moved, and without its history: a small question, mostly with a small answer. */
  async #fetchTips(wanted: Wanted): Promise<void> {
    if (wanted !== 'all' && (await this.#fetchKnown([...wanted]))) return;
    const asked = wanted === 'all' ? undefined : refsOf(wanted);
    // An argument list has its limits; beyond them the whole list is asked for.
    const patterns = asked === undefined || asked.size > 2 * MOST_NAMES ? [] : [...asked];
    const [there, here] = await Promise.all([this.#listed(patterns), this.#here()]);
    const specs: string[] = [];
    const gone = new Set(here.keys());
    for (const { ref, id, name } of parseRefs(there)) {
      if (asked !== undefined && !asked.has(ref)) continue;
      const local = localName(ref);
      this.#known.set(name, [...(this.#known.get(name) ?? []).filter((each) => each !== ref), ref]);
      gone.delete(local);
      if (here.get(local) !== id) specs.push(`+${ref}:${local}`);
    }
    // What was not asked for may still be there.
    const meant = asked === undefined ? undefined : new Set([...asked].map(localName));
    for (const local of gone)
      if (meant === undefined || meant.has(local))
        await git(this.#options.place, ['update-ref', '-d', local], { signal: this.#closing.signal });
    for (let at = 0; at < specs.length; at += MOST_NAMES) {
      try {
        await this.#fetchSpecs(specs.slice(at, at + MOST_NAMES));
      } catch (error) {
        if (!/does not support shallow/i.test(messageOf(error))) throw error;
        this.#whole = true;
        return this.#fetchAll();
      }
    }
  }

  /**
   * Branches that were there before are asked for at once, without a look at what there is. False where one of them is
   * not there any more, was not known, or is a tag: then everything about them has to be looked at.
   */
  async #fetchKnown(names: readonly string[]): Promise<boolean> {
    const refs = names.flatMap((name) => this.#known.get(name) ?? []);
    const branches = refs.filter((ref) => ref.startsWith('refs/heads/'));
    if (branches.length !== names.length || refs.length !== names.length || names.length > MOST_NAMES)
      return false;
    try {
      await this.#fetchSpecs(refs.map((ref) => `+${ref}:${localName(ref)}`));
      return true;
    } catch (error) {
      if (!/find remote ref/i.test(messageOf(error))) throw error;
      for (const name of names) this.#known.delete(name);
      return false;
    }
  }

  async #fetchSpecs(specs: readonly string[]): Promise<void> {
    await this.#git([...FETCH, '--depth=1', '--end-of-options', this.#options.place.remote, ...specs]);
  }

  async #listed(patterns: readonly string[]): Promise<string> {
    const { remote } = this.#options.place;
    const { stdout } = await this.#git([
      'ls-remote',
      '--quiet',
      ...(patterns.length === 0 ? ['--heads', '--tags'] : []),
      '--end-of-options',
      remote,
      ...patterns,
    ]);
    return stdout.toString('utf8');
  }

  async #here(): Promise<Map<string, ObjectId>> {
    const { stdout } = await git(
      this.#options.place,
      ['for-each-ref', '--format=%(objectname) %(refname)%00', 'refs/remotes/origin', 'refs/tags'],
      { signal: this.#closing.signal },
    );
    return new Map(
      [...records(stdout)].flatMap((record) => {
        const [id = '', name = ''] = record.toString('utf8').trim().split(' ');
        const object = parseObjectId(id);
        return object === undefined ? [] : [[name, object] as const];
      }),
    );
  }

  async #git(args: readonly string[]): ReturnType<typeof git> {
    const { place, access } = this.#options;
    return git(place, args, {
      signal: this.#closing.signal,
      timeoutMs: access.timeoutMs,
      env: place.remoteEnv,
      remote: true,
    });
  }

  /** Packs the copy anew once many fetches have left their packs; what nothing needs any more goes after an hour. */
  async #tidy(): Promise<void> {
    const { place, log } = this.#options;
    try {
      if (!(await isUntidy(place.gitDir))) return;
      await git(place, ['-c', 'gc.pruneExpire=1.hour.ago', 'gc', '--quiet'], {
        signal: this.#closing.signal,
        timeoutMs: TIDY_TIMEOUT_MS,
      });
    } catch (error) {
      if (!this.#closing.signal.aborted)
        log.warn({ err: error }, 'the local copy could not be packed; it is tried again after another fetch');
    }
  }
}

const FETCH = ['fetch', '--force', '--no-tags', '--quiet', '--no-write-fetch-head', '--no-auto-maintenance'];

/** A name may be that of a branch or of a tag. */
function refsOf(names: Iterable<string>): Set<string> {
  return new Set([...names].flatMap((name) => [`refs/heads/${name}`, `refs/tags/${name}`]));
}

function localName(ref: string): string {
  return ref.replace(/^refs\/heads\//, 'refs/remotes/origin/');
}

/** `git ls-remote`: `ID\tREF`; an annotated tag has a second line, `REF^{}`, for what it points to. */
export function parseRefs(text: string): RefInfo[] {
  const refs = new Map<string, RefInfo>();
  for (const line of text.split('\n')) {
    const [hex = '', name = ''] = line.split('\t');
    const id = parseObjectId(hex);
    const ref = name.replace(/\^\{\}$/, '');
    const [, kind, short] = /^refs\/(heads|tags)\/(.+)$/.exec(ref) ?? [];
    if (id === undefined || kind === undefined || short === undefined) continue;
    const known = refs.get(ref);
    if (known !== undefined) known.annotated = true;
    else refs.set(ref, { ref, id, name: short, kind: kind === 'heads' ? 'branch' : 'tag', annotated: false });
  }
  return [...refs.values()];
}

/** Git's own estimate: one of the 256 folders of loose objects stands for all. */
async function isUntidy(gitDir: string): Promise<boolean> {
  const count = async (folder: string, ends: string): Promise<number> =>
    (await readdir(path.join(gitDir, 'objects', folder)).catch(() => [])).filter((name) =>
      name.endsWith(ends),
    ).length;
  return (await count('pack', '.pack')) > MOST_PACKS || (await count('17', '')) * 256 > MOST_LOOSE;
}

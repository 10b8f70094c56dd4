import type { Appended } from '../domain/record/appended.js';
import type { LedgerEntry, LedgerState } from '../domain/record/ledger-entry.js';
import { rebased, type Before } from '../domain/record/rebase.js';
import type { JsonObject } from '../domain/source/json.js';
import type { ObjectId } from '../domain/source/revision.js';
import type { Waiting } from '../ports/kv-store.js';
import type { Ledger, LedgerHead } from '../ports/ledger.js';
import { withTimeout } from '../runtime/abort.js';
import { kindOf, TowlineError } from '../runtime/errors.js';
import type { Log } from '../runtime/log.js';
import { JournalFiles, type Journalled } from './journal-files.js';

export interface JournalOptions {
  /** Where entries are kept that can't be appended now. */
  folder: string;
  environment: string;
  log: Log;
  /** How long the ledger may take until it counts as away. Default 8 s: a pass has to be on record soon after it ended. */
  awayMs?: number;
}

/** Entries of the ledger that are looked at for one that has arrived already. */
const RECENT = 200;
/** Others that may come first while late entries are appended. */
const LOST_RACES = 5;

/**
 * A ledger that may be away for a while. What can't be appended then is kept on disk, in order, and is appended when the
 * ledger is back, on top of whatever came meanwhile. Until then this process sees the ledger as it will be. Only passes
 * are kept: what a person says has to arrive, or is refused.
 */
export function journaledLedger(
  inner: Ledger,
  { folder, environment, log, awayMs = 8000 }: JournalOptions,
): Ledger {
  const files = new JournalFiles(folder, environment);

  /** Undefined: the ledger is away. A time limit of our own is no wish to stop. */
  const unlessAway = async <T>(
    { signal }: Waiting,
    ask: (waiting: Waiting) => Promise<T>,
  ): Promise<{ value: T } | { away: unknown }> => {
    const limited = withTimeout(signal, awayMs);
    try {
      return { value: await ask({ signal: limited }) };
    } catch (error) {
      signal.throwIfAborted();
      if (kindOf(error) === 'unavailable' || limited.aborted) return { away: error };
      throw error;
    }
  };

  /** Appends what has waited, oldest first. A file goes when its entry is in the ledger, and not before. */
  const deliver = async (waiting: Waiting): Promise<void> => {
    for (let races = 0; ;) {
      const [first, ...more] = await files.read();
      if (first === undefined) return;
      const head = await inner.head(waiting);
      try {
        if (!(await hasArrived(first.entry, waiting)))
          await inner.append(rebased(first.entry, first.before, head.state), head.commit, waiting);
      } catch (error) {
        if (kindOf(error) !== 'conflict' || ++races >= LOST_RACES) throw error;
        continue;
      }
      await files.remove(first);
      const { pass, phase } = first.entry;
      log.info({ pass, phase, left: more.length }, 'an entry that had waited is in the ledger');
    }
  };

  /** One that was appended, and whose file outlived that: the process died in between, or the answer got lost. */
  const hasArrived = async ({ pass, phase }: LedgerEntry, waiting: Waiting): Promise<boolean> => {
    const recent = await inner.history({ ...waiting, limit: RECENT });
    return recent.some(({ trailers }) => {
      const has = (key: string, value: string): boolean =>
        trailers.some((trailer) => trailer.key === key && trailer.value === value);
      return has('Towline-Pass', pass) && has('Towline-Phase', phase);
    });
  };

  /** As it was when it was last there, and what has waited since. */
  const asKnown = async (waiting: Waiting, cause: unknown): Promise<LedgerHead> => {
    const last = (await files.read()).at(-1);
    if (last !== undefined) return { commit: last.id, state: last.entry.state };
    const head = await inner.head({ ...waiting, local: true });
    if (head.commit !== undefined) return head;
    throw new TowlineError(
      'ledger-unknown',
      'unavailable',
      `the ledger ${inner.branch} is away, and nothing is known of it here`,
      { help: 'Nothing is deployed from ignorance. It goes on when the ledger answers.', cause },
    );
  };

  const keep = async (
    entry: LedgerEntry,
    expected: ObjectId | undefined,
    waiting: Waiting,
    cause: unknown,
  ) => {
    const head = await asKnown(waiting, cause);
    if (head.commit === undefined || head.commit !== expected) throw overtaken(inner.branch);
    const last = (await files.read()).at(-1);
    await files.add({ base: last?.base ?? head.commit, before: beforeOf(head.state), entry });
    const kept = (await files.read()).at(-1);
    if (kept === undefined) throw new Error('what was just written is there');
    const { pass, phase } = entry;
    log.warn({ err: cause, pass, phase, file: kept.file }, 'the ledger is away; the entry waits on disk');
    return kept.id;
  };

  /** The commit that an entry which waits is based on, and the entries up to it; undefined for a commit. */
  const waitingUpTo = async (
    id: ObjectId,
  ): Promise<{ base: ObjectId; entries: Journalled[] } | undefined> => {
    const all = await files.read();
    const at = all.findIndex((each) => each.id === id);
    const [first] = all;
    return at < 0 || first === undefined ? undefined : { base: first.base, entries: all.slice(0, at + 1) };
  };

  return {
    branch: inner.branch,

    async head(options) {
      const { signal, ...how } = options;
      const answer = await unlessAway({ signal }, async (waiting) => {
        await deliver(waiting);
        return inner.head({ ...waiting, ...how });
      });
      return 'value' in answer ? answer.value : asKnown({ signal }, answer.away);
    },

    async append(entry, expected, waiting) {
      const isWaiting = (await files.read()).length > 0;
      if (!isPass(entry)) {
        if (isWaiting) await deliver(waiting);
        return inner.append(entry, expected, waiting);
      }
      // Whoever comes after what waits has to wait as well, or the order would be lost.
      if (isWaiting) return keep(entry, expected, waiting, undefined);
      const answer = await unlessAway(waiting, (limited) => inner.append(entry, expected, limited));
      return 'value' in answer ? answer.value : keep(entry, expected, waiting, answer.away);
    },

    async stateAt(id, waiting): Promise<LedgerState | undefined> {
      const found = await waitingUpTo(id);
      return found === undefined ? inner.stateAt(id, waiting) : found.entries.at(-1)?.entry.state;
    },

    async documents(id, paths, waiting) {
      const found = await waitingUpTo(id);
      if (found === undefined) return inner.documents(id, paths, waiting);
      const documents = await inner.documents(found.base, paths, waiting);
      const changed = changesOf(found.entries);
      for (const path of paths) {
        const document = changed.get(path);
        if (document === null) documents.delete(path);
        else if (document !== undefined) documents.set(path, document);
      }
      return documents;
    },

    async paths(id, waiting) {
      const found = await waitingUpTo(id);
      if (found === undefined) return inner.paths(id, waiting);
      const paths = new Set(await inner.paths(found.base, waiting));
      for (const [path, document] of changesOf(found.entries)) {
        if (document === null) paths.delete(path);
        else paths.add(path);
      }
      return [...paths].sort();
    },

    history: (options) => inner.history(options),
    entry: (id, waiting) => inner.entry(id, waiting),
  };
}

function isPass(entry: Appended): entry is LedgerEntry {
  return entry.phase === 'intent' || entry.phase === 'outcome';
}

function beforeOf(state: LedgerState | undefined): Before {
  return {
    intents: state?.intents ?? [],
    ...(state?.restarts === undefined ? {} : { restarts: state.restarts }),
    ...(state?.runs === undefined ? {} : { runs: state.runs }),
  };
}

function changesOf(entries: readonly Journalled[]): Map<string, JsonObject | null> {
  return new Map(entries.flatMap(({ entry }) => Object.entries(entry.files)));
}

function overtaken(branch: string): TowlineError {
  return new TowlineError('ledger-overtaken', 'conflict', `${branch} is another one than it was`, {
    help: 'The entry is made again on top of it.',
  });
}

import { timeOf, type Appended } from '../domain/record/appended.js';
import type { LedgerRecord, LedgerState } from '../domain/record/ledger-entry.js';
import { isObject, type Json, type JsonObject } from '../domain/source/json.js';
import type { ObjectId, Revision } from '../domain/source/revision.js';
import type { GitStore } from '../ports/git-store.js';
import type { CommitInfo } from '../ports/job-repository.js';
import type { Waiting } from '../ports/kv-store.js';
import type { Ledger, LedgerHead } from '../ports/ledger.js';
import { TowlineError } from '../runtime/errors.js';
import {
  documentText,
  INTENTS_FILE,
  intentsOf,
  MIRROR_FILE,
  mirrorOf,
  parseJson,
  parseLedgerValues,
  PLAN_FILE,
  STATE_FILE,
  stateOf,
  stateText,
} from '../domain/record/ledger-files.js';
import { entryMessage } from '../domain/record/entry-message.js';

export { journaledLedger, type JournalOptions } from './journal.js';

/** Documents read one by one; for more the whole tree is listed first. */
const FEW = 64;

export interface GitLedgerOptions {
  store: GitStore;
  branch: string;
  environment: string;
  author: { name: string; email: string };
  /** True: entries are signed, or not written. Else where git's own configuration says so. */
  sign?: boolean;
  /** Settings of git that count for signing beside those of the repository: a person's. */
  settings?: ReadonlyMap<string, string>;
  /** False where the ledger lives in another repository than the revisions that it records: no second parent then. */
  sameRepository?: boolean;
}

/**
 * The ledger as a branch of a Git repository (design: one commit for an entry, its tree what was last sent, its parents
 * the entry before and the revision that was applied). Appending is a compare-and-swap of the branch.
 */
export function gitLedger({
  store,
  branch,
  environment,
  author,
  sign,
  settings,
  sameRepository = true,
}: GitLedgerOptions): Ledger {
  const signing = {
    ...(sign === undefined ? {} : { sign }),
    ...(settings === undefined ? {} : { settings }),
  };
  let newest: { commit: ObjectId; state: LedgerState } | undefined;
  const ended = new LastRead();
  /** Entries that a walk from the tip has met: whether they are entries need not be asked again. */
  const met = new Set<string>();

  const tip = (waiting: Waiting): Promise<Revision | undefined> => store.resolve(branch, waiting);

  const recordOf = async (id: string, waiting: Waiting): Promise<LedgerRecord | undefined> => {
    const newestCommit = await tip(waiting);
    const commit = /^[0-9a-f]{4,64}$/.test(id) ? await store.resolveExpression(id, waiting) : undefined;
    if (newestCommit === undefined || commit === undefined) return undefined;
    const [found] = await store.log(commit, { ...waiting, limit: 1 });
    if (found === undefined || !isEntry(found)) return undefined;
    return (await store.isAncestor(commit, newestCommit, waiting)) ? toRecord(found) : undefined;
  };

  /** An empty first commit, so that the first parents of every entry are entries and nothing else. */
  const beginning = (at: number, waiting: Waiting): Promise<Revision> =>
    store.writeCommit(
      {
        parents: [],
        files: new Map(),
        message: `Begin the ledger of ${environment}\n`,
        author,
        at,
        ...signing,
      },
      waiting,
    );

  const stateOfCommit = async (commit: Revision, waiting: Waiting): Promise<LedgerState> => {
    const [state, intents, mirror] = await Promise.all(
      [STATE_FILE, INTENTS_FILE, MIRROR_FILE].map((file) => store.readFile(commit, file, waiting)),
    );
    const read = (bytes: Uint8Array | undefined): Json | undefined =>
      bytes === undefined ? undefined : (parseJson(textOf(bytes)) ?? null);
    const parsed = parseLedgerValues(environment, {
      state: ended.valueOf(state, read),
      intents: read(intents),
      mirror: read(mirror),
    });
    if ('reason' in parsed) throw damaged(`${branch} at ${commit} can't be read: ${parsed.reason}`);
    if (parsed.state.environment !== environment)
      throw damaged(`${branch} is the ledger of "${parsed.state.environment}", not of "${environment}"`);
    return parsed.state;
  };

  return {
    branch,

    async head({ known = false, local = false, ...waiting }): Promise<LedgerHead> {
      if ((known || local) && newest !== undefined) return newest;
      if (!local) await store.fetch(waiting);
      const commit = await tip(waiting);
      if (commit === undefined) return { commit: undefined, state: undefined };
      // An entry never changes: the one that was read or written last is not read again.
      if (newest?.commit === asObjectId(commit)) return newest;
      return (newest = { commit: asObjectId(commit), state: await stateOfCommit(commit, waiting) });
    },

    async stateAt(entry, waiting) {
      if (met.has(entry)) return stateOfCommit(asRevision(entry), waiting);
      const found = await recordOf(entry, waiting);
      return found === undefined ? undefined : stateOfCommit(asRevision(found.commit), waiting);
    },

    async paths(entry, waiting) {
      const { entries } = await store.readTree(asRevision(entry), '', waiting);
      return entries.map(({ path }) => path).filter((path) => path.includes('/'));
    },

    async documents(head, paths, waiting) {
      const documents = new Map<string, JsonObject>();
      if (paths.length === 0) return documents;
      if (paths.length <= FEW) {
        const found = await Promise.all(paths.map((path) => store.readFile(asRevision(head), path, waiting)));
        paths.forEach((path, at) => {
          const bytes = found[at];
          if (bytes !== undefined) documents.set(path, documentOf(path, bytes));
        });
        return documents;
      }
      const tree = await store.readTree(asRevision(head), '', waiting);
      const byPath = new Map(tree.entries.map((entry) => [entry.path, entry.id]));
      const wanted = paths.flatMap((path) => {
        const id = byPath.get(path);
        return id === undefined ? [] : [{ path, id }];
      });
      const blobs = new Map<ObjectId, Uint8Array>();
      const ids = [...new Set(wanted.map(({ id }) => id))];
      for await (const { id, bytes } of store.readBlobs(ids, waiting)) blobs.set(id, bytes);
      for (const { path, id } of wanted)
        documents.set(path, documentOf(path, blobs.get(id) ?? new Uint8Array()));
      return documents;
    },

    async append(entry, expected, waiting) {
      const published = expected === undefined ? undefined : asRevision(expected);
      const at = Date.parse(timeOf(entry));
      const previous = published ?? (await beginning(at, waiting));
      const files = filesOf(entry);
      const next = {
        base: previous,
        parents: [previous, ...(sameRepository ? revisionOf(entry) : [])],
        files,
        message: entryMessage(entry),
        author,
        at,
        ...signing,
      };
      const publishing = { ...waiting, expected: published, runHooks: false };
      const commit = await store.append(branch, next, publishing).catch((error: unknown) => {
        // Whatever the newest is now, it may be another one.
        newest = undefined;
        throw error;
      });
      newest =
        entry.environment === environment && entry.state.environment === environment
          ? { commit: asObjectId(commit), state: entry.state }
          : undefined;
      const written = files.get(STATE_FILE);
      if (written !== undefined && written !== null) ended.keep(written, stateOf(entry.state));
      return asObjectId(commit);
    },

    async history({ signal, limit, jobRef, trailer, from, skip, since, until }) {
      if (from === undefined) await store.fetch({ signal });
      const commit = from === undefined ? await tip({ signal }) : asRevision(from);
      if (commit === undefined) return [];
      // Every commit but the first is an entry: without a choice git need not look into the messages.
      const commits = await store.log(commit, {
        signal,
        limit,
        firstParent: true,
        ...(jobRef === undefined ? {} : { grep: `Towline-Job: ${jobRef} ` }),
        ...(trailer === undefined ? {} : { line: trailer }),
        ...(skip === undefined ? {} : { skip }),
        ...(since === undefined ? {} : { since }),
        ...(until === undefined ? {} : { until }),
      });
      const records = commits.filter(isEntry).map(toRecord);
      const isOurs = from === undefined || from === newest?.commit || met.has(from);
      if (isOurs) for (const record of records) met.add(record.commit);
      return records;
    },

    entry: (id, waiting) => recordOf(id, waiting),
  };
}

/** Only a deployed revision is a parent: what was merely said, or mirrored, did not become live by that. */
function revisionOf(entry: Appended): Revision[] {
  return entry.phase === 'order' || entry.phase === 'mirror' ? [] : [entry.revision];
}

function isEntry({ trailers }: CommitInfo): boolean {
  return trailers.some((t) => t.key === 'Towline-Phase');
}

function toRecord({ revision, parents, at, author, subject, trailers }: CommitInfo): LedgerRecord {
  return { commit: asObjectId(revision), parents: parents.map(asObjectId), at, author, subject, trailers };
}

/**
 * An announcement is in a file of its own, so that it costs the same however many jobs are on record; the entry of its end
 * takes it away again.
 */
function filesOf(entry: Appended): Map<string, Uint8Array | null> {
  const { phase, state } = entry;
  const result = new Map<string, Uint8Array | null>();
  const put = (path: string, value: Json): typeof result =>
    result.set(path, Buffer.from(documentText(value)));
  // A pass may be under way: what it has announced stays announced.
  const putState = (): typeof result => result.set(STATE_FILE, Buffer.from(stateText(state)));
  if (phase === 'order') return putState();
  if (phase === 'mirror') return put(MIRROR_FILE, mirrorOf(state));
  if (entry.plan !== undefined) put(PLAN_FILE, entry.plan as unknown as Json);
  for (const [path, document] of Object.entries(entry.files)) {
    if (document === null) result.set(path, null);
    else put(path, document);
  }
  if (phase === 'intent') return put(INTENTS_FILE, intentsOf(state));
  return putState().set(INTENTS_FILE, null);
}

/**
 * A file that is large and mostly the same as when it was read or written last: of ten thousand jobs the mirror's entries
 * change nothing, and equal bytes need not be parsed again.
 */
class LastRead {
  #last: { bytes: Uint8Array; value: Json | undefined } | undefined;

  valueOf(bytes: Uint8Array | undefined, read: (bytes: Uint8Array) => Json | undefined): Json | undefined {
    if (bytes === undefined) return undefined;
    if (this.#last === undefined || Buffer.compare(this.#last.bytes, bytes) !== 0)
      this.keep(bytes, read(bytes));
    return this.#last?.value;
  }

  keep(bytes: Uint8Array, value: Json | undefined): void {
    this.#last = { bytes, value };
  }
}

function documentOf(path: string, bytes: Uint8Array): JsonObject {
  let value: Json;
  try {
    value = JSON.parse(textOf(bytes)) as Json;
  } catch (cause) {
    throw damaged(`${path} in the ledger is not valid JSON`, cause);
  }
  if (!isObject(value)) throw damaged(`${path} in the ledger is not a JSON object`);
  return value;
}

function damaged(message: string, cause?: unknown): TowlineError {
  return new TowlineError('ledger-damaged', 'invalid', message, {
    help: 'Somebody wrote to the ledger by hand. Set the branch back to the last entry that Towline wrote.',
    cause,
  });
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** A commit is an object; the two names keep revisions of the job repository and other ids apart elsewhere. */
function asObjectId(revision: Revision): ObjectId {
  return revision as string as ObjectId;
}

function asRevision(id: ObjectId): Revision {
  return id as string as Revision;
}

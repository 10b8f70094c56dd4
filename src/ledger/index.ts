import type { OrderEntry } from '../domain/record/orders.js';
import type { LedgerEntry, LedgerRecord, LedgerState } from '../domain/record/ledger-entry.js';
import { isObject, type Json, type JsonObject } from '../domain/source/json.js';
import type { ObjectId, Revision } from '../domain/source/revision.js';
import type { GitStore } from '../ports/git-store.js';
import type { Waiting } from '../ports/kv-store.js';
import type { Ledger, LedgerHead } from '../ports/ledger.js';
import { TowlineError } from '../runtime/errors.js';
import { documentText, entryMessage, INTENTS_FILE, intentsOf, parseLedger, STATE_FILE } from './format.js';

/** Documents read one by one; for more the whole tree is listed first. */
const FEW = 64;

export interface GitLedgerOptions {
  store: GitStore;
  branch: string;
  environment: string;
  author: { name: string; email: string };
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
  sameRepository = true,
}: GitLedgerOptions): Ledger {
  let newest: { commit: ObjectId; state: LedgerState } | undefined;

  const tip = (waiting: Waiting): Promise<Revision | undefined> => store.resolve(branch, waiting);

  /** An empty first commit, so that the first parents of every entry are entries and nothing else. */
  const beginning = (at: number, waiting: Waiting): Promise<Revision> =>
    store.writeCommit(
      { parents: [], files: new Map(), message: `Begin the ledger of ${environment}\n`, author, at },
      waiting,
    );

  return {
    branch,

    async head(waiting): Promise<LedgerHead> {
      await store.fetch(waiting);
      const commit = await tip(waiting);
      if (commit === undefined) return { commit: undefined, state: undefined };
      // An entry never changes: the one that was read or written last is not read again.
      if (newest?.commit === asObjectId(commit)) return newest;
      const [stateBytes, intentBytes] = await Promise.all([
        store.readFile(commit, STATE_FILE, waiting),
        store.readFile(commit, INTENTS_FILE, waiting),
      ]);
      const texts = [stateBytes, intentBytes].map((bytes) =>
        bytes === undefined ? undefined : textOf(bytes),
      );
      const parsed = parseLedger(environment, texts[0], texts[1]);
      if ('reason' in parsed) throw damaged(`${branch} at ${commit} can't be read: ${parsed.reason}`);
      if (parsed.state.environment !== environment)
        throw damaged(`${branch} is the ledger of "${parsed.state.environment}", not of "${environment}"`);
      return (newest = { commit: asObjectId(commit), state: parsed.state });
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
      const at = Date.parse(entry.phase === 'order' ? entry.order.at : entry.at);
      const previous = published ?? (await beginning(at, waiting));
      const commit = await store.writeCommit(
        {
          base: previous,
          // An order is about what stands there already: no revision goes with it.
          parents: sameRepository && entry.phase !== 'order' ? [previous, entry.revision] : [previous],
          files: filesOf(entry),
          message: entryMessage(entry),
          author,
          at,
        },
        waiting,
      );
      await store.publish(branch, commit, { ...waiting, expected: published, runHooks: false });
      newest =
        entry.environment === environment && entry.state.environment === environment
          ? { commit: asObjectId(commit), state: entry.state }
          : undefined;
      return asObjectId(commit);
    },

    async history({ signal, limit, jobRef }) {
      await store.fetch({ signal });
      const commit = await tip({ signal });
      if (commit === undefined) return [];
      const grep = jobRef === undefined ? 'Towline-Phase:' : `Towline-Job: ${jobRef} `;
      const commits = await store.log(commit, { signal, limit, firstParent: true, grep });
      return commits
        .filter(({ trailers }) => trailers.some((t) => t.key === 'Towline-Phase'))
        .map(({ revision, parents, at, subject, trailers }): LedgerRecord => ({
          commit: asObjectId(revision),
          parents: parents.map(asObjectId),
          at,
          subject,
          trailers,
        }));
    },
  };
}

/**
 * An announcement is in a file of its own, so that it costs the same however many jobs are on record; the entry of its end
 * takes it away again.
 */
function filesOf(entry: LedgerEntry | OrderEntry): Map<string, Uint8Array | null> {
  const { phase, state } = entry;
  const result = new Map<string, Uint8Array | null>();
  // A pass may be under way: what it has announced stays announced.
  if (phase === 'order') return result.set(STATE_FILE, Buffer.from(documentText(state as unknown as Json)));
  const { files } = entry;
  for (const [path, document] of Object.entries(files)) {
    result.set(path, document === null ? null : Buffer.from(documentText(document)));
  }
  if (phase === 'intent') return result.set(INTENTS_FILE, Buffer.from(documentText(intentsOf(state))));
  result.set(STATE_FILE, Buffer.from(documentText(state as unknown as Json)));
  return result.set(INTENTS_FILE, null);
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

import type { LedgerState } from '../../domain/record/ledger-entry.js';
import {
  INTENTS_FILE,
  MIRROR_FILE,
  parseLedger,
  PLAN_FILE,
  STATE_FILE,
} from '../../domain/record/ledger-files.js';
import { parseCommitObject } from '../../domain/source/commit-object.js';
import type { ObjectId, Revision } from '../../domain/source/revision.js';
import { parseRevision } from '../../domain/source/revision.js';
import type { CommitWalk, WalkedCommit } from '../../ports/commit-walk.js';
import type { Models } from '../declared.js';
import { checkBeginning, checkIntents, checkLink, type ChainSoFar } from './check-chain.js';
import { checkPlan, type Replay } from './check-plan.js';
import { checkTrailers } from './check-trailers.js';
import { checkTree } from './check-tree.js';
import { isPhase, valueOf, valuesOf, type AuditedEntry } from './entry.js';
import type { Findings } from './findings.js';
import { ParsedTexts } from './parsed-texts.js';
import { checkSignatures, type SignaturePolicy } from './signatures.js';

export interface LedgerWalk {
  walk: CommitWalk;
  environment: string;
  models: Models;
  sameRepository: boolean;
  signed?: SignaturePolicy;
  replay?: Replay;
}

export interface StatedRevision {
  revision: Revision;
  /** `TREE FOLDER`, as the trailers have it. */
  trees: string[];
  entry: ObjectId;
}

/** What the entries, taken together, say. */
export interface WalkedLedger {
  /** Ids in order, with the number that each one has. */
  entries: Map<ObjectId, number | undefined>;
  /** What the last one left; undefined: it can't be read. */
  state: LedgerState | undefined;
  files: ReadonlyMap<string, ObjectId>;
  /** Revisions that entries are about, with the trees that they say of them, and the first entry that does. */
  revisions: Map<string, StatedRevision>;
  signatures: number;
}

/** Entries whose files are read together. */
const BATCH = 256;

/** Follows the ledger from its beginning and checks each entry against the one before it. */
export async function walkLedger(
  tip: ObjectId,
  sources: LedgerWalk,
  findings: Findings,
  signal: AbortSignal,
): Promise<WalkedLedger> {
  const reader = new LedgerReader(sources, findings);
  let batch: WalkedCommit[] = [];
  for await (const commit of sources.walk.walk(tip, { signal })) {
    batch.push(commit);
    if (batch.length < BATCH) continue;
    await reader.read(batch, signal);
    batch = [];
    if (findings.enough) break;
  }
  if (!findings.enough) await reader.read(batch, signal);
  return reader.result;
}

class LedgerReader {
  readonly result: WalkedLedger;
  readonly #files = new Map<string, ObjectId>();
  readonly #texts = new Map<string, string>();
  readonly #chain: ChainSoFar;
  /** Whose signers judge the next entry. */
  #signers: Revision | undefined;
  readonly #parsed = new ParsedTexts();
  /** What was before can't be read: the next entry is only taken in. */
  #blind = false;

  constructor(
    readonly sources: LedgerWalk,
    readonly findings: Findings,
  ) {
    const { environment, sameRepository } = sources;
    this.#chain = { environment, sameRepository, previous: undefined, sequence: undefined, at: undefined };
    const revisions: WalkedLedger['revisions'] = new Map();
    this.result = { entries: new Map(), state: undefined, files: this.#files, revisions, signatures: 0 };
  }

  async read(batch: readonly WalkedCommit[], signal: AbortSignal): Promise<void> {
    const texts = await this.#textsOf(batch, signal);
    const entries: AuditedEntry[] = [];
    for (const commit of batch) {
      if (this.findings.enough) return;
      const entry = this.#step(commit, texts);
      if (entry !== undefined) entries.push(entry);
    }
    const { signed } = this.sources;
    if (signed === undefined) return;
    const { good, signers } = await checkSignatures(entries, signed, this.#signers, this.findings, signal);
    this.#signers = signers;
    this.result.signatures += good;
  }

  async #textsOf(batch: readonly WalkedCommit[], signal: AbortSignal): Promise<Map<ObjectId, string>> {
    const texts = new Map<ObjectId, string>();
    const makers = new Map<ObjectId, { commit: ObjectId; path: string }>();
    for (const { id, changes } of batch)
      for (const { path, after } of changes)
        if (after !== undefined && !makers.has(after)) makers.set(after, { commit: id, path });
    for await (const object of this.sources.walk.objects([...makers.keys()], { signal })) {
      if ('problem' in object) {
        const { commit = '', path = '' } = makers.get(object.id) ?? {};
        this.findings.add('ledger tree', commit, `${path} is damaged: ${object.problem}`, {
          expected: object.id,
        });
      } else texts.set(object.id, new TextDecoder().decode(object.bytes));
    }
    return texts;
  }

  #step(walked: WalkedCommit, texts: ReadonlyMap<ObjectId, string>): AuditedEntry | undefined {
    const { id, bytes, damaged } = walked;
    for (const { id: object, problem } of damaged)
      this.findings.add(
        object === id ? 'ledger commit' : 'ledger tree',
        id,
        object === id ? `the commit is damaged: ${problem}` : `a tree of it is damaged: ${problem}`,
        { expected: object },
      );
    const commit = bytes === undefined ? undefined : parseCommitObject(bytes);
    const isFirst = this.#chain.previous === undefined;
    const link = { ...this.#chain };
    this.#chain.previous = id;
    if (commit === undefined || bytes === undefined) {
      this.#blind = true;
      this.result.state = undefined;
      return undefined;
    }
    if (isFirst) {
      checkBeginning(id, commit, walked.changes.length > 0, link.environment, this.findings);
      this.#take(walked, texts);
      this.#chain.at = commit.committer.at;
      return undefined;
    }
    if (this.#blind) link.sequence = undefined;
    checkLink(id, commit, link, this.findings);
    this.#chain.at = commit.committer.at;
    const number = valueOf({ commit }, 'Towline-Sequence');
    this.#chain.sequence = number === undefined ? this.#chain.sequence : Number(number);
    this.result.entries.set(id, this.#chain.sequence);
    const before = this.result.state;
    this.#take(walked, texts);
    const after = this.#stateNow(id);
    this.result.state = after;
    const blind = this.#blind || damaged.length > 0;
    this.#blind = damaged.length > 0;
    const phase = valueOf({ commit }, 'Towline-Phase');
    if (after === undefined || blind || !isPhase(phase)) return undefined;
    const { changes } = walked;
    const entry: AuditedEntry = {
      id,
      bytes,
      commit,
      phase,
      changes,
      before,
      after,
      files: this.#files,
      texts,
      parse: (text) => this.#parsed.of(text),
    };
    this.#check(entry);
    return entry;
  }

  #check(entry: AuditedEntry): void {
    const { findings, sources } = this;
    this.#note(entry);
    checkTrailers(entry, findings);
    checkTree(entry, sources.models, findings);
    checkIntents(entry, findings);
    checkPlan(entry, this.#texts.get(PLAN_FILE), sources.replay, findings);
  }

  /** Takes in what a commit changed. */
  #take({ changes }: WalkedCommit, texts: ReadonlyMap<ObjectId, string>): void {
    for (const { path, after } of changes) {
      if (after === undefined) this.#files.delete(path);
      else this.#files.set(path, after);
      if (!KEPT.has(path)) continue;
      const text = after === undefined ? undefined : texts.get(after);
      if (text === undefined) this.#texts.delete(path);
      else this.#texts.set(path, text);
    }
  }

  #stateNow(id: ObjectId): LedgerState | undefined {
    const { environment } = this.sources;
    const parsed = parseLedger(environment, {
      state: this.#texts.get(STATE_FILE),
      intents: this.#texts.get(INTENTS_FILE),
      mirror: this.#texts.get(MIRROR_FILE),
      parse: (text) => this.#parsed.of(text),
    });
    if ('reason' in parsed) {
      this.findings.add('ledger tree', id, parsed.reason);
      return undefined;
    }
    this.findings.same(
      'ledger tree',
      id,
      'state.json is of another environment',
      environment,
      parsed.state.environment,
    );
    return parsed.state;
  }

  /** Revisions that an entry is about: it says of each which trees it has. */
  #note(entry: AuditedEntry): void {
    const revision = parseRevision(valueOf(entry, 'Towline-Revision') ?? '');
    const trees = valuesOf(entry, 'Towline-Tree');
    if (revision === undefined || trees.length === 0) return;
    const name = [revision, ...trees].join('\n');
    if (!this.result.revisions.has(name))
      this.result.revisions.set(name, { revision, trees, entry: entry.id });
  }
}

const KEPT = new Set([STATE_FILE, INTENTS_FILE, MIRROR_FILE, PLAN_FILE]);

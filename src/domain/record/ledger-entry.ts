import type { JobRef } from '../job/job-ref.js';
import type { JobKind } from '../job/job.js';
import type { JsonObject } from '../source/json.js';
import type { ObjectId, Revision } from '../source/revision.js';
import type { LayerTree } from '../source/tree.js';
import type { Outcome, OutcomeState } from './outcome.js';
import type { ChangeAction } from '../plan/plan.js';
import type { Asked, AskedRun } from '../plan/asked.js';
import type { BreakGlass, GateDecision, Veto } from '../plan/policy.js';

/** What the ledger knows of one job: the value of `jobs[REF]` in `state.json`. */
export interface LedgerJob {
  scheduler: string;
  kind: JobKind;
  id: string;
  /** Path in the ledger's tree of the document last sent; absent before the first successful send and after a delete. */
  file?: string;
  /** Members of that document that Git stated in another form. */
  stated?: JsonObject;
  /** The revision whose manifest that was. */
  revision: Revision;
  outcome: OutcomeState;
  message: string;
  version?: string;
  deploymentId?: string;
  /** What the scheduler answered to the call. */
  httpStatus?: number;
  /** What was done about it last. */
  action?: ChangeAction;
  /** The pass that did it. */
  pass?: string;
  /** Number of the entry that says so; absent in entries of old. */
  sequence?: number;
  /** ISO 8601, UTC: when it was begun, and when it had ended. */
  startedAt?: string;
  at: string;
  /** Digest of the desired document that failed: not tried again while desired has this digest. */
  failedDigest?: string;
}

/** A change that a pass announced before its first call and whose end is not on record yet. */
export interface LedgerIntent {
  ref: JobRef;
  scheduler: string;
  kind: JobKind;
  id: string;
  action: ChangeAction;
  /** Digest of the desired document; absent for deletes. */
  desiredDigest?: string;
  /** The version that was live when it was first announced. While it is, nothing was sent. */
  liveVersion?: string;
}

/** The last pass of the mirror that wrote something. */
export interface MirrorRecord {
  revision: Revision;
  trees: readonly LayerTree[];
  /** Index of `.ref` in Consul. */
  index: number;
  pass: string;
  /** ISO 8601, UTC. */
  at: string;
}

/** That somebody approved a plan. Only a hint: who reads it looks at the entry and its signature. */
export interface ApprovalRecord extends Asked {
  /** Digest of the plan. */
  plan: string;
}

/** `state.json` of the ledger's tree. */
export interface LedgerState {
  version: 1;
  environment: string;
  /** Number of the entry, from 1; absent in entries of old. */
  sequence?: number;
  /** Revision of the last pass; before the first one what the mirror holds. */
  revision: Revision;
  /** The folders that it was made of, in order. */
  trees: readonly LayerTree[];
  /** Id of the last deploy; '' before the first one. */
  pass: string;
  jobs: Record<string, LedgerJob>;
  /** Non-empty only between the intent and the outcome of a pass. */
  intents: LedgerIntent[];
  /** Jobs for which nothing is sent now, by reference; `*` stands for all. */
  paused?: Readonly<Record<string, Asked>>;
  /** Jobs that are to be restarted as they are, by reference. */
  restarts?: Readonly<Record<string, Asked>>;
  /** Runs that are to be started or ended, by the reference of the job. */
  runs?: Readonly<Record<string, AskedRun>>;
  mirror?: MirrorRecord;
  /** Approvals of plans that were not carried out yet. */
  approvals?: readonly ApprovalRecord[];
  /** What is not deployed or promoted until it is lifted, by `KIND NAME`. */
  vetoes?: Readonly<Record<string, Veto>>;
  breakGlass?: BreakGlass;
}

/** What is appended. One commit each: the intent before the first call of a pass, the outcome after its last. */
export interface LedgerEntry {
  phase: 'intent' | 'outcome';
  environment: string;
  pass: string;
  planDigest: string;
  revision: Revision;
  trees: readonly LayerTree[];
  /** Who or what started the pass: `run`, `handle`, `deploy --once`, … */
  trigger: string;
  /** The person or the machine that it ran as. */
  actor: string;
  /** What a person allowed for this pass alone: `adopt=marathon:/shop/web`. */
  flags?: readonly string[];
  /** Index in Consul of the `.ref` that it was made from. */
  mirrorIndex?: number;
  /** What the gates said. */
  decisions: readonly GateDecision[];
  /** What the plan was made of, and the plan: kept with the first entry of the pass. */
  plan?: RecordedPlan;
  /** ISO 8601, UTC. */
  at: string;
  /** It was written down while the ledger was away, and appended when that was back. */
  late?: true;
  outcomes: Outcome[];
  state: LedgerState;
  /** Documents to write (pretty JSON, sorted keys) and paths to remove (null) in the ledger's tree. */
  files: Record<string, JsonObject | null>;
}

/** The plan of a pass, and everything that it was made of, so that it can be made again. */
export interface RecordedPlan {
  /** Of this form. */
  version: 1;
  /** Digest of `input`. */
  inputDigest: string;
  /** What of it the plan comes from; absent where that is larger than what is kept. */
  input?: JsonObject;
  plan: JsonObject;
}

/** An entry of the mirror: what it wrote into KV. */
export interface MirrorEntry {
  phase: 'mirror';
  environment: string;
  trigger: string;
  actor: string;
  /** Keys that were written and deleted. */
  written: number;
  deleted: number;
  /** Keys that somebody had edited by hand, put right again. */
  repaired: number;
  record: MirrorRecord;
  state: LedgerState;
}

/** An entry read back from the ledger. */
export interface LedgerRecord {
  commit: ObjectId;
  parents: ObjectId[];
  /** Author time, ISO 8601. */
  at: string;
  /** Who wrote it, as the commit says. */
  author: { name: string; email: string };
  subject: string;
  /** Trailers in order, keys as written (`Towline-Revision`). */
  trailers: { key: string; value: string }[];
}

/** Path in the ledger's tree of the last plan, with what it was made of. */
export const PLAN_FILE = 'plan.json';

/** The path of a job's document in the ledger's tree: `marathon/shop/web.json`, `chronos/nightly-report.json`. */
export function ledgerFile(scheduler: string, kind: JobKind, id: string): string {
  const name = id.replace(/^\/+/, '') || '_root';
  const suffix = kind === 'group' ? '.group.json' : '.json';
  return `${scheduler}/${name}${suffix}`;
}

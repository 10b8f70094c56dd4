import type { JobRef } from '../job/job-ref.js';
import type { ChangeAction } from './action.js';
import type { Asked } from './asked.js';

/** What must hold before a plan is sent: from configuration, the same for every pass until that changes. */
export interface GatePolicy {
  prune: PrunePolicy;
  /** How much may be changed in one pass without a person; undefined: any number of jobs. */
  radius?: RadiusPolicy;
  /** When nothing is sent. */
  freezes: readonly FreezeRule[];
  /** What needs people who agree. */
  approvals: readonly ApprovalRule[];
  breakGlass: BreakGlassPolicy;
}

/** How much may be deleted in one pass without a person. */
export interface PrunePolicy {
  /** False: nothing is ever pruned. */
  enabled: boolean;
  /** Deletions in one pass. */
  maxCount: number;
  /** Share of the environment's jobs, 0 to 1. A single deletion is never too large a share. */
  maxShare: number;
  /** A person has looked: no limit for this pass. */
  allowed: boolean;
}

export interface RadiusPolicy {
  /** Changed jobs in one pass. */
  maxCount: number;
  /** Share of the environment's jobs, 0 to 1. A single change is never too large a share. */
  maxShare: number;
}

/** A time in which nothing is sent: weekly (`Fri 16:00`) or once (`2026-12-23T00:00`), in the words of its zone. */
export interface FreezeRule {
  name: string;
  /** `Fri 16:00`, `16:00` (every day) or `2026-12-23T16:00`; included. */
  from: string;
  /** Of the same form as `from`; excluded. */
  to: string;
  /** IANA zone. */
  zone: string;
  /** Patterns of ids that it is about; empty: all jobs. */
  jobs: readonly string[];
}

/** What needs an approval, whose, and of how many. */
export interface ApprovalRule {
  name: string;
  /** Distinct people. */
  required: number;
  /** Principals of the signers' file who may; empty: whoever is in it. */
  from: readonly string[];
  /** False: who wrote one of the commits that are deployed does not count. */
  authorMayApprove: boolean;
  /** False: an approval that is not signed counts as well, for whoever it says that it is by. */
  signed: boolean;
  /** Patterns of ids; empty: all jobs. */
  jobs: readonly string[];
  /** Actions that need it; empty: all. */
  actions: readonly ChangeAction[];
  /** Only where at least so many jobs are changed in the pass. */
  minChanges: number;
}

export interface BreakGlassPolicy {
  /** Principals who may; empty: whoever may write to the ledger. */
  from: readonly string[];
  signed: boolean;
  /** How long it lasts at most. */
  maxMinutes: number;
}

/** No rule but the prune limit. */
export function openPolicy(prune: PrunePolicy): GatePolicy {
  return { prune, freezes: [], approvals: [], breakGlass: { from: [], signed: false, maxMinutes: 60 } };
}

/** An approval that is on record, its signature checked. */
export interface Approval {
  /** Digest of the plan that was approved. */
  plan: string;
  /** Who, as the signers' file calls the key; of one that is not signed, who it says that it is by. */
  by: string;
  at: string;
  signed: boolean;
  /** The entry of the ledger. */
  commit: string;
}

/** Something that is not deployed, nor promoted, until it is lifted. */
export interface Veto extends Asked {
  /**
   * revision: a commit, and every other one with the same trees · release: an image with its tag · job: a definition of a
   * job, by its digest.
   */
  kind: 'revision' | 'release' | 'job';
  /** `REVISION`, `IMAGE:TAG` or `REF`. */
  name: string;
  /** Of a revision: its trees. Of a job: digests of its definition. */
  digests: readonly string[];
}

/** Gates are open for a while, whatever they say. */
export interface BreakGlass extends Asked {
  /** ISO 8601, UTC. */
  until: string;
  reason: string;
}

/** What gates have to know beside the plan: on record in the ledger and in Git, and checked when it was read. */
export interface GateFacts {
  approvals: readonly Approval[];
  vetoes: readonly Veto[];
  /** Only one that is in force and by somebody who may. */
  breakGlass?: BreakGlass;
  /** Addresses of who wrote the commits since the last deployed revision. */
  authors: readonly string[];
}

export const NO_FACTS: GateFacts = { approvals: [], vetoes: [], authors: [] };

/** What one rule said about a plan. */
export interface GateDecision {
  gate: 'pause' | 'veto' | 'freeze' | 'approval' | 'prune' | 'radius' | 'break-glass';
  /** The rule: its name in the configuration, what is vetoed, `*` for the environment. */
  name: string;
  /** held: changes wait for it · passed: it applied and was satisfied · overridden: it would hold, and does not. */
  verdict: 'held' | 'passed' | 'overridden';
  /** The changes that it is about. */
  refs: readonly JobRef[];
  /** For people. */
  reason: string;
  /** ISO 8601: when it opens by itself, where that is known. */
  opensAt?: string;
}

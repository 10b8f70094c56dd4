import type { JobRef } from '../job/job-ref.js';
import type { Change, Plan } from '../plan/plan.js';
import { placeText, type Diagnostic } from '../source/diagnostic.js';
import { short, type Revision } from '../source/revision.js';
import { revisionVerdict } from './revision-verdict.js';
import type { JobStatus } from './status.js';

/**
 * How waiting for a revision ends.
 * live: every job is as it states · failed: something of it does not run · held: something of it waits for a person, or
 * for another time · superseded: the branch went on without it · timeout: it is still being deployed · nothing-mirrored:
 * no revision has reached the environment at all.
 */
export type WaitOutcome = 'live' | 'failed' | 'held' | 'superseded' | 'timeout' | 'nothing-mirrored';

/**
 * How another revision stands to the one that is waited for.
 * contains: it is the same, or came after it · behind: it came before it · apart: neither.
 */
export type Relation = 'contains' | 'behind' | 'apart';

export interface WaitFacts {
  /** What is waited for. */
  revision: Revision;
  branch: string;
  /** What `.ref` in KV names; absent: there is none. */
  mirror:
    | { kind: 'absent' }
    | { kind: 'unreadable'; reason: string }
    | { kind: 'at'; revision: Revision; relation: Relation };
  /** How the newest revision of the branch stands to it; undefined: there is no such branch. */
  tip: Relation | undefined;
  /** The plan of what is mirrored on what was last sent; only where that contains the revision. */
  planned?: { plan: Plan; diagnostics: readonly Diagnostic[] };
  /** How deployers say in KV that jobs stand. */
  statuses: readonly JobStatus[];
}

/** A job that is not as the revision states it. */
export interface OpenJob {
  ref: string;
  state: 'pending' | 'held';
  reason: string;
}

export interface WaitVerdict {
  /** Undefined: there is something to wait for. */
  outcome: WaitOutcome | undefined;
  /** What it comes to where time is over now. */
  late: WaitOutcome;
  /** One line for people. */
  message: string;
  jobs: OpenJob[];
  /**
   * Jobs of which only secrets differ that are on record under another key: nothing can be told from that, and they count
   * as they are, as they do for deployers.
   */
  uncompared: JobRef[];
}

/** Judges what is known now. The same facts give the same verdict: time is the caller's. */
export function waitVerdict(facts: WaitFacts): WaitVerdict {
  const { mirror, tip, branch, revision } = facts;
  if (mirror.kind === 'absent')
    return tip === 'apart' || tip === undefined
      ? ended('superseded', `${branch} does not hold ${short(revision)}`)
      : waiting('nothing was mirrored yet', 'nothing-mirrored');
  if (mirror.kind === 'unreadable') return waiting(`the mirror can't be read: ${mirror.reason}`);
  if (mirror.relation === 'contains') return deployed(facts);
  if (tip === 'apart' || tip === undefined)
    return ended('superseded', `${branch} went on to ${short(mirror.revision)} without ${short(revision)}`);
  const where =
    tip === 'behind' ? `${branch} does not hold it yet` : `the mirror holds ${short(mirror.revision)}`;
  return waiting(where);
}

function deployed({ planned, statuses }: WaitFacts): WaitVerdict {
  if (planned === undefined) return waiting('the mirrored revision is not in the job repository yet');
  const { diagnostics } = planned;
  const uncompared = planned.plan.changes.filter(differsByKeyOnly).map(({ ref }) => ref);
  const plan = {
    ...planned.plan,
    changes: planned.plan.changes.filter(({ ref }) => !uncompared.includes(ref)),
  };
  const jobs = openJobs(plan, statuses);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (first !== undefined) {
    const more = errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`;
    return { ...ended('failed', `${placeText(first.place)}: ${first.message}${more}`), jobs, uncompared };
  }
  const { state, description } = revisionVerdict(plan);
  if (state !== 'pending' && !plan.changes.some(({ unresolved }) => unresolved))
    return { ...ended(state, description), jobs, uncompared };
  // A deployer may see what the ledger does not tell: a job of the same name that is not its own, say.
  const blocked = jobs.find((job) => job.state === 'held');
  const text = blocked === undefined ? description : `${blocked.ref}: ${blocked.reason}`;
  return { ...waiting(text, blocked === undefined ? 'timeout' : 'held'), jobs, uncompared };
}

/** Of a secret the record shows the key and a digest. */
const SECRET = /secret:hmac-sha256:([0-9a-f]{8}):[0-9a-f]{32}/g;

function differsByKeyOnly({ fields }: Change): boolean {
  const keys = (text: string): string[] => [...text.matchAll(SECRET)].map(([, key = '']) => key);
  return (
    fields.length > 0 &&
    fields.every(({ before, after }) => {
      const [was, is] = [JSON.stringify(before ?? null), JSON.stringify(after ?? null)];
      const [old, now] = [keys(was), keys(is)];
      const others = old.length > 0 && now.length > 0 && !old.some((key) => now.includes(key));
      return others && was.replace(SECRET, '') === is.replace(SECRET, '');
    })
  );
}

function openJobs(plan: Plan, statuses: readonly JobStatus[]): OpenJob[] {
  const said = new Map(statuses.map((status) => [status.ref, status]));
  return plan.changes
    .filter(({ action, unresolved }) => action !== 'none' || unresolved)
    .map(({ ref, action, reason }) => {
      if (action === 'blocked') return { ref, state: 'held', reason };
      const status = said.get(ref);
      if (status?.state === 'blocked') return { ref, state: 'held', reason: status.message };
      return { ref, state: 'pending', reason };
    });
}

function ended(outcome: WaitOutcome, message: string): WaitVerdict {
  return { outcome, late: outcome, message, jobs: [], uncompared: [] };
}

function waiting(message: string, late: WaitOutcome = 'timeout'): WaitVerdict {
  return { outcome: undefined, late, message, jobs: [], uncompared: [] };
}

import type { LedgerRecord } from '../domain/record/ledger-entry.js';
import type { Revision } from '../domain/source/revision.js';
import type { CommitInfo, JobRepository } from '../ports/job-repository.js';
import type { Ledger } from '../ports/ledger.js';
import { toEntry, type HistoryEntry } from './history.js';
import { trailersOf, walkLedger } from './walk-ledger.js';

/** What happened in an environment in a time. */
export interface Report {
  environment: string;
  /** ISO 8601, both ends included. */
  since: string;
  until: string;
  passes: number;
  mirrorPasses: number;
  /** Changes that were tried, by what was done and how it ended. */
  changes: { total: number; byAction: Record<string, number>; byState: Record<string, number> };
  jobs: { ref: string; changes: number; failed: number }[];
  people: {
    /** Who wrote the revisions that were deployed. */
    authors: Counted[];
    /** As whom passes ran. */
    actors: Counted[];
    /** Who said what. */
    orders: { by: string; order: string; reason?: string; at: string; commit: string }[];
  };
  approvals: { by: string; plan: string; at: string; commit: string }[];
  /** What gates said of plans that were sent all the same, breaking of the glass among it. */
  gates: { decision: string; pass: string; at: string; commit: string }[];
  failures: {
    ref: string;
    action: string;
    state: string;
    reason: string;
    at: string;
    commit: string;
    revision: string;
  }[];
  /** From the author's time of a revision that went live in this time to the moment at which its first change was live. */
  leadTime: { revisions: number; meanSeconds?: number; medianSeconds?: number };
  /** Share of passes that sent something of which a part failed or was put back. */
  changeFailureRate: { deploys: number; failed: number; rate?: number };
  rollbacks: number;
  /** Passes of this time that were announced and whose end is not on record. */
  open: { pass: string; at: string; commit: string }[];
  /** Revisions that the job repository does not have any more. */
  unknownRevisions: string[];
}

export interface Counted {
  name: string;
  count: number;
}

export interface ReportSources {
  environment: string;
  ledger: Ledger;
  repository: JobRepository;
}

/** Reads a time of the ledger for people who have to answer for it. */
export async function readReport(
  { since, until }: { since: number; until: number },
  sources: ReportSources,
  signal: AbortSignal,
): Promise<Report> {
  const { environment, ledger } = sources;
  const records: LedgerRecord[] = [];
  for await (const record of walkLedger(ledger, { signal, since, until })) records.push(record);
  records.reverse();
  const all = records.map((record) => ({ record, entry: toEntry(record) }));
  const ends = all.filter(({ entry }) => entry.phase === 'outcome');
  const sent = ends.filter(({ entry }) => entry.jobs.some(wasTried));
  const tried = ends.flatMap(({ entry }) => entry.jobs.filter(wasTried));
  const { commits, unknown } = await commitsOf(ends, sources, signal);
  return {
    environment,
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
    passes: ends.length,
    mirrorPasses: all.filter(({ entry }) => entry.phase === 'mirror').length,
    changes: {
      total: tried.length,
      byAction: Object.fromEntries(
        counted(tried.map(({ action }) => action)).map(({ name, count }) => [name, count]),
      ),
      byState: Object.fromEntries(
        counted(tried.map(({ state }) => state)).map(({ name, count }) => [name, count]),
      ),
    },
    jobs: counted(tried.map(({ ref }) => ref)).map(({ name, count }) => ({
      ref: name,
      changes: count,
      failed: tried.filter(({ ref, state }) => ref === name && hasFailed({ state })).length,
    })),
    people: {
      authors: counted([...commits.values()].map(({ author }) => `${author.name} <${author.email}>`)),
      actors: counted(ends.map(({ entry }) => entry.by).filter((by) => by !== '')),
      orders: all.flatMap(({ record, entry }) => orderOf(record, entry)),
    },
    approvals: all.flatMap(({ record, entry }) =>
      trailersOf(record, 'Towline-Approves').map((plan) => ({
        by: entry.by,
        plan,
        at: entry.at,
        commit: entry.commit,
      })),
    ),
    gates: ends.flatMap(({ record, entry }) =>
      trailersOf(record, 'Towline-Gate').map((decision) => ({
        decision,
        pass: entry.pass,
        at: entry.at,
        commit: entry.commit,
      })),
    ),
    failures: await failuresOf(ends, ledger, signal),
    leadTime: leadTimeOf(ends, commits, await liveBefore(records[0], ledger, signal)),
    changeFailureRate: failureRateOf(sent.map(({ entry }) => entry)),
    rollbacks: tried.filter(({ state }) => state === 'rolled-back').length,
    open: await openOf(all, ledger, signal),
    unknownRevisions: unknown,
  };
}

type Read = { record: LedgerRecord; entry: HistoryEntry };

/** What was only read back or held was no change. */
function wasTried({ action, state }: { action: string; state: string }): boolean {
  return action !== 'none' && state !== 'blocked';
}

function hasFailed({ state }: { state: string }): boolean {
  return state === 'failed' || state === 'rolled-back';
}

/** The most frequent first, then by name. */
function counted(names: readonly string[]): Counted[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
}

function orderOf(record: LedgerRecord, { phase, by, at, commit }: HistoryEntry): Report['people']['orders'] {
  const [order] = trailersOf(record, 'Towline-Order');
  if (phase !== 'order' || order === undefined) return [];
  const [reason] = trailersOf(record, 'Towline-Reason');
  return [{ by, order, ...(reason === undefined ? {} : { reason }), at, commit }];
}

async function failuresOf(
  ends: readonly Read[],
  ledger: Ledger,
  signal: AbortSignal,
): Promise<Report['failures']> {
  const failures: Report['failures'] = [];
  for (const { record, entry } of ends) {
    const failed = entry.jobs.filter((job) => wasTried(job) && hasFailed(job));
    if (failed.length === 0) continue;
    const state = await ledger.stateAt(record.commit, { signal });
    for (const { ref, action, state: end } of failed) {
      const reason = state?.jobs[ref]?.message ?? '';
      const { at, commit, revision } = entry;
      failures.push({ ref, action, state: end, reason, at, commit, revision });
    }
  }
  return failures;
}

/** The revisions that were deployed, each read once. */
async function commitsOf(
  ends: readonly Read[],
  { repository }: ReportSources,
  signal: AbortSignal,
): Promise<{ commits: Map<string, CommitInfo>; unknown: string[] }> {
  const wanted = [...new Set(ends.map(({ entry }) => entry.revision))].filter((each) => each !== '');
  const commits = new Map<string, CommitInfo>();
  const unknown: string[] = [];
  const known = new Map<string, CommitInfo>();
  for (const revision of wanted.reverse()) {
    try {
      // One walk from a newer revision mostly meets the older ones.
      if (!known.has(revision))
        for (const commit of await repository.log(revision as Revision, {
          signal,
          limit: wanted.length * 2 + 1,
        }))
          known.set(commit.revision, commit);
      const commit = known.get(revision);
      if (commit !== undefined) commits.set(revision, commit);
    } catch (error) {
      if (signal.aborted) throw error;
      unknown.push(revision);
    }
  }
  return { commits, unknown };
}

/** What people ordered of what runs is no change of a revision. */
const ORDERED: readonly string[] = ['restart', 'trigger', 'kill'];

/** Revisions of which something was live before the first of these entries: how long they took is of another time. */
async function liveBefore(
  first: LedgerRecord | undefined,
  ledger: Ledger,
  signal: AbortSignal,
): Promise<Set<string>> {
  const [before] = first?.parents ?? [];
  const state = before === undefined ? undefined : await ledger.stateAt(before, { signal });
  const applied = Object.values(state?.jobs ?? {}).filter(({ outcome }) => outcome === 'applied');
  return new Set(applied.map(({ revision }) => revision));
}

function leadTimeOf(
  ends: readonly Read[],
  commits: ReadonlyMap<string, CommitInfo>,
  before: ReadonlySet<string>,
): Report['leadTime'] {
  const live = new Map<string, number>();
  for (const { entry } of ends) {
    const times = entry.jobs
      .filter((job) => wasTried(job) && !ORDERED.includes(job.action) && job.state === 'applied')
      .map(({ to }) => Date.parse(to ?? entry.at));
    if (times.length > 0 && !live.has(entry.revision) && !before.has(entry.revision))
      live.set(entry.revision, Math.min(...times));
  }
  const seconds = [...live].flatMap(([revision, at]) => {
    const commit = commits.get(revision);
    return commit === undefined ? [] : [Math.max(0, (at - Date.parse(commit.at)) / 1000)];
  });
  if (seconds.length === 0) return { revisions: 0 };
  const sorted = seconds.sort((a, b) => a - b);
  const middle = sorted.slice((sorted.length - 1) >> 1, (sorted.length >> 1) + 1);
  return { revisions: sorted.length, meanSeconds: mean(sorted), medianSeconds: mean(middle) };
}

function mean(numbers: readonly number[]): number {
  return Math.round(numbers.reduce((sum, each) => sum + each, 0) / numbers.length);
}

function failureRateOf(sent: readonly HistoryEntry[]): Report['changeFailureRate'] {
  const failed = sent.filter(({ jobs }) => jobs.some((job) => wasTried(job) && hasFailed(job))).length;
  const deploys = sent.length;
  return {
    deploys,
    failed,
    ...(deploys === 0 ? {} : { rate: Math.round((failed / deploys) * 1000) / 1000 }),
  };
}

async function openOf(all: readonly Read[], ledger: Ledger, signal: AbortSignal): Promise<Report['open']> {
  const ended = new Set(all.flatMap(({ entry }) => (entry.phase === 'outcome' ? [entry.pass] : [])));
  const open: Report['open'] = [];
  for (const { entry } of all) {
    if (entry.phase !== 'intent' || ended.has(entry.pass)) continue;
    const of = { signal, limit: 2, trailer: `Towline-Pass: ${entry.pass}` };
    const later = (await ledger.history(of)).map(toEntry);
    if (!later.some(({ phase, pass }) => phase === 'outcome' && pass === entry.pass))
      open.push({ pass: entry.pass, at: entry.at, commit: entry.commit });
  }
  return open;
}

import type { FieldRule } from '../../domain/plan/field-rules.js';
import type { KvLayout } from '../../domain/source/kv-layout.js';
import type { ObjectId, Revision } from '../../domain/source/revision.js';
import type { CommitWalk } from '../../ports/commit-walk.js';
import type { JobRepository } from '../../ports/job-repository.js';
import type { Models } from '../declared.js';
import { checkAnchor, checkKept } from './check-anchor.js';
import { checkLive, type LiveAudit } from './check-live.js';
import { checkMirror } from './check-mirror.js';
import { checkReleases } from './check-releases.js';
import { checkRevisions, readBranch, type AuditedBranch } from './check-revisions.js';
import type { Replay } from './check-plan.js';
import type { Evidence } from './evidence.js';
import { Findings, type Finding, type NotLookedAt } from './findings.js';
import type { SignaturePolicy } from './signatures.js';
import { walkLedger, type WalkedLedger } from './walk-ledger.js';

export type { Evidence, Finding, NotLookedAt };
export { evidenceFiles, parseEvidence } from './evidence-files.js';
export { readEvidence } from './evidence.js';
export type { EntrySignatures, SignatureCheck, SignaturePolicy } from './signatures.js';

export interface AuditSources {
  environment: string;
  layout: KvLayout;
  releasesPrefix: string;
  /** Branch of the job repository. */
  branch: string;
  ledgerBranch: string;
  /** Folders that the environment is made of, in order. */
  layers: readonly string[];
  repository: JobRepository;
  walk: CommitWalk;
  models: Models;
  ignoreFields: readonly FieldRule[];
  /** What is on record of a job, beside how it is live, with its secrets hidden as they are hidden there. */
  recorded?: LiveAudit['recorded'];
  /** Undefined: only what is in Git is looked at. */
  evidence: Evidence | undefined;
  /** Undefined: signatures are not looked at. */
  signed?: SignaturePolicy;
  replay?: Replay;
  /** False where the ledger lives in another repository than the revisions that it records. */
  sameRepository?: boolean;
  /** An entry that somebody has kept the id of. */
  since?: string;
  /** Findings after which it is enough. */
  most: number;
}

export interface AuditReport {
  environment: string;
  ledger: { branch: string; tip: string | undefined; entries: number; sequence?: number };
  /** In the order in which they were looked at: the first one is the first link that does not hold. */
  findings: Finding[];
  /** Nothing is proven of these. */
  notLookedAt: NotLookedAt[];
  notes: string[];
  /** What was looked at. */
  counts: { revisions: number; values: number; promotions: number; live: number; signatures: number };
  /** When the evidence was taken, where that is not now. */
  evidence?: { at: string; by: string };
}

/**
 * Follows the chain from the first entry of the ledger to what runs now: each entry by itself and after the one before
 * it, the ledger against what Consul and people have kept of it, its revisions against the job repository, the mirror
 * against both, promotions against releases, and what was sent against what is live.
 */
export async function auditLedger(sources: AuditSources, signal: AbortSignal): Promise<AuditReport> {
  const { environment, repository, walk, evidence, since } = sources;
  const findings = new Findings(sources.most);
  const report: AuditReport = {
    environment,
    ledger: { branch: sources.ledgerBranch, tip: undefined, entries: 0 },
    findings: findings.all,
    notLookedAt: findings.notLookedAt,
    notes: findings.notes,
    counts: { revisions: 0, values: 0, promotions: 0, live: 0, signatures: 0 },
    ...(evidence?.taken === undefined ? {} : { evidence: evidence.taken }),
  };
  const [tip, head] = await Promise.all([
    repository.resolve(sources.ledgerBranch, { signal }),
    repository.resolve(sources.branch, { signal }),
  ]);
  if (tip === undefined) {
    noLedger(sources, findings);
    return report;
  }
  report.ledger.tip = tip;
  const { sameRepository = true } = sources;
  const ledger = await walkLedger(asObject(tip), { ...sources, sameRepository }, findings, signal);
  const last = [...ledger.entries.values()].at(-1);
  report.ledger = {
    ...report.ledger,
    entries: ledger.entries.size,
    ...(last === undefined ? {} : { sequence: last }),
  };
  report.counts.signatures = ledger.signatures;
  if (sources.signed === undefined) findings.skip('signature', 'there is nothing to check signatures by');
  if (findings.enough) return report;
  if (since !== undefined) checkKept(since, ledger, findings);
  if (evidence === undefined) notOutside(findings);
  else checkAnchor(evidence, { layout: sources.layout, branch: sources.ledgerBranch }, ledger, findings);
  if (findings.enough) return report;
  if (head === undefined) {
    findings.add('job repository', sources.branch, 'the branch of the environment is gone');
    return report;
  }
  const branch = await readBranch(walk, asObject(head), findings, signal);
  await checkRevisions(ledger.revisions.values(), branch, walk, findings, signal);
  report.counts.revisions = ledger.revisions.size;
  if (evidence !== undefined && !findings.enough)
    await checkOutside(evidence, { sources, ledger, branch, report }, findings, signal);
  return report;
}

async function checkOutside(
  evidence: Evidence,
  {
    sources,
    ledger,
    branch,
    report,
  }: { sources: AuditSources; ledger: WalkedLedger; branch: AuditedBranch; report: AuditReport },
  findings: Findings,
  signal: AbortSignal,
): Promise<void> {
  const { commits } = branch;
  const record = ledger.state?.mirror;
  await checkMirror(evidence, { ...sources, record, commits }, findings, signal);
  report.counts.values = evidence.values.length;
  if (findings.enough) return;
  report.counts.promotions = await checkReleases(evidence, { ...sources, branch }, findings, signal);
  if (findings.enough) return;
  report.counts.live = await checkLive(evidence, { ...sources, ledger }, findings, signal);
}

/** A ledger that is gone is no empty one, where Consul knows of it. */
function noLedger({ evidence, layout, ledgerBranch, since }: AuditSources, findings: Findings): void {
  if (evidence?.anchor !== undefined || since !== undefined)
    findings.add('ledger commit', ledgerBranch, 'the branch is gone', {
      expected: since ?? `the entry that ${layout.ledger} names`,
    });
  else findings.skip('ledger commit', `there is no branch ${ledgerBranch}: nothing is on record yet`);
}

function notOutside(findings: Findings): void {
  const reason = 'there is no evidence of it here: only what is in Git was looked at';
  for (const layer of ['.ref', 'kv value', 'release', 'live'] as const) findings.skip(layer, reason);
  findings.skip(
    'ledger commit',
    'what Consul knows of the newest entry is not here: a rewritten branch would not show',
  );
}

/** A commit is an object; the two names keep revisions of the job repository and other ids apart elsewhere. */
function asObject(revision: Revision): ObjectId {
  return revision as string as ObjectId;
}

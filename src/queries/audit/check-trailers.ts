import { lineOf, outcomeText, overall, subjectOf } from '../../domain/record/entry-message.js';
import type { LedgerJob, LedgerState } from '../../domain/record/ledger-entry.js';
import type { JobRef } from '../../domain/job/job-ref.js';
import { short } from '../../domain/source/revision.js';
import type { LayerTree } from '../../domain/source/tree.js';
import { namedJobs, valueOf, valuesOf, type AuditedEntry, type NamedJob } from './entry.js';
import type { Findings } from './findings.js';

/**
 * What an entry says beside what its tree says: everything that stands in both must be the same. Who, by what and on
 * which index of Consul stands in the message alone; that is held by the chain, and by signatures.
 */
export function checkTrailers(entry: AuditedEntry, findings: Findings): void {
  const expected = expectedTrailers(entry);
  for (const [key, values] of Object.entries(expected))
    findings.same(
      'trailer',
      entry.id,
      `${key} is not what the entry's files say`,
      values.map(lineOf).join('\n'),
      valuesOf(entry, key).join('\n'),
    );
  // Who came later has written what stands there now of the pass and of its jobs.
  if (isOvertaken(entry)) return;
  const subject = expectedSubject(entry);
  const [found = ''] = entry.commit.message.split('\n');
  const holds =
    subject === undefined || (subject.endsWith(': ') ? found.startsWith(subject) : found === subject);
  if (!holds)
    findings.add('trailer', entry.id, 'the subject is not that of such an entry', {
      expected: subject,
      found,
    });
  if (entry.phase === 'outcome') checkOutcomes(entry, findings);
  if (entry.phase === 'order') checkOrder(entry, findings);
}

function expectedTrailers(entry: AuditedEntry): Record<string, string[]> {
  const { commit, phase, after } = entry;
  const common = {
    'Towline-Environment': [after.environment],
    'Towline-Phase': [phase],
    ...(after.sequence === undefined ? {} : { 'Towline-Sequence': [String(after.sequence)] }),
  };
  if (isOvertaken(entry)) return common;
  if (phase === 'order') return { ...common, 'Towline-Revision': [after.revision] };
  if (phase === 'mirror') {
    const { mirror } = after;
    return {
      ...common,
      'Towline-Pass': mirror === undefined ? [] : [mirror.pass],
      'Towline-Revision': mirror === undefined ? [] : [mirror.revision],
      'Towline-Tree': treesOf(mirror?.trees ?? []),
      'Towline-Mirror-Index': mirror === undefined ? [] : [String(mirror.index)],
    };
  }
  return {
    ...common,
    'Towline-Pass': [after.pass],
    'Towline-Revision': [after.revision],
    'Towline-Tree': treesOf(after.trees),
    'Towline-Outcome': phase === 'intent' ? [] : [overall(namedJobs({ commit }))],
    ...(phase === 'intent'
      ? { 'Towline-Job': after.intents.map(({ ref, action }) => `${ref} ${action} announced`) }
      : {}),
  };
}

/** An entry that waited on disk while the ledger was away, and others were appended. */
function isOvertaken(entry: AuditedEntry): boolean {
  return valueOf(entry, 'Towline-Late') === 'true' && valueOf(entry, 'Towline-Pass') !== entry.after.pass;
}

function treesOf(trees: readonly LayerTree[]): string[] {
  return trees.map(({ folder, tree }) => `${tree} ${folder}`.trim());
}

const ORDERS = new Set(['pause', 'resume', 'retry', 'restart', 'trigger', 'kill']);

/** Ends in `: ` where what follows is told by nothing else. Undefined: any. */
function expectedSubject(entry: AuditedEntry): string | undefined {
  const { phase, after, commit } = entry;
  const { environment, revision, intents } = after;
  if (phase === 'mirror') return `Mirror ${lineOf(environment)} at ${short(after.mirror?.revision ?? '')}: `;
  if (phase === 'order') {
    const verb = valueOf(entry, 'Towline-Order') ?? '';
    if (!ORDERS.has(verb)) return undefined;
    const refs = namedJobs({ commit }).map(({ ref }) => ref);
    const what = refs.length === 0 ? environment : `${refs.join(', ')} of ${environment}`;
    return `${verb.charAt(0).toUpperCase()}${verb.slice(1)} ${lineOf(what)}`;
  }
  return subjectOf({ phase, environment, revision, outcomes: namedJobs({ commit }), state: { intents } });
}

/** Each job that is named against what `state.json` says of it, and the other way round. */
function checkOutcomes(entry: AuditedEntry, findings: Findings): void {
  const { id, after, before } = entry;
  const lines = new Set(entry.commit.message.split('\n'));
  for (const named of namedJobs(entry)) {
    const job = after.jobs[named.ref];
    if (named.state === 'blocked') continue;
    if (job === undefined) {
      // Nothing is left of a job that went.
      if (named.state !== 'applied' && before?.jobs[named.ref] !== undefined)
        findings.add('trailer', id, `${named.ref} ended as ${named.state}, and is on record no more`);
      continue;
    }
    const said = statedOutcome(named, job);
    if (said !== undefined)
      findings.same(
        'trailer',
        id,
        `Towline-Job is not what state.json says of ${named.ref}`,
        said,
        named.text,
      );
    if (job.pass !== undefined)
      findings.same('trailer', id, `the pass of ${named.ref} in state.json`, after.pass, job.pass);
    findings.same('trailer', id, `the revision of ${named.ref} in state.json`, after.revision, job.revision);
    const line = `${lineOf(named.ref)}: ${named.action} ${named.state}. ${lineOf(job.message)}`;
    if (job.action !== undefined && !lines.has(line.trimEnd()) && !lines.has(line))
      findings.add('trailer', id, `the message does not say how ${named.ref} ended`, { expected: line });
  }
}

/** The line of a job, from `state.json`; of entries of old only what they hold. */
function statedOutcome({ ref, text }: NamedJob, job: LedgerJob): string | undefined {
  const { action, outcome: state, httpStatus, deploymentId, version, startedAt, at } = job;
  if (action === undefined) return text.split(' ')[2] === state ? undefined : `${ref} … ${state}`;
  return lineOf(
    outcomeText({
      ref: ref as JobRef,
      action,
      state,
      ...(httpStatus === undefined ? {} : { httpStatus }),
      ...(deploymentId === undefined ? {} : { deploymentId }),
      ...(version === undefined ? {} : { version }),
      ...(startedAt === undefined ? {} : { startedAt }),
      endedAt: at,
    }),
  );
}

/** What a person ordered stands in the state, with who it was. */
function checkOrder(entry: AuditedEntry, findings: Findings): void {
  const verb = valueOf(entry, 'Towline-Order') ?? '';
  const by = valueOf(entry, 'Towline-By');
  const refs = namedJobs(entry).map(({ ref }) => ref);
  const field = { pause: 'paused', restart: 'restarts', trigger: 'runs', kill: 'runs' }[verb];
  for (const { ref, action, text } of namedJobs(entry))
    if (action !== verb) findings.same('trailer', entry.id, 'Towline-Job', `${ref} ${verb} ordered`, text);
  const orders = ordersOf(entry.after, field);
  if (orders === undefined) return;
  for (const name of refs.length === 0 ? ['*'] : refs)
    findings.same(
      'trailer',
      entry.id,
      `Towline-By is not who state.json says that wants ${name} to ${verb}`,
      orders[name] === undefined ? undefined : lineOf(orders[name].by),
      by,
    );
}

function ordersOf(
  state: LedgerState,
  field: string | undefined,
): Readonly<Record<string, { by: string }>> | undefined {
  if (field === 'paused') return state.paused ?? {};
  if (field === 'restarts') return state.restarts ?? {};
  return field === 'runs' ? (state.runs ?? {}) : undefined;
}

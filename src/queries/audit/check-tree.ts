import { isDeepStrictEqual } from 'node:util';
import {
  documentText,
  INTENTS_FILE,
  MIRROR_FILE,
  PLAN_FILE,
  STATE_FILE,
} from '../../domain/record/ledger-files.js';
import { ledgerFile, type LedgerJob, type LedgerState } from '../../domain/record/ledger-entry.js';
import { isObject, type Json, type JsonObject } from '../../domain/source/json.js';
import type { PathChange } from '../../ports/commit-walk.js';
import type { Models } from '../declared.js';
import { namedJobs, valueOf, type AuditedEntry } from './entry.js';
import type { Findings } from './findings.js';

/** Whether an entry changed exactly what one of its kind changes, and whether what it wrote is written as Towline writes. */
export function checkTree(entry: AuditedEntry, models: Models, findings: Findings): void {
  const { id, after, before } = entry;
  const documents = documentsOf(entry);
  const own = ownFiles(entry);
  for (const change of entry.changes) {
    const { path } = change;
    if (own.has(path)) continue;
    const job = documents.get(path);
    if (job === undefined)
      findings.add('ledger tree', id, `${path} was ${verbOf(change)}, and no job of this entry explains it`);
    else checkDocument(entry, change, job, models, findings);
  }
  for (const change of entry.changes) checkText(entry, change, findings);
  if (before !== undefined) checkKept(entry, before, findings);
  for (const { ref } of namedJobs(entry)) {
    const job = after.jobs[ref];
    if (job?.file !== undefined && !entry.files.has(job.file))
      findings.add('ledger tree', id, `${job.file}, what was last sent of ${ref}, is not there`);
  }
}

/** Files that only the kind of the entry explains. */
function ownFiles(entry: AuditedEntry): Set<string> {
  const { phase, changes } = entry;
  if (phase === 'order') return new Set([STATE_FILE]);
  if (phase === 'mirror') return new Set([MIRROR_FILE]);
  const own = new Set(phase === 'intent' ? [INTENTS_FILE] : [STATE_FILE]);
  if (phase === 'outcome' && changes.some((c) => c.path === INTENTS_FILE && c.after === undefined))
    own.add(INTENTS_FILE);
  // The plan is kept with the first entry of a pass, which then says so.
  if (valueOf(entry, 'Towline-Input') !== undefined) own.add(PLAN_FILE);
  return own;
}

/** Paths of documents that the jobs of an outcome explain, with those jobs as they are on record now. */
function documentsOf(entry: AuditedEntry): Map<string, { ref: string; job: LedgerJob | undefined }> {
  if (entry.phase !== 'outcome') return new Map();
  const { before, after } = entry;
  return new Map(
    namedJobs(entry)
      .filter(({ state }) => state !== 'blocked')
      .flatMap(({ ref }) => {
        const job = after.jobs[ref];
        const file = job === undefined ? before?.jobs[ref]?.file : job.file;
        return file === undefined ? [] : [[file, { ref, job }] as const];
      }),
  );
}

function checkDocument(
  { id, texts, parse }: AuditedEntry,
  change: PathChange,
  { ref, job }: { ref: string; job: LedgerJob | undefined },
  models: Models,
  findings: Findings,
): void {
  const { path, after } = change;
  if (job === undefined) {
    if (after !== undefined)
      findings.add('ledger tree', id, `${path} was ${verbOf(change)}, and ${ref} went`);
    return;
  }
  if (after === undefined) {
    findings.add('ledger tree', id, `${path} was taken away, and ${ref} is still on record`);
    return;
  }
  findings.same('ledger tree', id, `the path of ${ref}`, ledgerFile(job.scheduler, job.kind, job.id), path);
  const naming = models.get(job.scheduler)?.model.naming;
  const document = parse(texts.get(after) ?? '');
  const name = naming === undefined || !isObject(document) ? undefined : document[naming.member];
  if (naming !== undefined && typeof name === 'string' && naming.canonical(name) !== naming.canonical(job.id))
    findings.add('ledger tree', id, `${path} is the document of another job`, {
      expected: job.id,
      found: name,
    });
}

/** Plain files of sorted, readable JSON: equal values are equal bytes. */
function checkText(
  { id, texts, parse }: AuditedEntry,
  { path, after, mode }: PathChange,
  findings: Findings,
): void {
  if (after === undefined) return;
  if (mode !== '100644')
    findings.add('ledger tree', id, `${path} is no plain file`, { expected: '100644', found: mode ?? '' });
  const text = texts.get(after);
  if (text === undefined) return;
  const value = parse(text);
  if (!isObject(value)) findings.add('ledger tree', id, `${path} is not a JSON object`);
  else if (!isWrittenSo(value, text))
    findings.add('ledger tree', id, `${path} is not written as Towline writes: somebody else did`);
}

/** The same as `documentText(value) === text`, most of the time without making it anew. */
function isWrittenSo(value: JsonObject, text: string): boolean {
  return (isSorted(value) && `${JSON.stringify(value, null, 2)}\n` === text) || documentText(value) === text;
}

function isSorted(value: Json): boolean {
  if (Array.isArray(value)) return value.every(isSorted);
  if (!isObject(value)) return true;
  let before = '';
  for (const key of Object.keys(value)) {
    if (key < before || !isSorted(value[key] ?? null)) return false;
    before = key;
  }
  return true;
}

/** Both were read from sorted text, so that equal ones mostly are equal as text too. */
function isSame(a: LedgerJob | undefined, b: LedgerJob | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b) || isDeepStrictEqual(a, b);
}

/** What an entry of its kind leaves as it was. */
function checkKept(entry: AuditedEntry, before: LedgerState, findings: Findings): void {
  const { id, phase, after } = entry;
  // They can't have touched anything but a file of their own.
  if (phase === 'mirror' || phase === 'intent') return;
  const kept = (name: keyof LedgerState): void => {
    if (!isDeepStrictEqual(before[name], after[name]))
      findings.add('ledger tree', id, `"${name}" was changed by an entry that does not change it (${phase})`);
  };
  kept('mirror');
  if (phase === 'order') (['trees', 'pass', 'intents'] as const).forEach(kept);
  const named = new Map(namedJobs(entry).map(({ ref, state }) => [ref, state]));
  for (const ref of new Set([...Object.keys(before.jobs), ...Object.keys(after.jobs)])) {
    const [was, is] = [before.jobs[ref], after.jobs[ref]];
    if (isSame(was, is)) continue;
    const state = named.get(ref);
    const explained =
      phase === 'outcome'
        ? state !== undefined && state !== 'blocked'
        : phase === 'order' && isRetried(was, is);
    if (!explained)
      findings.add(
        'ledger tree',
        id,
        `what is on record of ${ref} was changed, and the entry does not say so`,
      );
  }
}

/** An order to try again forgets that it failed, and nothing else. */
function isRetried(was: LedgerJob | undefined, is: LedgerJob | undefined): boolean {
  if (was === undefined || is === undefined || is.failedDigest !== undefined) return false;
  const { failedDigest: _failed, ...rest } = was;
  return isDeepStrictEqual(rest, is);
}

function verbOf({ before, after }: PathChange): string {
  if (before === undefined) return 'added';
  return after === undefined ? 'taken away' : 'changed';
}

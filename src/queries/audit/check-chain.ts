import type { CommitObject } from '../../domain/source/commit-object.js';
import type { ObjectId } from '../../domain/source/revision.js';
import { isPhase, namedJobs, valueOf, type AuditedEntry } from './entry.js';
import type { Findings } from './findings.js';

/** What is known of the entries so far. */
export interface ChainSoFar {
  environment: string;
  /** The entry before; undefined: this is the beginning. */
  previous: ObjectId | undefined;
  /** Its number; undefined before the first one that has one. */
  sequence: number | undefined;
  /** Its time, in seconds since the epoch. */
  at: number | undefined;
  /** False where the ledger lives in another repository than the revisions that it records. */
  sameRepository: boolean;
}

/** Clocks of several machines differ a little. */
const TOLERANCE_SECONDS = 300;

/** The first commit of a ledger: empty, and without anything before it. */
export function checkBeginning(
  id: ObjectId,
  { parents, message, trailers }: CommitObject,
  hasFiles: boolean,
  environment: string,
  findings: Findings,
): void {
  if (parents.length > 0)
    findings.add('ledger commit', id, 'the history ends here, and it is not its beginning', {
      expected: 'an empty first commit',
      found: `a commit after ${parents[0] ?? ''}, which is not there`,
    });
  else if (hasFiles || trailers.some(({ key }) => key === 'Towline-Phase'))
    findings.add('ledger commit', id, 'the first commit is no beginning of a ledger', {
      expected: `an empty commit "Begin the ledger of ${environment}"`,
      found: message.split('\n')[0] ?? '',
    });
}

/** One entry after the one before it: who comes after whom, in numbers and in time. */
export function checkLink(
  id: ObjectId,
  commit: CommitObject,
  { environment, previous, sequence, at, sameRepository }: ChainSoFar,
  findings: Findings,
): void {
  const add = (what: string, expected: string | undefined, found: string | undefined): void =>
    findings.same('ledger commit', id, what, expected, found);
  add('its first parent is not the entry before it', previous, commit.parents[0]);
  const phase = valueOf({ commit }, 'Towline-Phase');
  if (!isPhase(phase)) {
    findings.add('ledger commit', id, 'it is no entry of a ledger: its trailers can not be read', {
      found: phase ?? '(no Towline-Phase)',
    });
    return;
  }
  add('it is an entry of another environment', environment, valueOf({ commit }, 'Towline-Environment'));
  const number = valueOf({ commit }, 'Towline-Sequence');
  if (sequence !== undefined || number !== undefined)
    add(
      'entries are missing, doubled or in another order: the numbers do not go up by one',
      sequence === undefined ? number : String(sequence + 1),
      number,
    );
  if (sequence === undefined && number !== undefined && !/^[1-9]\d*$/.test(number))
    add('its number', 'a whole number', number);
  const revision = valueOf({ commit }, 'Towline-Revision');
  const second = phase === 'order' || phase === 'mirror' || !sameRepository ? [] : [revision];
  add(
    'its second parent is not the revision that was deployed',
    second.join(' '),
    commit.parents.slice(1).join(' '),
  );
  if (at !== undefined && commit.committer.at < at - TOLERANCE_SECONDS)
    findings.notes.push(
      `${id} is ${at - commit.committer.at} s older than the entry before it: clocks differ`,
    );
}

/** Every change that was sent had been announced, and what was announced is not forgotten. */
export function checkIntents(entry: AuditedEntry, findings: Findings): void {
  const { id, phase, before, after } = entry;
  const open = new Map((before?.intents ?? []).map((intent) => [String(intent.ref), intent]));
  const named = new Map(namedJobs(entry).map((job) => [job.ref, job]));
  if (phase === 'intent') {
    for (const ref of open.keys())
      if (!after.intents.some((intent) => intent.ref === ref))
        findings.add('ledger commit', id, `the end of what was announced of ${ref} is not on record`);
    return;
  }
  if (phase !== 'outcome') return;
  for (const { ref, action, state } of named.values())
    if (state !== 'blocked' && action !== 'none' && !open.has(ref))
      findings.add('ledger commit', id, `${ref} was sent (${action}), and nothing had announced it`);
  const left = new Set(after.intents.map(({ ref }) => String(ref)));
  for (const ref of left)
    if (!open.has(ref))
      findings.add('ledger commit', id, `${ref} is announced by an entry that announces nothing`);
  // A pass that was told to stop has no end for what it never began; another pass may not drop that.
  for (const ref of open.keys())
    if (!left.has(ref) && !named.has(ref) && before?.pass !== after.pass)
      findings.add('ledger commit', id, `the end of what was announced of ${ref} is not on record`);
}

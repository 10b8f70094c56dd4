import type { Approval, BreakGlass, GateFacts, GatePolicy } from '../domain/plan/policy.js';
import type { ApprovalRecord, LedgerRecord, LedgerState } from '../domain/record/ledger-entry.js';
import type { ObjectId, Revision } from '../domain/source/revision.js';
import type { Clock } from '../ports/clock.js';
import type { JobRepository } from '../ports/job-repository.js';
import type { Ledger } from '../ports/ledger.js';
import type { Signature, Signatures } from '../ports/signatures.js';
import { TowlineError } from '../runtime/errors.js';
import type { Log } from '../runtime/log.js';
import { authorsBetween } from './authors.js';
import { checkEntry, wholeRevision } from './signatures.js';

export interface GateFactsSources {
  ledger: Ledger;
  repository: JobRepository;
  /** Absent: no signature is looked at, and nothing counts as signed. */
  signatures?: Signatures;
  policy: GatePolicy;
  /** Folders of the environment: only who wrote there is an author. */
  layers: readonly string[];
  clock: Clock;
  log: Log;
}

interface About {
  state: LedgerState | undefined;
  revision: Revision;
}

/** Orders that are looked at for one that `state.json` tells of. */
const MOST_ORDERS = 500;

/** What the gates have to know beside the plan, as the ledger's state alone has it: without approvals, which must be looked at. */
export function gateFactsOf(state: LedgerState | undefined, now: number): GateFacts {
  const { vetoes = {}, breakGlass } = state ?? {};
  const inForce = breakGlass !== undefined && Date.parse(breakGlass.until) > now;
  return {
    approvals: [],
    vetoes: Object.values(vetoes),
    ...(inForce ? { breakGlass } : {}),
    authors: [],
  };
}

/** The same with approvals, the breaking of the glass and the authors as Git has them, their signatures checked. */
export function readGateFacts(
  sources: GateFactsSources,
  about: About,
  signal: AbortSignal,
): Promise<GateFacts> {
  return gateFactsReader(sources)(about, signal);
}

/**
 * A reader that remembers what it has checked: an entry never changes. Where the state tells of no approval and of no
 * broken glass that has to be checked, nothing is read at all.
 */
export function gateFactsReader(
  sources: GateFactsSources,
): (about: About, signal: AbortSignal) => Promise<GateFacts> {
  const judged = new Map<ObjectId, Signature>();
  const authors = new Map<string, readonly string[]>();
  const { policy, clock, ledger, log } = sources;

  const judge = async (entry: LedgerRecord, signal: AbortSignal): Promise<Signature> => {
    const known = judged.get(entry.commit);
    if (known !== undefined) return known;
    const { signatures } = sources;
    const signature: Signature =
      signatures === undefined
        ? { kind: 'none', state: 'not-signed' }
        : await checkEntry({ ledger, signatures }, entry, signal).catch(withoutGpg(log));
    judged.set(entry.commit, signature);
    if (signature.state !== 'good' && signature.state !== 'not-signed')
      log.warn(
        { entry: entry.commit, state: signature.state, reason: signature.reason },
        'an order counts for nothing because of its signature',
      );
    return signature;
  };

  const approvalsOf = async (
    head: ObjectId,
    hints: readonly ApprovalRecord[],
    signal: AbortSignal,
  ): Promise<Approval[]> => {
    const found: Approval[] = [];
    for (const entry of await ordersOf(ledger, head, 'approve', hints, signal)) {
      const plan = trailer(entry, 'Towline-Approves');
      if (plan === undefined || !hints.some((hint) => hint.plan === plan && sameTime(hint, entry))) continue;
      const by = whoGave(entry, await judge(entry, signal));
      if (by !== undefined) found.push({ plan, ...by, at: entry.at, commit: entry.commit });
    }
    return found;
  };

  const checkedGlass = async (
    head: ObjectId,
    glass: BreakGlass,
    signal: AbortSignal,
  ): Promise<BreakGlass | undefined> => {
    const { from, signed } = policy.breakGlass;
    const entries = await ordersOf(ledger, head, 'break-glass', [glass], signal);
    const entry = entries.find(
      (each) => sameTime(glass, each) && trailer(each, 'Towline-Until') === glass.until,
    );
    const who = entry === undefined ? undefined : whoGave(entry, await judge(entry, signal));
    if (who !== undefined && (who.signed || !signed) && (from.length === 0 || from.includes(who.by)))
      return { ...glass, by: who.by };
    log.warn(
      { by: who?.by ?? glass.by, until: glass.until },
      'the glass was broken by nobody who may; gates stay as they are',
    );
    return undefined;
  };

  const authorsOf = async (
    head: ObjectId,
    revision: Revision,
    signal: AbortSignal,
  ): Promise<readonly string[]> => {
    const deployed = await wholeRevision(ledger, head, signal);
    const name = `${deployed ?? ''} ${revision}`;
    const known = authors.get(name) ?? (await authorsBetween(sources, deployed, revision, signal));
    authors.clear();
    authors.set(name, known);
    return known;
  };

  return async ({ state, revision }, signal) => {
    const { breakGlass: glass, ...facts } = within(gateFactsOf(state, clock.now()), policy, clock.now());
    const hints = state?.approvals ?? [];
    const mustCheck = policy.breakGlass.signed || policy.breakGlass.from.length > 0;
    const reads = hints.length > 0 || (glass !== undefined && mustCheck);
    const head = reads ? (await ledger.head({ signal, known: true })).commit : undefined;
    if (head === undefined)
      return { ...facts, ...(glass === undefined || mustCheck ? {} : { breakGlass: glass }) };
    const approvals = hints.length === 0 ? [] : await approvalsOf(head, hints, signal);
    const allowed = glass === undefined || !mustCheck ? glass : await checkedGlass(head, glass, signal);
    const asksAuthors = approvals.length > 0 && policy.approvals.some((rule) => !rule.authorMayApprove);
    return {
      ...facts,
      approvals,
      ...(allowed === undefined ? {} : { breakGlass: allowed }),
      authors: asksAuthors ? await authorsOf(head, revision, signal) : [],
    };
  };
}

/** However long somebody says that the glass is broken, it is for no longer than allowed; nor is it in advance. */
function within(
  { breakGlass: glass, ...facts }: GateFacts,
  { breakGlass }: GatePolicy,
  now: number,
): GateFacts {
  if (glass === undefined) return facts;
  const from = Date.parse(glass.at);
  const inForce = from <= now + CLOCKS_MS && from + breakGlass.maxMinutes * 60_000 > now;
  return inForce ? { ...facts, breakGlass: glass } : facts;
}

/** How far the clocks of two machines may be apart. */
const CLOCKS_MS = 5 * 60_000;

/** Entries of one kind of order since the first of those that the state tells of. */
async function ordersOf(
  ledger: Ledger,
  from: ObjectId,
  verb: string,
  hints: readonly { at: string }[],
  signal: AbortSignal,
): Promise<LedgerRecord[]> {
  const since = Math.min(...hints.map(({ at }) => Date.parse(at)).filter((at) => !Number.isNaN(at)));
  if (!Number.isFinite(since)) return [];
  const found = await ledger.history({
    from,
    trailer: `Towline-Order: ${verb}`,
    since,
    limit: MOST_ORDERS,
    signal,
  });
  // A line of a message may look like a trailer.
  return found.filter(
    (entry) => trailer(entry, 'Towline-Phase') === 'order' && trailer(entry, 'Towline-Order') === verb,
  );
}

/** Commits know whole seconds. */
function sameTime({ at }: { at: string }, entry: LedgerRecord): boolean {
  return Math.floor(Date.parse(at) / 1000) === Math.floor(Date.parse(entry.at) / 1000);
}

/** Who gave an order: of one that is not signed whoever it says; undefined where its signature is worth nothing. */
function whoGave(entry: LedgerRecord, { state, by }: Signature): { by: string; signed: boolean } | undefined {
  if (state === 'good' && by !== undefined) return { by, signed: true };
  const said = trailer(entry, 'Towline-By');
  return state === 'not-signed' && said !== undefined ? { by: said, signed: false } : undefined;
}

/** A machine that can't judge a signature must not take it for a good one, and goes on with all else. */
function withoutGpg(log: Log): (error: unknown) => Signature {
  return (error) => {
    if (!(error instanceof TowlineError && error.code === 'gpg-missing')) throw error;
    log.error({ err: error }, 'a signature by GPG can not be judged on this machine');
    return { kind: 'gpg', state: 'unsupported', reason: error.message };
  };
}

function trailer({ trailers }: LedgerRecord, name: string): string | undefined {
  return trailers.find(({ key }) => key === name)?.value;
}

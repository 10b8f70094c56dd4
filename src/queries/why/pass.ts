import type { JobRef } from '../../domain/job/job-ref.js';
import type { LedgerRecord } from '../../domain/record/ledger-entry.js';
import { short, type Revision } from '../../domain/source/revision.js';
import { toEntry, type HistoryEntry, type HistoryJob } from '../history.js';
import { trailersOf } from '../walk-ledger.js';
import type { JobOfPass, WhyAnswer } from './answer.js';
import { recordedLinks } from './chain.js';
import { commitOf } from './commit-links.js';
import { commitLink, missing, type WhyLink } from './link.js';
import { mirrorLink } from './mirror-link.js';
import { consentLinks, ledgerLink } from './pass-links.js';
import { definesAnew } from './sent.js';
import type { Looking } from './sources.js';

/** Jobs of a pass whose own chains are told. */
const CHAINS = 8;

/** An entry of the ledger by its id: what it did, whence it came, and what is live of it now. Empty: it is none. */
export async function passAnswers(question: string, looking: Looking): Promise<WhyAnswer[]> {
  if (!/^[0-9a-f]{7,64}$/.test(question)) return [];
  const { ledger, signal, layout } = looking;
  const record = await ledger.entry(question, { signal });
  if (record === undefined) return [];
  const entry = toEntry(record);
  const { environment } = layout;
  const end = entry.phase === 'intent' ? await endOf(entry, looking) : undefined;
  const jobs = (end ?? entry).jobs.map((job) => ofPass(job, end ?? entry, record, looking));
  const chains = jobs.filter((job) => entry.phase === 'outcome' && definesAnew(job)).slice(0, CHAINS);
  const each = chains.map(async (job): Promise<WhyAnswer> => {
    const sent = { record, entry, job };
    const links = await recordedLinks(job.ref as JobRef, { made: sent, origin: sent }, job.version, looking);
    return { subject: 'pass', name: record.commit, ref: job.ref as JobRef, environment, links };
  });
  const [links, ...answers] = await Promise.all([passLinks({ record, entry }, end, looking), ...each]);
  return [{ subject: 'pass', name: record.commit, environment, links, jobs }, ...answers];
}

async function passLinks(
  sent: { record: LedgerRecord; entry: HistoryEntry },
  end: HistoryEntry | undefined,
  looking: Looking,
): Promise<WhyLink[]> {
  const { phase, revision } = sent.entry;
  const links: WhyLink[] = [ledgerLink(sent)];
  if (phase === 'intent')
    links.push(
      end === undefined
        ? missing('ledger', 'no entry says how it ended')
        : { ...ledgerLink({ entry: end }), text: `it ended as ${short(end.commit)}: ${end.subject}` },
    );
  if (phase === 'order') return links;
  const [consent, mirror, applied] = await Promise.all([
    phase === 'mirror' ? [] : consentLinks(sent, looking),
    phase === 'mirror' ? [] : mirrorLink(sent, looking),
    commitOf(revision as Revision, looking),
  ]);
  links.push(...consent, ...[mirror].flat());
  links.push(
    typeof applied === 'string'
      ? missing('revision', `${looking.repository.location} has no revision ${revision}: ${applied}`)
      : commitLink('revision', applied, applied.subject),
  );
  return links;
}

/** How a pass ended that this entry announced. */
async function endOf(
  { pass }: HistoryEntry,
  { ledger, head, signal }: Looking,
): Promise<HistoryEntry | undefined> {
  if (head.commit === undefined) return undefined;
  const of = { signal, limit: 2, from: head.commit, trailer: `Towline-Pass: ${pass}` };
  return (await ledger.history(of))
    .map(toEntry)
    .find((each) => each.phase === 'outcome' && each.pass === pass);
}

function ofPass(job: HistoryJob, entry: HistoryEntry, record: LedgerRecord, { head }: Looking): JobOfPass {
  const now = head.state?.jobs[job.ref];
  if (!definesAnew(job)) return { ...job, now: 'not sent', text: 'it sent no definition' };
  if (now === undefined) return { ...job, now: 'deleted', text: 'it is gone by now' };
  const sequence = Number(trailersOf(record, 'Towline-Sequence')[0]);
  const isNewest = now.sequence === undefined ? now.pass === entry.pass : now.sequence === sequence;
  const isLive = isNewest || (job.version !== undefined && now.version === job.version);
  return isLive
    ? { ...job, now: 'live', text: 'nothing was sent since' }
    : { ...job, now: 'replaced', text: `pass ${now.pass ?? '?'} came after it, at ${now.at}` };
}

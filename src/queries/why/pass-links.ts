import { short } from '../../domain/source/revision.js';
import { trailersOf, walkLedger } from '../walk-ledger.js';
import { missing, type WhyLink } from './link.js';
import type { Sent } from './sent.js';
import type { Looking } from './sources.js';

/** The pass, as the ledger tells it. */
export function ledgerLink({ entry }: Pick<Sent, 'entry'>): WhyLink {
  const { commit, subject, pass, trigger, by, at } = entry;
  const text = pass === '' ? subject : `${subject} (pass ${pass}, by ${trigger})`;
  return { link: 'ledger', id: commit, text, ...(by === '' ? {} : { by }), at };
}

/** Who approved its plan, and which gates were asked for it. */
export async function consentLinks(
  sent: Pick<Sent, 'record' | 'entry'>,
  looking: Looking,
): Promise<WhyLink[]> {
  const gates = trailersOf(sent.record, 'Towline-Gate');
  const approvals = await approvalLinks(sent, gates, looking);
  return [
    ...approvals,
    ...gates
      .filter((text) => !text.startsWith('held '))
      .map((text): WhyLink => ({ link: 'gate', text, id: text.split(' ').slice(1, 3).join(' ') })),
  ];
}

/**
 * Approvals stand in the ledger before the pass. What it left behind before its end tells how many there are, so that the
 * whole ledger is searched only where one is said to be there.
 */
async function approvalLinks(
  { record, entry }: Pick<Sent, 'record' | 'entry'>,
  gates: readonly string[],
  { ledger, signal }: Looking,
): Promise<WhyLink[]> {
  const [before] = record.parents;
  if (before === undefined || entry.plan === '') return [];
  const announced = await ledger.stateAt(before, { signal });
  const noted = (announced?.approvals ?? []).filter(({ plan }) => plan === entry.plan);
  const needed = gates.some((text) => text.startsWith('passed approval '));
  if (noted.length === 0 && !needed) return [];
  const links: WhyLink[] = [];
  const trailer = `Towline-Approves: ${entry.plan}`;
  for await (const found of walkLedger(ledger, { signal, from: before, trailer })) {
    if (!trailersOf(found, 'Towline-Approves').includes(entry.plan)) continue;
    const by = trailersOf(found, 'Towline-By')[0] ?? found.author.name;
    links.push({ link: 'approval', id: found.commit, text: found.subject, by, at: found.at });
    if (links.length >= Math.max(noted.length, 1)) break;
  }
  const lost = noted.filter(({ by }) => !links.some((link) => link.by === by));
  if (links.length === 0 || lost.length > 0) {
    const whose = lost.length === 0 ? '' : ` of ${lost.map(({ by }) => by).join(' and ')}`;
    links.push(
      missing('approval', `the ledger has no entry that approves plan ${shortPlan(entry.plan)}${whose}`),
    );
  }
  return links;
}

function shortPlan(digest: string): string {
  return short(digest.replace(/^sha256:/, ''));
}

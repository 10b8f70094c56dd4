import type { LedgerRecord } from '../../domain/record/ledger-entry.js';
import { parseMirrorRef } from '../../domain/source/mirror-ref.js';
import { short } from '../../domain/source/revision.js';
import { messageOf } from '../../runtime/errors.js';
import { trailersOf } from '../walk-ledger.js';
import { missing, type WhyLink } from './link.js';
import type { Sent } from './sent.js';
import type { Looking } from './sources.js';

/** Passes of the mirror that can be on record between the one that a pass was made from and that pass. */
const BACK = 8;
/** A deploy can be quicker on record than the mirror pass that woke it. */
const AHEAD = 12;

/** The index of `.ref` in Consul that the pass was made from, and the mirror's own word for it. */
export async function mirrorLink(sent: Pick<Sent, 'record' | 'entry'>, looking: Looking): Promise<WhyLink> {
  const { layout } = looking;
  const [index] = trailersOf(sent.record, 'Towline-Mirror-Index');
  if (index === undefined)
    return missing('mirror', `the entry does not say which index of ${layout.ref} it was made from`);
  const [mirrored, now] = await Promise.all([mirrorEntry(sent, index, looking), refNow(looking)]);
  const text = `${layout.ref} at KV index ${index}${now.index === Number(index) ? '' : `, ${now.text}`}`;
  if (mirrored === undefined)
    return { ...missing('mirror', `${text}; no entry says who mirrored it`), id: index };
  const revision = trailersOf(mirrored, 'Towline-Revision')[0] ?? '';
  if (revision !== sent.entry.revision)
    return {
      ...missing(
        'mirror',
        `${text}; by entry ${short(mirrored.commit)} that was revision ${short(revision)}`,
      ),
      id: index,
    };
  const by = trailersOf(mirrored, 'Towline-Actor')[0];
  return {
    link: 'mirror',
    id: index,
    text: `${text} (entry ${short(mirrored.commit)})`,
    ...(by === undefined ? {} : { by }),
    at: mirrored.at,
  };
}

async function mirrorEntry(
  { record }: Pick<Sent, 'record'>,
  index: string,
  { ledger, head, signal }: Looking,
): Promise<LedgerRecord | undefined> {
  // No pass of the mirror was ever put on record here.
  if (head.state?.mirror === undefined || head.commit === undefined) return undefined;
  const isIt = (each: LedgerRecord): boolean =>
    trailersOf(each, 'Towline-Phase').includes('mirror') &&
    trailersOf(each, 'Towline-Mirror-Index').includes(index);
  const trailer = 'Towline-Phase: mirror';
  const before = await ledger.history({ signal, limit: BACK, from: record.commit, trailer });
  const found = before.find(isIt);
  if (found !== undefined) return found;
  const [newest, own] = [head.state.sequence, Number(trailersOf(record, 'Towline-Sequence')[0])];
  if (newest !== undefined && newest >= own) {
    const skip = Math.max(0, newest - own - AHEAD);
    const after = await ledger.history({ signal, limit: AHEAD, from: head.commit, skip });
    const ahead = after.find(isIt);
    if (ahead !== undefined) return ahead;
  }
  const named = { signal, limit: 1000, from: head.commit, trailer: `Towline-Mirror-Index: ${index}` };
  return (await ledger.history(named)).find(isIt);
}

async function refNow({ kv, layout, signal }: Looking): Promise<{ index?: number; text: string }> {
  try {
    const ref = await kv.get(layout.ref, { signal });
    if (ref === undefined) return { text: 'which is gone by now' };
    const parsed = parseMirrorRef(ref.value);
    const revision =
      'reason' in parsed ? 'what can not be read' : `revision ${short(parsed.mirrorRef.revision)}`;
    return { index: ref.modifyIndex, text: `${revision} at index ${ref.modifyIndex} by now` };
  } catch (error) {
    if (signal.aborted) throw error;
    return { text: `and KV does not answer now: ${messageOf(error)}` };
  }
}

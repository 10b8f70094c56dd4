import type { LiveJob } from '../../domain/plan/plan.js';
import { MIRROR_FLAG, type KvLayout } from '../../domain/source/kv-layout.js';
import { parseMirrorChanges } from '../../domain/source/mirror-ref.js';
import type { KvEntry, KvStore } from '../../ports/kv-store.js';
import type { Scheduler } from '../../ports/scheduler.js';
import { readLive } from '../live.js';

/** A value of Consul's, as far as an audit looks at one. */
export type EvidenceEntry = Pick<KvEntry, 'key' | 'value' | 'flags' | 'modifyIndex'>;

/** What stood outside of Git when it was looked at. */
export interface Evidence {
  ref: EvidenceEntry | undefined;
  changes: EvidenceEntry | undefined;
  anchor: EvidenceEntry | undefined;
  /** Everything below `config/`. */
  values: EvidenceEntry[];
  /** Everything below `releases/`, the keys without that prefix. */
  releases: { image: string; value: Uint8Array }[];
  live: LiveJob[];
  /** Schedulers that did not answer, with the reason. */
  unreadable: Map<string, string>;
  /** When and by whom, where it is not now and here. */
  taken?: { at: string; by: string };
}

export interface EvidenceSources {
  layout: KvLayout;
  releasesPrefix: string;
  kv: KvStore;
  schedulers: readonly Scheduler[];
  /** A live job as it may be shown and kept. */
  shown: (job: LiveJob) => LiveJob;
}

/** Reads before it is told that a pass of the mirror is under way. */
const READS = 4;

/** Looks at Consul and at the schedulers. The mirrored values are those of one `.ref`, not of two. */
export async function readEvidence(
  { layout, releasesPrefix, kv, schedulers, shown }: EvidenceSources,
  signal: AbortSignal,
): Promise<Evidence> {
  const mirrored = await readValues(kv, layout, signal);
  const [{ value: releases }, { live, unreadable }] = await Promise.all([
    kv.list(releasesPrefix, { signal }),
    readLive(schedulers, signal),
  ]);
  return {
    ...mirrored,
    releases: releases.map(({ key, value }) => ({ image: key.slice(releasesPrefix.length), value })),
    live: live.map(shown),
    unreadable,
  };
}

async function readValues(
  kv: KvStore,
  layout: KvLayout,
  signal: AbortSignal,
): Promise<Pick<Evidence, 'ref' | 'changes' | 'anchor' | 'values'>> {
  for (let read = 1; ; read++) {
    const ref = await kv.get(layout.ref, { signal });
    const { value } = await kv.list(layout.config, { signal });
    const [changes, anchor, again] = await Promise.all([
      kv.get(layout.changes, { signal }),
      kv.get(layout.ledger, { signal }),
      kv.get(layout.ref, { signal }),
    ]);
    const isWriting = changes !== undefined && parseMirrorChanges(changes.value)?.state === 'writing';
    if (read >= READS || (ref?.modifyIndex === again?.modifyIndex && !isWriting)) {
      return {
        ref: plain(again),
        changes: plain(changes),
        anchor: plain(anchor),
        values: value.filter(({ key }) => key !== layout.config).flatMap((entry) => plain(entry) ?? []),
      };
    }
  }
}

function plain(entry: KvEntry | undefined): EvidenceEntry | undefined {
  if (entry === undefined) return undefined;
  const { key, value, flags, modifyIndex } = entry;
  return { key, value, flags, modifyIndex };
}

/** True for values that the mirror wrote. */
export function isMirrored({ flags }: Pick<EvidenceEntry, 'flags'>): boolean {
  return flags === MIRROR_FLAG;
}

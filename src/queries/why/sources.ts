import type { LedgerState } from '../../domain/record/ledger-entry.js';
import type { KvLayout } from '../../domain/source/kv-layout.js';
import type { ObjectId } from '../../domain/source/revision.js';
import type { Containers } from '../../ports/containers.js';
import type { JobRepository } from '../../ports/job-repository.js';
import type { KvStore } from '../../ports/kv-store.js';
import type { Ledger } from '../../ports/ledger.js';
import type { Scheduler } from '../../ports/scheduler.js';
import type { Models } from '../declared.js';
import { StatedAt } from '../stated-at.js';

export interface WhySources {
  layout: KvLayout;
  releasesPrefix: string;
  branch: string;
  /** Folders of the environment, in order. */
  layers: readonly string[];
  kv: KvStore;
  ledger: Ledger;
  repository: JobRepository;
  schedulers: readonly Scheduler[];
  models: Models;
  /** An engine that may know a container; asked only where nothing else is meant. */
  containers?: () => Promise<Containers>;
}

/** What all links of one answer are looked up in. */
export interface Looking extends WhySources {
  head: { commit: ObjectId | undefined; state: LedgerState | undefined };
  stated: StatedAt;
  signal: AbortSignal;
}

export async function beginLooking(sources: WhySources, signal: AbortSignal): Promise<Looking> {
  const { ledger, repository, layers, models } = sources;
  const head = await ledger.head({ signal });
  return { ...sources, head, stated: new StatedAt(repository, layers, models), signal };
}

import type { Asked } from '../domain/plan/asked.js';
import type { BreakGlass, Veto } from '../domain/plan/policy.js';
import type { LedgerState } from '../domain/record/ledger-entry.js';
import { inForce } from '../domain/record/orders.js';
import { parseStatus, type JobStatus } from '../domain/record/status.js';
import type { KvLayout } from '../domain/source/kv-layout.js';
import type { KvStore } from '../ports/kv-store.js';
import type { Ledger } from '../ports/ledger.js';
import type { LiveTask, Scheduler } from '../ports/scheduler.js';
import { kindOf } from '../runtime/errors.js';
import type { RunsLately } from '../domain/job/scheduler-model.js';
import type { LiveJob } from '../domain/plan/plan.js';
import type { Clock } from '../ports/clock.js';
import type { Models } from './declared.js';
import { readMirror } from './desired.js';
import { readLive } from './live.js';

/** How a mirror of plain configuration stands. */
export interface PlainMirrorStatus {
  /** Its name; one of a group is `GROUP/BRANCH`. */
  name: string;
  prefix: string;
  mirror: EnvironmentStatus['mirror'];
}

export async function readMirrorStatus(
  kv: KvStore,
  layout: KvLayout,
  { claimed, signal }: { claimed: readonly string[]; signal: AbortSignal },
): Promise<PlainMirrorStatus> {
  const state = await readMirror(kv, layout, { signal, claimed, full: true });
  return { name: layout.environment, prefix: layout.config, mirror: mirrorStatus(state) };
}

/** How an environment stands, from KV, ledger and schedulers. */
export interface EnvironmentStatus {
  environment: string;
  mirror: {
    state: 'absent' | 'whole' | 'incomplete' | 'tampered';
    revision?: string;
    files?: number;
    /** Files of Git that KV does not hold, with the reason. */
    skipped: { path: string; reason: string }[];
    message?: string;
  };
  ledger: { branch: string; commit?: string; revision?: string; pass?: string; openIntents: string[] };
  /** What people have paused: jobs by reference, `*` for all of them. */
  paused: (Asked & { ref: string })[];
  /** What is not deployed or promoted until it is lifted. */
  vetoes: readonly Veto[];
  /** Gates are open until then. */
  breakGlass?: BreakGlass;
  schedulers: { name: string; readable: boolean; message?: string }[];
  jobs: (Pick<JobStatus, 'ref' | 'state' | 'message' | 'since'> & {
    revision: string;
    version?: string;
    live: boolean;
    /** How its runs went, where its scheduler tells. */
    runs?: RunsLately & { running?: string };
  })[];
}

export interface StatusSources {
  layout: KvLayout;
  kv: KvStore;
  ledger: Ledger;
  schedulers: readonly Scheduler[];
  models: Models;
  clock: Clock;
}

/** Reads it all now; nothing in it is older than the question. */
export async function readStatus(
  { layout, kv, ledger, schedulers, models, clock }: StatusSources,
  signal: AbortSignal,
): Promise<EnvironmentStatus> {
  const [mirror, head, { live, unreadable }, listed] = await Promise.all([
    readMirror(kv, layout, { signal, full: true }),
    ledger.head({ signal }),
    readLive(schedulers, signal),
    kv.list(layout.statusPrefix, { signal }),
  ]);
  const statuses = new Map(
    listed.value.flatMap((entry) => {
      const status = parseStatus(entry.value);
      return status === undefined ? [] : [[status.ref, status] as const];
    }),
  );
  const runs = await runsLately(live, { schedulers, models, clock }, signal);
  const liveRefs = new Map<string, string | undefined>(live.map((job) => [job.ref, job.version]));
  const known = head.state?.jobs ?? {};
  const refs = [...new Set([...Object.keys(known), ...statuses.keys()])].sort();
  return {
    environment: layout.environment,
    mirror: mirrorStatus(mirror),
    ledger: {
      branch: ledger.branch,
      ...(head.commit === undefined ? {} : { commit: head.commit }),
      ...(head.state === undefined || head.state.pass === ''
        ? {}
        : { revision: head.state.revision, pass: head.state.pass }),
      openIntents: (head.state?.intents ?? []).map((intent) => intent.ref),
    },
    ...ordered(head.state, clock.now()),
    schedulers: schedulers.map(({ name }) => {
      const message = unreadable.get(name);
      return message === undefined ? { name, readable: true } : { name, readable: false, message };
    }),
    jobs: refs.map((ref) => {
      const status = statuses.get(ref);
      const record = known[ref];
      const version = liveRefs.get(ref) ?? record?.version;
      return {
        ref,
        state: status?.state ?? record?.outcome ?? 'unknown',
        message: status?.message ?? record?.message ?? '',
        since: status?.since ?? record?.at ?? '',
        revision: record?.revision ?? status?.revision ?? '',
        ...(version === undefined ? {} : { version }),
        live: liveRefs.has(ref),
        ...(runs.has(ref) ? { runs: runs.get(ref) } : {}),
      };
    }),
  };
}

/** What people have said and is in force. */
function ordered(
  state: LedgerState | undefined,
  now: number,
): Pick<EnvironmentStatus, 'paused' | 'vetoes' | 'breakGlass'> {
  const { paused = {}, vetoes = {}, breakGlass } = state ?? {};
  const open = breakGlass !== undefined && Date.parse(breakGlass.until) > now;
  return {
    paused: Object.entries(inForce(paused, now)).map(([ref, asked]) => ({ ref, ...asked })),
    vetoes: Object.values(vetoes),
    ...(open ? { breakGlass } : {}),
  };
}

/** After an outage every job is overdue; of so many it is not asked one by one what they do. */
const MOST_ASKED = 20;

/** How the runs of live jobs went. Of one that is overdue it is asked whether an earlier run still goes on. */
async function runsLately(
  live: readonly LiveJob[],
  { schedulers, models, clock }: Pick<StatusSources, 'schedulers' | 'models' | 'clock'>,
  signal: AbortSignal,
): Promise<Map<string, RunsLately & { running?: string }>> {
  const now = clock.now();
  let left = MOST_ASKED;
  const found = new Map<string, RunsLately & { running?: string }>();
  for (const job of live) {
    const name = job.ref.slice(0, job.ref.indexOf(':'));
    const lately = models.get(name)?.model.lately?.(job, now);
    if (lately === undefined) continue;
    const scheduler = schedulers.find((each) => each.name === name);
    const asked = lately.overdueSince !== undefined && left-- > 0;
    const tasks =
      !asked || scheduler === undefined ? [] : await scheduler.tasks(job.id, { signal }).catch(noneWhereAway);
    const running = tasks.map(({ state }) => state).find((state) => state.includes('running'));
    found.set(job.ref, { ...lately, ...(running === undefined ? {} : { running }) });
  }
  return found;
}

/** What can't be asked just now is not said; the table has all else. */
function noneWhereAway(error: unknown): LiveTask[] {
  if (kindOf(error) !== 'unavailable') throw error;
  return [];
}

function mirrorStatus(mirror: Awaited<ReturnType<typeof readMirror>>): EnvironmentStatus['mirror'] {
  if (mirror.kind === 'absent') return { state: 'absent', skipped: [], message: 'nothing was mirrored yet' };
  if (mirror.kind === 'incomplete')
    return { state: 'incomplete', skipped: [], message: `being written, to ${mirror.to}` };
  if (mirror.kind === 'other-layers')
    return { state: 'incomplete', skipped: [], message: `made of other folders: ${mirror.held.join(', ')}` };
  const skipped = (mirror.mirrorRef?.folders ?? []).flatMap((folder) =>
    folder.exceptions.filter((e) => !e.held).map((e) => ({ path: e.path, reason: e.reason ?? '' })),
  );
  if (mirror.kind === 'tampered') return { state: 'tampered', skipped, message: mirror.reason };
  return { state: 'whole', revision: mirror.mirrorRef.revision, files: mirror.files.length, skipped };
}

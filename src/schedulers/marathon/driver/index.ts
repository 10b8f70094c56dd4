import type { JobRef } from '../../../domain/job/job-ref.js';
import type { Change } from '../../../domain/plan/plan.js';
import type { Outcome, OutcomeState } from '../../../domain/record/outcome.js';
import { isObject } from '../../../domain/source/json.js';
import { isoTime, type Clock } from '../../../ports/clock.js';
import type {
  Addresses,
  ApplyOptions,
  Scheduler,
  SchedulerAuth,
  SchedulerTls,
} from '../../../ports/scheduler.js';
import { kindOf as errorKind, messageOf } from '../../../runtime/errors.js';
import type { Log } from '../../../runtime/log.js';
import { MarathonClient } from './api/client.js';
import { EventHub } from './api/hub.js';
import { carryOut } from './apply.js';
import type { Sending } from './current.js';
import type { End } from './end.js';
import { find, observe, tasksOf } from './observe.js';
import { carryOutTogether } from './together.js';

export interface MarathonOptions {
  name: string;
  addresses: Addresses;
  auth?: SchedulerAuth;
  tls?: SchedulerTls;
  clock: Clock;
  log: Log;
  /** Pause between two looks while waiting, when no event comes before. */
  pollMs?: number;
  /** Work folder of Mesos' agents. */
  mesosWorkDir?: string;
}

/** Marathon as a Scheduler. */
export function marathonScheduler(options: MarathonOptions): Scheduler {
  const { name, clock, log, pollMs = 1000, mesosWorkDir = '/var/lib/mesos' } = options;
  const client = new MarathonClient(options);
  const closing = new AbortController();
  const hub = new EventHub(client, { signal: closing.signal, log, pollMs });

  /** Outcomes of what was carried out; what could not be concluded is `unknown`, and the next pass looks again. */
  const concluded = async (
    changes: readonly Change[],
    applying: ApplyOptions,
    work: (sending: Sending) => Promise<ReadonlyMap<JobRef, End>>,
  ): Promise<Outcome[]> => {
    const startedAt = isoTime(clock);
    const deadline = clock.now() + applying.deadlineMs;
    let ends: ReadonlyMap<JobRef, End>;
    let all: End = { state: 'unknown', message: 'it was not concluded' };
    try {
      ends = await work({ client, clock, deadline, options: applying, force: false, mesosWorkDir });
    } catch (error) {
      if (applying.signal.aborted) throw error;
      if (errorKind(error) === 'bug') log.error({ err: error }, 'the driver has a bug');
      const state: OutcomeState =
        errorKind(error) === 'refused' || errorKind(error) === 'invalid' ? 'blocked' : 'unknown';
      all = { state, message: messageOf(error) };
      ends = new Map();
    }
    return changes.map(({ ref, scheduler, kind, id, action }) => {
      const end = ends.get(ref) ?? all;
      return { ref, scheduler, kind, id, action, ...end, startedAt, endedAt: isoTime(clock) };
    });
  };

  return {
    name,
    kind: 'marathon',
    observe: ({ signal }) => observe(client, name, signal),
    find: (job, { signal }) => find(client, name, job, signal),

    async apply(change, applying) {
      const [outcome] = await concluded([change], applying, async (sending) => {
        return new Map([[change.ref, await carryOut(change, sending, hub)]]);
      });
      if (outcome === undefined) throw new Error('one change has one outcome');
      return outcome;
    },

    applyTogether: (changes, applying) =>
      concluded(changes, applying, (sending) => carryOutTogether(changes, sending, hub)),

    tasks: (jobId, { signal }) => tasksOf(client, jobId, signal),

    async describe({ signal }) {
      const info = await client.read('/v2/info', signal);
      const version = isObject(info) && typeof info['version'] === 'string' ? info['version'] : undefined;
      const leader = isObject(info) && typeof info['leader'] === 'string' ? info['leader'] : null;
      return { ...(version === undefined ? {} : { version }), facts: { leader, url: client.url } };
    },

    async close() {
      closing.abort(new DOMException('the scheduler was closed', 'AbortError'));
      await hub.close();
      await client.close();
    },
  };
}

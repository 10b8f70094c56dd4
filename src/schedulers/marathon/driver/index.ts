import type { Outcome, OutcomeState } from '../../../domain/record/outcome.js';
import { isObject } from '../../../domain/source/json.js';
import { isoTime, type Clock } from '../../../ports/clock.js';
import type { Addresses, Scheduler, SchedulerAuth, SchedulerTls } from '../../../ports/scheduler.js';
import { kindOf as errorKind, messageOf } from '../../../runtime/errors.js';
import type { Log } from '../../../runtime/log.js';
import { MarathonClient } from './api/client.js';
import { EventHub } from './api/hub.js';
import { carryOut } from './apply.js';
import type { End } from './end.js';
import { observe, tasksOf } from './observe.js';

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

  return {
    name,
    kind: 'marathon',
    observe: ({ signal }) => observe(client, name, signal),

    async apply(change, applying) {
      const startedAt = isoTime(clock);
      const deadline = clock.now() + applying.deadlineMs;
      let end: End;
      try {
        const sending = { client, clock, deadline, options: applying, force: false, mesosWorkDir };
        end = await carryOut(change, sending, hub);
      } catch (error) {
        if (applying.signal.aborted) throw error;
        if (errorKind(error) === 'bug') log.error({ err: error, jobRef: change.ref }, 'the driver has a bug');
        // Nothing is concluded from what could not be read: the next pass looks again.
        const state: OutcomeState =
          errorKind(error) === 'refused' || errorKind(error) === 'invalid' ? 'blocked' : 'unknown';
        end = { state, message: messageOf(error) };
      }
      const { ref, scheduler, kind, id, action } = change;
      const outcome: Outcome = {
        ref,
        scheduler,
        kind,
        id,
        action,
        ...end,
        startedAt,
        endedAt: isoTime(clock),
      };
      return outcome;
    },

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

import { sendsNothing } from '../../../domain/plan/obey-orders.js';
import type { Change } from '../../../domain/plan/plan.js';
import type { LedgerIntent } from '../../../domain/record/ledger-entry.js';
import { foundOf } from '../../../domain/record/read-back.js';
import type { JsonObject } from '../../../domain/source/json.js';
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
import { compare } from '../model/compare.js';
import { STATE_FIELDS } from '../model/fields.js';
import { ChronosClient } from './api/client.js';
import { bodyOf } from './body.js';
import type { Driving } from './driving.js';
import type { End } from './end.js';
import { liveJobOf } from './live-job.js';
import { kill, trigger } from './operate.js';
import { put, statedIn } from './put.js';
import { ChronosReading } from './reading.js';
import { remove } from './remove.js';

export interface ChronosOptions {
  name: string;
  addresses: Addresses;
  auth?: SchedulerAuth;
  tls?: SchedulerTls;
  clock: Clock;
  log: Log;
  /** Pause between two looks while waiting. */
  pollMs?: number;
  /** How long a leader that was not seen before may go on loading until its list is believed to be whole. */
  loadMs?: number;
}

/** Chronos as a Scheduler. Writes go one after the other: bursts have brought servers down. */
export function chronosScheduler(options: ChronosOptions): Scheduler {
  const { name, clock, pollMs = 500, loadMs = 2000 } = options;
  const client = new ChronosClient(options);
  const reading = new ChronosReading(client, { clock, pollMs, loadMs });
  const driving: Driving = { client, reading, clock, pollMs };
  let turn: Promise<unknown> = Promise.resolve();

  /** Everything that changes something waits for its turn. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = turn.then(work, work);
    turn = next.catch(() => undefined);
    return next;
  };

  return {
    name,
    kind: 'chronos',

    observe: async ({ signal }) => (await reading.list(signal)).map((listed) => liveJobOf(name, listed)),

    async apply(change, applyOptions) {
      const { ref, scheduler, kind, id, action } = change;
      let startedAt = isoTime(clock);
      const end = await inTurn(async (): Promise<End> => {
        startedAt = isoTime(clock);
        applyOptions.signal.throwIfAborted();
        try {
          return await carryOut(change, driving, applyOptions);
        } catch (error) {
          if (applyOptions.signal.aborted) throw error;
          const state = ['refused', 'invalid', 'unavailable'].includes(errorKind(error))
            ? 'blocked'
            : 'unknown';
          return { state, message: messageOf(error) };
        }
      });
      return { ref, scheduler, kind, id, action, ...end, startedAt, endedAt: isoTime(clock) };
    },

    async tasks(jobId, { signal }) {
      const activity = await reading.activity(jobId, signal);
      return activity === undefined
        ? []
        : [{ id: jobId, jobId, ports: [], state: `${activity.state}, last ${activity.status}` }];
    },

    async describe({ signal }) {
      const [version, leader] = [await client.generation(signal), await client.leader(signal)];
      return { version, facts: { leader: leader ?? null, url: client.url } };
    },

    close: () => client.close(),
  };
}

function carryOut(change: Change, driving: Driving, options: ApplyOptions): Promise<End> {
  if (change.action === 'none') return judge(change, driving, options);
  if (change.action === 'trigger') return trigger(change.id, change.args, driving, options);
  if (change.action === 'kill') return kill(change.id, driving, options);
  return change.action === 'delete' ? remove(change, driving, options) : put(change, driving, options);
}

/** What became of a change that an earlier pass announced. */
async function judge(
  change: Change,
  { reading, clock }: Driving,
  { signal, announced }: ApplyOptions,
): Promise<End> {
  const { id, kind, desired, lastApplied } = change;
  // Its counters do not tell whether one run more came of that.
  if (announced?.action === 'trigger')
    return { state: 'failed', message: 'nobody knows whether a run was started; none is started again' };
  const live = await reading.findSurely(id, signal);
  if (desired === undefined)
    return live === undefined
      ? { state: 'applied', message: 'it is gone' }
      : { state: 'failed', message: 'it is still there' };
  if (live === undefined) return { state: 'failed', message: 'it is not there' };
  const { fields } = compare(desired, { kind, spec: live }, { settings: {} }, lastApplied);
  return fields.length === 0
    ? {
        state: 'applied',
        message: 'Chronos has it as sent',
        ...arrived(change, announced, { live, now: clock.now() }),
      }
    : { state: 'failed', message: 'it differs from Git' };
}

/** What an earlier pass sent, and did not live to see arrive: the same is made of the same again. */
function arrived(
  change: Change,
  announced: LedgerIntent | undefined,
  { live, now }: { live: JsonObject; now: number },
): Pick<End, 'sent' | 'stated'> {
  const { desired, lastApplied } = change;
  if (desired === undefined) return {};
  if (announced === undefined) return { sent: desired.spec };
  if (sendsNothing(announced.action) || foundOf(announced, change) !== 'done') return {};
  const spec = change.document ?? desired.spec;
  const body = bodyOf(spec, { live, lastApplied, now });
  // One that is created has neither counters nor a switch of an operator.
  const own = [...STATE_FIELDS, 'disabled'].filter((name) => spec[name] === undefined);
  const sent =
    announced.action === 'create'
      ? Object.fromEntries(Object.entries(body).filter(([name]) => !own.includes(name)))
      : body;
  return { sent, ...statedIn(spec, sent) };
}

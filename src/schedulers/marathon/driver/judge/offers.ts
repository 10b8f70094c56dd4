import { isObject, type Json, type JsonObject } from '../../../../domain/source/json.js';
import { numberAt, objectAt, objectsAt, textAt } from '../../model/rules/rule.js';

/** What a job asks of a machine. */
export interface Needs {
  cpus: number;
  mem: number;
  disk: number;
  gpus: number;
}

/** How the launch queue stands for a job. */
export interface Queued {
  /** Marathon waits for a machine with room. */
  waitingForOffers: boolean;
  /** Seconds until it starts the next task, after others that ended. */
  delay: Json | undefined;
  /** Why no machine fits, in words. */
  reasons: string;
}

/** The entry of a job in the answer of `/v2/queue`; undefined where nothing is to be launched. */
export function queuedIn(answer: Json | undefined, id: string, needs: Needs): Queued | undefined {
  const item = (isObject(answer) ? objectsAt(answer, 'queue') : []).find((each) =>
    [each['app'], each['pod']].some((spec) => isObject(spec) && spec['id'] === id),
  );
  if (item === undefined) return undefined;
  const delay = objectAt(item, 'delay');
  return { waitingForOffers: delay?.['overdue'] === true, delay, reasons: reasonsIn(item, needs) };
}

/** `9 of 12 offers lacked memory: needs 4096 MiB; 3 of 12 did not meet a constraint`. */
function reasonsIn(item: JsonObject, needs: Needs): string {
  const summary = objectAt(item, 'processedOffersSummary');
  const declined = objectsAt(summary, 'rejectSummaryLastOffers').filter(
    (reason) => (numberAt(reason, 'declined') ?? 0) > 0,
  );
  if (declined.length === 0)
    return (numberAt(summary, 'processedOffersCount') ?? 0) === 0 ? 'Mesos offers nothing at all' : '';
  // Marathon checks in an order, and every check sees what the ones before it let through.
  const all = Math.max(...declined.map((reason) => numberAt(reason, 'processed') ?? 0));
  return declined
    .map((reason) => {
      const words = WORDS[textAt(reason, 'reason') ?? ''];
      const text = words === undefined ? `were declined: ${textAt(reason, 'reason') ?? ''}` : words(needs);
      return `${numberAt(reason, 'declined') ?? 0} of ${all} offers ${text}`;
    })
    .join('; ');
}

const WORDS: Record<string, (needs: Needs) => string> = {
  InsufficientCpus: ({ cpus }) => `lacked cpus: needs ${cpus}`,
  InsufficientMemory: ({ mem }) => `lacked memory: needs ${mem} MiB`,
  InsufficientDisk: ({ disk }) => `lacked disk: needs ${disk} MiB`,
  InsufficientGpus: ({ gpus }) => `lacked gpus: needs ${gpus}`,
  InsufficientPorts: () => 'did not have its ports free',
  UnfulfilledConstraint: () => 'did not meet a constraint',
  UnfulfilledRole: () => 'were for another role',
  NoCorrespondingReservationFound: () => 'had no reservation for it',
  AgentMaintenance: () => 'were of machines under maintenance',
  DeclinedScarceResources: () => 'were of machines with gpus, which are kept for jobs that need them',
};

/** What an app or a pod needs for one instance. */
export function needsOf(kind: string, spec: JsonObject): Needs {
  const parts = kind === 'pod' ? objectsAt(spec, 'containers').map((c) => objectAt(c, 'resources')) : [spec];
  const sum = (name: keyof Needs): number =>
    Number(parts.reduce((total, part) => total + (numberAt(part, name) ?? 0), 0).toFixed(6));
  return { cpus: sum('cpus'), mem: sum('mem'), disk: sum('disk'), gpus: sum('gpus') };
}

import { isObject, type Json, type JsonObject } from '../../../domain/source/json.js';
import { kindOf as errorKind } from '../../../runtime/errors.js';
import { numberAt, objectsAt, textAt } from '../model/rules/rule.js';
import { pathOf } from './documents.js';
import { current, type Sending } from './send.js';

export type Verdict = { kind: 'good'; version?: string; message: string } | { kind: 'bad'; message: string };

/**
 * Without health checks "running" is all there is, and a task that is about to crash runs as well: it has to go on for a
 * while before it counts.
 */
const STEADY_MS = 1500;

/** Failures of the new definition's tasks after which waiting longer is pointless. */
const FAILURES = 3;

/**
 * Waits until an app, pod or group is as it should be: its deployment is over, every task runs the new definition and
 * is healthy, and it stayed so for another look. A deployment never fails by itself (reference: marathon.md §4), so the
 * verdict is made here: by a crash loop, or at the deadline, with what went wrong last.
 */
export async function waitUntilGood(
  kind: string,
  id: string,
  sending: Sending,
  pause: (ms: number) => Promise<void>,
  startedAt: number,
): Promise<Verdict> {
  const { clock, deadline, options } = sending;
  const losses = new Losses();
  let goodSince: number | undefined;
  let state = 'nothing was seen yet';
  for (;;) {
    const seen = await look(kind, id, sending, losses, startedAt);
    state = seen.text;
    goodSince = seen.good ? (goodSince ?? clock.now()) : undefined;
    if (goodSince !== undefined && (seen.checked || clock.now() - goodSince >= STEADY_MS))
      return {
        kind: 'good',
        message: state,
        ...(seen.version === undefined ? {} : { version: seen.version }),
      };
    if (losses.count >= FAILURES && !seen.good)
      return { kind: 'bad', message: `its tasks do not stay up: ${losses.text}` };
    if (clock.now() >= deadline)
      return {
        kind: 'bad',
        message: `not done by the deadline: ${state}${await whyNoOffers(id, sending)}${losses.count > 0 ? `; ${losses.text}` : ''}`,
      };
    options.progress?.(state);
    await pause(Math.max(1, deadline - clock.now()));
  }
}

interface Seen {
  good: boolean;
  /** Health checks vouch for it, or there is nothing that could crash. */
  checked: boolean;
  text: string;
  version?: string;
}

async function look(
  kind: string,
  id: string,
  sending: Sending,
  losses: Losses,
  startedAt: number,
): Promise<Seen> {
  try {
    const live = await current(kind, id, sending);
    if (live === undefined) return { good: false, checked: false, text: 'Marathon does not have it' };
    if (kind === 'group') return { good: true, checked: true, text: 'the group is as in Git' };
    return kind === 'pod' ? await lookAtPod(id, live, sending) : lookAtApp(live, losses, startedAt);
  } catch (error) {
    if (errorKind(error) !== 'unavailable') throw error;
    return { good: false, checked: false, text: 'Marathon can not be read just now' };
  }
}

function lookAtApp(app: JsonObject, losses: Losses, startedAt: number): Seen {
  const instances = numberAt(app, 'instances') ?? 1;
  const version = textAt(app, 'version');
  const info = isObject(app['versionInfo']) ? app['versionInfo'] : {};
  // A task carries the version of its last configuration change; scaling alone does not give it a new one.
  const wanted = textAt(info, 'lastConfigChangeAt') ?? version;
  const tasks = objectsAt(app, 'tasks');
  const mine = tasks.filter((t) => textAt(t, 'version') === wanted);
  losses.see(mine, app['lastTaskFailure'], wanted, startedAt);
  const checks = objectsAt(app, 'healthChecks');
  const running = mine.filter(
    (t) => (textAt(t, 'state') ?? 'TASK_RUNNING') === 'TASK_RUNNING' && textAt(t, 'startedAt') !== undefined,
  );
  const healthy = checks.length === 0 ? running : running.filter((t) => isHealthy(t, checks.length));
  const deploying = objectsAt(app, 'deployments').length > 0;
  const others = tasks.length - mine.length;
  const text = `${healthy.length} of ${instances} tasks ${checks.length === 0 ? 'run' : 'are healthy'}${others > 0 ? `, ${others} of the old version left` : ''}`;
  const good = !deploying && healthy.length === instances && others === 0 && mine.length === instances;
  return {
    good,
    checked: checks.length > 0 || instances === 0,
    text,
    ...(version === undefined ? {} : { version }),
  };
}

function isHealthy(task: JsonObject, checks: number): boolean {
  const results = objectsAt(task, 'healthCheckResults');
  return results.length >= checks && results.every((r) => r['alive'] === true);
}

async function lookAtPod(id: string, pod: JsonObject, { client, options }: Sending): Promise<Seen> {
  const status = await client.read(`/v2/pods${pathOf(id)}::status`, options.signal);
  const scaling = isObject(pod['scaling']) ? pod['scaling'] : {};
  const wanted = numberAt(scaling, 'instances') ?? 1;
  const version = textAt(pod, 'version');
  const instances = isObject(status) ? objectsAt(status, 'instances') : [];
  const mine = instances.filter(
    (i) => version === undefined || (textAt(i, 'specReference') ?? '').endsWith(version),
  );
  const stable = mine.filter((i) => (textAt(i, 'status') ?? '').toUpperCase() === 'STABLE');
  const text = `${stable.length} of ${wanted} instances are stable${instances.length > mine.length ? `, ${instances.length - mine.length} of the old version left` : ''}`;
  const good = stable.length === wanted && instances.length === wanted;
  return { good, checked: false, text, ...(version === undefined ? {} : { version }) };
}

/** Tasks of the new definition that ended: told by Marathon as a failure, or simply gone (exit 0 counts as success there). */
class Losses {
  readonly #seen = new Set<string>();
  readonly #gone = new Set<string>();
  readonly #failures = new Map<string, string>();

  see(
    tasks: readonly JsonObject[],
    failure: Json | undefined,
    version: string | undefined,
    startedAt: number,
  ): void {
    const present = new Set(tasks.map((t) => textAt(t, 'id') ?? ''));
    for (const id of this.#seen) if (!present.has(id)) this.#gone.add(id);
    for (const id of present) this.#seen.add(id);
    if (!isObject(failure)) return;
    const [time, host, state, message] = ['timestamp', 'host', 'state', 'message'].map(
      (name) => textAt(failure, name) ?? '',
    );
    // It stays there after a recovery: only one of this definition and of this deployment counts.
    const fresh = textAt(failure, 'version') === version && Date.parse(time ?? '') >= startedAt - 1000;
    if (fresh)
      this.#failures.set(
        `${time ?? ''} ${textAt(failure, 'taskId') ?? ''}`,
        `${state ?? ''} on ${host ?? '?'}: ${message ?? ''}`,
      );
  }

  get count(): number {
    return Math.max(this.#gone.size, this.#failures.size);
  }

  get text(): string {
    const last = [...this.#failures.values()].at(-1);
    const many = `${this.count} ended`;
    return last === undefined
      ? `${many} by themselves, without an error (exit code 0)`
      : `${many}, the last with ${last}`;
  }
}

/** Why Mesos gives it nothing, in words; empty where it does or can't be told. */
async function whyNoOffers(id: string, { client, options }: Sending): Promise<string> {
  const answer = await client.read('/v2/queue', options.signal).catch(() => undefined);
  const item = (isObject(answer) ? objectsAt(answer, 'queue') : []).find((q) =>
    [q['app'], q['pod']].some((spec) => isObject(spec) && spec['id'] === id),
  );
  if (item === undefined) return '';
  const delay = isObject(item['delay']) ? item['delay'] : {};
  if (delay['overdue'] !== true)
    return `; Marathon waits ${String(numberAt(delay, 'timeLeftSeconds') ?? 0)} s before it starts the next task`;
  const summary = isObject(item['processedOffersSummary']) ? item['processedOffersSummary'] : {};
  const reasons = objectsAt(summary, 'rejectSummaryLastOffers').filter(
    (r) => (numberAt(r, 'declined') ?? 0) > 0,
  );
  const words = reasons.map(
    (r) =>
      `${numberAt(r, 'declined') ?? 0} of ${numberAt(r, 'processed') ?? 0} offers: ${WORDS[textAt(r, 'reason') ?? ''] ?? textAt(r, 'reason') ?? ''}`,
  );
  return words.length === 0 ? '; no offer came from Mesos' : `; no offer fits (${words.join(', ')})`;
}

const WORDS: Record<string, string> = {
  InsufficientCpus: 'too few cpus',
  InsufficientMemory: 'too little memory',
  InsufficientDisk: 'too little disk',
  InsufficientGpus: 'too few gpus',
  InsufficientPorts: 'the ports are not free',
  UnfulfilledConstraint: 'a constraint is not met',
  UnfulfilledRole: 'the role does not fit',
  NoCorrespondingReservationFound: 'no reservation fits',
};

import { isObject, type Json, type JsonObject } from '../../../../domain/source/json.js';
import { kindOf as errorKind } from '../../../../runtime/errors.js';
import { numberAt, objectAt, objectsAt, textAt, textsAt } from '../../model/rules/rule.js';
import { plain } from '../api/answers.js';
import { pathOf } from '../documents.js';
import { current, type Sending } from '../current.js';
import { needsOf, type Needs } from './offers.js';
import { podFailure } from './pod-failure.js';

/** One look at a job that is on its way. */
export interface Look {
  /** The deployment is over, every task runs the new definition, is healthy and ready. */
  good: boolean;
  /** Nothing runs that could fail. */
  idle: boolean;
  /** `2 of 3 healthy, 1 of the old version left`. */
  text: string;
  /** Of the definition as it stands. */
  version?: string;
  /** Tasks of the new definition. */
  present: string[];
  wanted: number;
  /** The version that these tasks carry. */
  taskVersion?: string;
  failure?: Json;
  /** What its failing checks say, in words. */
  unhealthy?: string;
  needs?: Needs;
}

const NOTHING = { present: [], wanted: 0 };

/** Looks at an app, pod or group; what can't be read just now is no verdict. */
export async function look(
  { kind, id, restarts, startedAt }: { kind: string; id: string; restarts: boolean; startedAt: number },
  sending: Sending,
): Promise<Look> {
  try {
    const live = await current(kind, id, sending);
    if (live === undefined)
      return { good: false, idle: false, text: 'Marathon does not have it', ...NOTHING };
    if (kind === 'group') return { good: true, idle: true, text: 'the group is as in Git', ...NOTHING };
    return kind === 'pod'
      ? await lookAtPod({ id, restarts, startedAt }, live, sending)
      : await lookAtApp(id, live, sending);
  } catch (error) {
    if (errorKind(error) !== 'unavailable') throw error;
    return { good: false, idle: false, text: 'Marathon can not be read just now', ...NOTHING };
  }
}

async function lookAtApp(id: string, app: JsonObject, sending: Sending): Promise<Look> {
  const wanted = numberAt(app, 'instances') ?? 1;
  const version = textAt(app, 'version');
  // A task carries the version of its last configuration change; scaling alone does not give it a new one.
  const taskVersion = textAt(objectAt(app, 'versionInfo'), 'lastConfigChangeAt') ?? version;
  const tasks = objectsAt(app, 'tasks');
  const mine = tasks.filter((task) => textAt(task, 'version') === taskVersion);
  const running = mine.filter(
    (task) =>
      (textAt(task, 'state') ?? 'TASK_RUNNING') === 'TASK_RUNNING' && textAt(task, 'startedAt') !== undefined,
  );
  const checks = objectsAt(app, 'healthChecks').length;
  const healthy = checks === 0 ? running : running.filter((task) => isHealthy(task, checks));
  const deploying = objectsAt(app, 'deployments').length > 0;
  const left = tasks.length - mine.length;
  const ready =
    deploying && objectsAt(app, 'readinessChecks').length > 0 ? await readiness(id, sending) : undefined;
  const words = [
    `${healthy.length} of ${wanted} ${checks === 0 ? 'running' : 'healthy'}`,
    ready === undefined ? undefined : `${ready} ready`,
    left === 0 ? undefined : `${left} of the old version left`,
  ];
  const sick = checks === 0 ? undefined : complaints(running);
  return {
    good: !deploying && healthy.length === wanted && left === 0 && mine.length === wanted,
    idle: wanted === 0,
    text: words.filter((word) => word !== undefined).join(', '),
    present: mine.map((task) => textAt(task, 'id') ?? ''),
    wanted,
    needs: needsOf('app', app),
    ...(app['lastTaskFailure'] === undefined ? {} : { failure: app['lastTaskFailure'] }),
    ...(sick === undefined ? {} : { unhealthy: sick }),
    ...(taskVersion === undefined ? {} : { taskVersion }),
    ...(version === undefined ? {} : { version }),
  };
}

function isHealthy(task: JsonObject, checks: number): boolean {
  const results = objectsAt(task, 'healthCheckResults');
  return results.length >= checks && results.every((result) => result['alive'] === true);
}

/** What the failing health checks say, once each. */
function complaints(tasks: readonly JsonObject[]): string | undefined {
  const results = tasks.flatMap((task) => {
    const checks = objectsAt(task, 'healthCheckResults');
    if (checks.length === 0) return [`${textAt(task, 'host') ?? '?'}: no health check has passed yet`];
    return checks
      .filter((check) => check['alive'] !== true)
      .map((check) => {
        const cause = textAt(check, 'lastFailureCause');
        const times = numberAt(check, 'consecutiveFailures') ?? 0;
        return `${textAt(task, 'host') ?? '?'}: ${cause === undefined ? 'the health check does not pass' : plain(cause)}${times > 0 ? ` (${times} times)` : ''}`;
      });
  });
  const [first] = results;
  return first === undefined ? undefined : `${results.length} unhealthy, ${first}`;
}

/** How many tasks passed their readiness check; these checks only exist while a deployment runs. */
async function readiness(id: string, { client, options }: Sending): Promise<number | undefined> {
  const answer = await client.read('/v2/deployments', options.signal);
  if (!Array.isArray(answer)) return undefined;
  const results = answer
    .filter(isObject)
    .flatMap((deployment) => objectsAt(deployment, 'currentActions'))
    .filter((action) => action['app'] === id)
    .flatMap((action) => objectsAt(action, 'readinessCheckResults'));
  return results.filter((result) => result['ready'] === true).length;
}

/** Scaling gives a pod a new version, and its instances keep theirs: which is told only where all of them restart. */
async function lookAtPod(
  { id, restarts, startedAt }: { id: string; restarts: boolean; startedAt: number },
  pod: JsonObject,
  { client, options }: Sending,
): Promise<Look> {
  const [status, deployments] = await Promise.all([
    client.read(`/v2/pods${pathOf(id)}::status`, options.signal),
    client.read('/v2/deployments', options.signal),
  ]);
  const wanted = numberAt(objectAt(pod, 'scaling'), 'instances') ?? 1;
  const version = textAt(pod, 'version');
  const instances = isObject(status) ? objectsAt(status, 'instances') : [];
  const mine = instances.filter(
    (each) => !restarts || version === undefined || (textAt(each, 'specReference') ?? '').endsWith(version),
  );
  const stable = mine.filter((each) => (textAt(each, 'status') ?? '').toUpperCase() === 'STABLE');
  const left = instances.length - mine.length;
  const terminated = isObject(status) ? objectsAt(status, 'terminationHistory') : [];
  const failure = podFailure(terminated, { startedAt, version });
  const deploying =
    Array.isArray(deployments) &&
    deployments.some((each) => isObject(each) && textsAt(each, 'affectedPods').includes(id));
  return {
    good: !deploying && stable.length === wanted && instances.length === wanted,
    idle: wanted === 0,
    text: `${stable.length} of ${wanted} stable${left > 0 ? `, ${left} of the old version left` : ''}`,
    present: mine.map((each) => textAt(each, 'id') ?? ''),
    wanted,
    needs: needsOf('pod', pod),
    ...(failure === undefined ? {} : { failure }),
    ...(version === undefined ? {} : { version, taskVersion: version }),
  };
}

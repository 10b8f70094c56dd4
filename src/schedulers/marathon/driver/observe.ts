import { jobRef } from '../../../domain/job/job-ref.js';
import type { LiveJob } from '../../../domain/plan/plan.js';
import { isObject, type JsonObject } from '../../../domain/source/json.js';
import type { LiveTask } from '../../../ports/scheduler.js';
import { OWNER_LABEL } from '../model/normalise/index.js';
import { BESIDE_LABEL } from '../model/rollout.js';
import { listOf, malformed } from './api/answers.js';
import type { MarathonClient } from './api/client.js';
import { pathOf } from './documents.js';

/** All apps, pods, and groups with attributes of their own. Any part that could not be read fails the whole. */
export async function observe(client: MarathonClient, name: string, signal: AbortSignal): Promise<LiveJob[]> {
  const [apps, groups, deployments, podsKnown] = await Promise.all([
    client.read('/v2/apps', signal),
    client.read('/v2/groups?embed=group.groups', signal),
    client.read('/v2/deployments', signal),
    knowsPods(client, signal),
  ]);
  const pods = podsKnown ? await client.read('/v2/pods', signal) : [];
  const changing = affected(listOf(deployments, 'deployments'));
  const appList = listOf(isObject(apps) ? apps['apps'] : undefined, 'apps');
  const root = isObject(groups) ? groups : undefined;
  if (root === undefined) throw malformed('groups');
  return [
    ...appList.map((spec) => toLive(name, 'app', spec, changing)),
    ...listOf(pods, 'pods').map((spec) => toLive(name, 'pod', spec, changing)),
    ...groupsBelow(root).map((spec) => toLive(name, 'group', spec, changing)),
  ];
}

/** One app, pod or group, as the whole list would have it. */
export async function find(
  client: MarathonClient,
  name: string,
  { kind, id }: { kind: string; id: string },
  signal: AbortSignal,
): Promise<LiveJob | undefined> {
  const path =
    kind === 'pod'
      ? `/v2/pods${pathOf(id)}`
      : kind === 'group'
        ? `/v2/groups${pathOf(id)}`
        : `/v2/apps${pathOf(id)}`;
  const answer = await client.read(kind === 'group' ? `${path}?embed=group.groups` : path, signal);
  if (!isObject(answer)) return undefined;
  if (kind === 'group')
    return groupsBelow(answer)
      .map((spec) => toLive(name, 'group', spec, new Set()))
      .find((job) => job.id === id);
  const spec = kind === 'pod' ? answer : answer['app'];
  if (!isObject(spec)) throw malformed(`${kind} ${id}`);
  const deploying = kind === 'app' && listOf(spec['deployments'] ?? [], 'deployments').length > 0;
  return toLive(name, kind, spec, new Set(deploying ? [id] : []));
}

/** Before 1.4 there are no pods: 404. Any other trouble is an error, or every pod would look as if it were gone. */
async function knowsPods(client: MarathonClient, signal: AbortSignal): Promise<boolean> {
  return (await client.probe('/v2/pods', signal)) === 200;
}

function toLive(name: string, kind: string, spec: JsonObject, changing: ReadonlySet<string>): LiveJob {
  const id = spec['id'];
  if (typeof id !== 'string') throw malformed(kind);
  const labels = spec['labels'];
  const owner = isObject(labels) ? labels[OWNER_LABEL] : undefined;
  const version = spec['version'];
  const first = isObject(labels) ? labels[BESIDE_LABEL] : undefined;
  return {
    ref: jobRef(name, id),
    kind,
    id,
    spec,
    ...(typeof version === 'string' && kind !== 'group' ? { version } : {}),
    ...(typeof owner === 'string' ? { ownerLabel: owner } : {}),
    ...(typeof first === 'string' ? { beside: jobRef(name, first) } : {}),
    ...(changing.has(id) ? { deploying: true } : {}),
  };
}

/** Only own attributes count: apps and groups below are jobs of their own. */
function groupsBelow(root: JsonObject): JsonObject[] {
  const found: JsonObject[] = [];
  const waiting = [root];
  for (let group = waiting.pop(); group !== undefined; group = waiting.pop()) {
    const { id, dependencies, enforceRole, groups } = group;
    const own = (Array.isArray(dependencies) && dependencies.length > 0) || enforceRole === true;
    if (own && typeof id === 'string')
      found.push({
        id,
        dependencies: dependencies ?? [],
        ...(enforceRole === undefined ? {} : { enforceRole }),
      });
    if (Array.isArray(groups)) for (const child of groups) if (isObject(child)) waiting.push(child);
  }
  return found;
}

function affected(deployments: readonly JsonObject[]): Set<string> {
  const ids = new Set<string>();
  for (const d of deployments)
    for (const list of [d['affectedApps'], d['affectedPods']])
      if (Array.isArray(list)) for (const id of list) if (typeof id === 'string') ids.add(id);
  return ids;
}

/** Running tasks of an app, or the containers' instances of a pod. */
export async function tasksOf(client: MarathonClient, id: string, signal: AbortSignal): Promise<LiveTask[]> {
  const answer = await client.read(`/v2/apps${pathOf(id)}/tasks`, signal);
  if (isObject(answer)) return listOf(answer['tasks'], 'tasks').map((task) => toTask(task, id));
  if (!(await knowsPods(client, signal))) return [];
  const status = await client.read(`/v2/pods${pathOf(id)}::status`, signal);
  return isObject(status)
    ? listOf(status['instances'] ?? [], 'instances').map((instance) => toPodTask(instance, id))
    : [];
}

function toTask(task: JsonObject, jobId: string): LiveTask {
  const { id, host, ports, state, version, startedAt, healthCheckResults } = task;
  const results = Array.isArray(healthCheckResults) ? healthCheckResults.filter(isObject) : [];
  return {
    id: String(id),
    jobId,
    ports: Array.isArray(ports) ? ports.filter((p) => typeof p === 'number') : [],
    state: typeof state === 'string' ? state : 'unknown',
    ...(typeof host === 'string' ? { host } : {}),
    ...(results.length === 0 ? {} : { healthy: results.every((r) => r['alive'] === true) }),
    ...(typeof version === 'string' ? { version } : {}),
    ...(typeof startedAt === 'string' ? { startedAt } : {}),
  };
}

function toPodTask(instance: JsonObject, jobId: string): LiveTask {
  const { id, agentHostname, status, specReference, statusSince } = instance;
  const containers = Array.isArray(instance['containers']) ? instance['containers'].filter(isObject) : [];
  const endpoints = containers.flatMap((c) =>
    Array.isArray(c['endpoints']) ? c['endpoints'].filter(isObject) : [],
  );
  const containerIds = containers.flatMap(({ containerId }) =>
    typeof containerId === 'string' ? [containerId] : [],
  );
  const version = typeof specReference === 'string' ? specReference.split('/').at(-1) : undefined;
  return {
    id: String(id),
    jobId,
    ports: endpoints.flatMap((e) =>
      typeof e['allocatedHostPort'] === 'number' ? [e['allocatedHostPort']] : [],
    ),
    state: typeof status === 'string' ? status : 'unknown',
    ...(typeof agentHostname === 'string' ? { host: agentHostname } : {}),
    ...(version === undefined ? {} : { version }),
    ...(typeof statusSince === 'string' ? { startedAt: statusSince } : {}),
    ...(containerIds.length === 0 ? {} : { containerIds }),
  };
}

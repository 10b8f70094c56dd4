import type { Deployments } from './deployments.js';
import type { Engine } from './engine.js';
import { asDoc, asList, type Doc, type LiveTask, type RunSpec } from './types.js';

/** An app as GET answers it: the stored definition with counts, deployments and, where asked for, more. */
export function appView(
  spec: RunSpec,
  engine: Engine,
  deployments: Deployments,
  embed: { tasks?: boolean; failure?: boolean } = {},
): Doc {
  const tasks = engine.of(spec.id).filter((t) => !t.killing);
  const checks = asList(spec.spec['healthChecks']).length;
  const alive = tasks.filter((t) => t.health.length > 0 && t.health.every((h) => h.alive));
  const sick = tasks.filter((t) => t.health.some((h) => h.seen && !h.alive && h.failures > 0));
  return {
    ...spec.spec,
    version: spec.version,
    versionInfo: { lastScalingAt: spec.scalingVersion, lastConfigChangeAt: spec.configVersion },
    tasksStaged: tasks.filter((t) => t.state === 'TASK_STAGING').length,
    tasksRunning: tasks.filter((t) => t.state === 'TASK_RUNNING').length,
    tasksHealthy: checks === 0 ? 0 : alive.length,
    tasksUnhealthy: sick.length,
    deployments: deployments.running
      .filter((d) => d.steps.flat().some((a) => a.id === spec.id))
      .map(({ id }) => ({ id })),
    ...(embed.tasks === true ? { tasks: tasks.map(taskView) } : {}),
    ...(embed.failure === true && spec.lastTaskFailure !== undefined
      ? { lastTaskFailure: spec.lastTaskFailure }
      : {}),
  };
}

export function taskView(task: LiveTask): Doc {
  const results = task.health.filter((h) => h.seen);
  return {
    id: task.id,
    appId: task.specId,
    slaveId: task.agent,
    host: '127.0.0.1',
    ipAddresses: [{ ipAddress: '127.0.0.1', protocol: 'IPv4' }],
    ports: task.ports,
    servicePorts: [],
    state: task.state,
    stagedAt: task.stagedAt,
    ...(task.startedAt === undefined ? {} : { startedAt: task.startedAt }),
    version: task.version,
    ...(task.health.length === 0
      ? {}
      : {
          healthCheckResults: results.map((h) => ({
            alive: h.alive,
            consecutiveFailures: h.failures,
            firstSuccess: h.firstSuccess ?? null,
            lastSuccess: h.lastSuccess ?? null,
            lastFailure: h.lastFailure ?? null,
            lastFailureCause: h.cause ?? null,
            instanceId: task.id,
          })),
        }),
  };
}

/** A pod as GET answers it. */
export function podView(spec: RunSpec): Doc {
  return { ...spec.spec, version: spec.version };
}

export function podStatus(spec: RunSpec, engine: Engine): Doc {
  const tasks = engine.of(spec.id).filter((t) => !t.killing);
  const wanted = engine.instances(spec);
  const stable = tasks.filter((t) => t.state === 'TASK_RUNNING');
  const containers = asList(spec.spec['containers']).map(asDoc);
  return {
    id: spec.id,
    spec: podView(spec),
    status: stable.length >= wanted ? 'STABLE' : 'DEGRADED',
    statusSince: spec.version,
    lastUpdated: new Date().toISOString(),
    lastChanged: spec.version,
    instances: tasks.map((task) => {
      const ports = [...task.ports];
      return {
        id: task.id,
        status: task.state === 'TASK_RUNNING' ? 'STABLE' : 'STAGING',
        statusSince: task.startedAt ?? task.stagedAt,
        agentHostname: '127.0.0.1',
        agentId: task.agent,
        specReference: `/v2/pods${spec.id}::versions/${task.version}`,
        containers: containers.map((c) => ({
          name: c['name'],
          containerId: `${task.id}.${String(c['name'])}`,
          status: task.state,
          endpoints: asList(c['endpoints']).map((e) => ({
            name: asDoc(e)['name'],
            allocatedHostPort: ports.shift() ?? 0,
          })),
        })),
      };
    }),
    terminationHistory: spec.terminated ?? [],
  };
}

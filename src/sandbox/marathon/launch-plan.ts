import path from 'node:path';
import type { Mount, PublishedPort } from '../../ports/containers.js';
import type { TaskContainer, TaskSpec } from '../tasks/task.js';
import { asDoc, asList, numberOf, type Doc, type RunSpec, type Task } from './types.js';

export interface Command extends Pick<TaskSpec, 'command' | 'container' | 'env'> {
  /** Suffix of the task's folder; pods have several. */
  name: string;
}

interface LaunchPlan {
  freePorts: number;
  /** Host ports in order, fixed ones kept. */
  assign(free: number[]): number[];
  commands(task: Task): Command[];
}

/** What is started for one instance of a spec, with the variables that Marathon gives its tasks. */
export function launchPlanOf(spec: RunSpec): LaunchPlan {
  return spec.kind === 'pod' ? podPlan(spec) : appPlan(spec);
}

function appPlan(run: RunSpec): LaunchPlan {
  const { spec } = run;
  const host = spec['portDefinitions'] !== undefined;
  const mappings = asList(asDoc(spec['container'])['portMappings']).map(asDoc);
  const requests = host ? asList(spec['portDefinitions']).map(asDoc) : mappings;
  // Ports of the service range are names for routers; hosts get them only when the app insists.
  const fixed = requests.map((r) =>
    host ? (spec['requirePorts'] === true ? numberOf(r['port'], 0) : 0) : numberOf(r['hostPort'], 0),
  );
  return {
    freePorts: fixed.filter((p) => p === 0).length,
    assign: (free) => fixed.map((p) => (p === 0 ? (free.shift() ?? 0) : p)),
    commands(task) {
      const args = asList(spec['args']).map(String);
      const container = appContainer(run, task, mappings);
      const env = {
        ...identity(run, task),
        ...portVariables(requests, task, host ? 'port' : 'containerPort'),
        ...textual(spec['env']),
      };
      return [
        {
          name: '',
          ...(typeof spec['cmd'] === 'string'
            ? { command: { shell: spec['cmd'] } }
            : args.length > 0
              ? { command: { argv: args } }
              : {}),
          ...(container === undefined ? {} : { container }),
          env,
        },
      ];
    },
  };
}

function identity({ spec, id, configVersion }: RunSpec, task: Task): Record<string, string> {
  const labels = Object.entries(asDoc(spec['labels']));
  const image = asDoc(asDoc(spec['container'])['docker'])['image'];
  return {
    MARATHON_APP_ID: id,
    MARATHON_APP_VERSION: configVersion,
    MARATHON_APP_RESOURCE_CPUS: String(spec['cpus']),
    MARATHON_APP_RESOURCE_MEM: String(spec['mem']),
    MARATHON_APP_LABELS: labels.map(([name]) => variable(name)).join(' '),
    MESOS_TASK_ID: task.id,
    HOST: '127.0.0.1',
    ...(typeof image === 'string' ? { MARATHON_APP_DOCKER_IMAGE: image } : {}),
    ...Object.fromEntries(
      labels.map(([name, value]) => [`MARATHON_APP_LABEL_${variable(name)}`, String(value)]),
    ),
  };
}

/** PORT0 and so on are host ports in every network mode; a port that was asked for by number has a variable of that number. */
function portVariables(requests: readonly Doc[], { ports }: Task, field: string): Record<string, string> {
  const env: Record<string, string> = { PORTS: ports.join(',') };
  if (ports[0] !== undefined) env['PORT'] = String(ports[0]);
  ports.forEach((port, at) => {
    const { name, [field]: asked } = requests[at] ?? {};
    env[`PORT${at}`] = String(port);
    if (typeof asked === 'number' && asked !== 0) env[`PORT_${asked}`] = String(port);
    if (typeof name === 'string') env[`PORT_${variable(name)}`] = String(port);
  });
  return env;
}

function appContainer({ spec }: RunSpec, task: Task, mappings: readonly Doc[]): TaskContainer | undefined {
  const container = asDoc(spec['container']);
  const docker = asDoc(container['docker']);
  if (typeof docker['image'] !== 'string') return undefined;
  const network = asDoc(asList(spec['networks'])[0])['mode'] ?? 'host';
  return {
    image: docker['image'],
    forcePull: docker['forcePullImage'] === true,
    privileged: docker['privileged'] === true,
    network: network === 'host' ? 'host' : 'bridge',
    ports: mappings.flatMap((m, at) =>
      published(numberOf(m['containerPort'], 0), task.ports[at] ?? 0, m['protocol']),
    ),
    mounts: mountsOf(container['volumes']),
    memory: numberOf(spec['mem'], 128),
  };
}

/** Container port 0 is the same number as the host port; `udp,tcp` is both. */
function published(containerPort: number, hostPort: number, protocols: unknown): PublishedPort[] {
  return (typeof protocols === 'string' ? protocols : 'tcp')
    .split(',')
    .filter((protocol): protocol is 'tcp' | 'udp' => protocol === 'tcp' || protocol === 'udp')
    .map((protocol) => ({
      containerPort: containerPort === 0 ? hostPort : containerPort,
      hostPort,
      protocol,
    }));
}

/** Folders of the host. Persistent and external volumes have no place here. */
function mountsOf(volumes: unknown): Mount[] {
  return asList(volumes)
    .map(asDoc)
    .flatMap(({ hostPath, containerPath, mode }) =>
      typeof hostPath === 'string' && typeof containerPath === 'string' && path.isAbsolute(hostPath)
        ? [{ hostPath, containerPath, readOnly: mode === 'RO' }]
        : [],
    );
}

function podPlan({ spec, id, configVersion }: RunSpec): LaunchPlan {
  const containers = asList(spec['containers']).map(asDoc);
  const endpoints = containers.flatMap((c) => asList(c['endpoints']).map(asDoc));
  const fixed = endpoints.map((e) => numberOf(e['hostPort'], 0));
  const isHost = (asDoc(asList(spec['networks'])[0])['mode'] ?? 'host') === 'host';
  return {
    freePorts: fixed.filter((p) => p === 0).length,
    assign: (free) => fixed.map((p) => (p === 0 ? (free.shift() ?? 0) : p)),
    commands(task) {
      const shared: Record<string, string> = {
        MARATHON_APP_ID: id,
        MARATHON_APP_VERSION: configVersion,
        MESOS_TASK_ID: task.id,
        HOST: '127.0.0.1',
        ...Object.fromEntries(
          endpoints.map((e, at) => [`ENDPOINT_${variable(String(e['name']))}`, String(task.ports[at] ?? 0)]),
        ),
      };
      return containers.map((container): Command => {
        const command = asDoc(asDoc(container['exec'])['command']);
        const argv = asList(command['argv']).map(String);
        const image = asDoc(container['image']);
        const mine = asList(container['endpoints']).map(asDoc);
        return {
          name: `.${String(container['name'])}`,
          ...(typeof command['shell'] === 'string'
            ? { command: { shell: command['shell'] } }
            : argv.length > 0
              ? { command: { argv } }
              : {}),
          ...(typeof image['id'] === 'string' && image['kind'] === 'DOCKER'
            ? {
                container: {
                  image: image['id'],
                  forcePull: image['forcePull'] === true,
                  privileged: false,
                  network: isHost ? ('host' as const) : ('bridge' as const),
                  ports: mine.flatMap((e) => {
                    const hostPort = task.ports[endpoints.indexOf(e)] ?? 0;
                    return asList(e['protocol'] ?? ['tcp']).flatMap((protocol) =>
                      published(numberOf(e['containerPort'], 0), hostPort, protocol),
                    );
                  }),
                  mounts: [],
                  memory: numberOf(asDoc(container['resources'])['mem'], 128),
                },
              }
            : {}),
          env: {
            ...shared,
            MESOS_CONTAINER_NAME: String(container['name']),
            ...(typeof image['id'] === 'string' ? { MARATHON_APP_DOCKER_IMAGE: image['id'] } : {}),
            ...textual(spec['environment']),
            ...textual(container['environment']),
          },
        };
      });
    },
  };
}

function variable(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]/g, '_');
}

function textual(env: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(asDoc(env)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

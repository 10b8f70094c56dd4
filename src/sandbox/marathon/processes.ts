import type { TaskSpec } from '../tasks/runner.js';
import { asDoc, asList, numberOf, type RunSpec, type Task } from './types.js';

interface Command {
  /** Suffix of the task's folder; pods have several. */
  name: string;
  command: TaskSpec['command'];
  env: Record<string, string>;
  /** Why it can't run on this machine. */
  problem?: string;
}

interface Plan {
  freePorts: number;
  /** Host ports in order, fixed ones kept. */
  assign(free: number[]): number[];
  commands(task: Task): Command[];
}

/** What is started for one instance of a spec, with the variables that Marathon gives its tasks. */
export function processesOf(spec: RunSpec): Plan {
  return spec.kind === 'pod' ? podPlan(spec) : appPlan(spec);
}

function appPlan({ spec, id, configVersion }: RunSpec): Plan {
  const container = asDoc(spec['container']);
  const definitions = asList(spec['portDefinitions']).map(asDoc);
  const mappings = asList(container['portMappings']).map(asDoc);
  const host = spec['portDefinitions'] !== undefined;
  // Ports of the service range are names for routers; hosts get them only when the app insists.
  const fixed = host
    ? definitions.map((d) => (spec['requirePorts'] === true ? numberOf(d['port'], 0) : 0))
    : mappings.map((m) => numberOf(m['hostPort'], 0));
  const names = (host ? definitions : mappings).map((d) =>
    typeof d['name'] === 'string' ? d['name'] : undefined,
  );
  const image = asDoc(container['docker'])['image'];
  return {
    freePorts: fixed.filter((p) => p === 0).length,
    assign: (free) => fixed.map((p) => (p === 0 ? (free.shift() ?? 0) : p)),
    commands(task) {
      const env: Record<string, string> = {
        MARATHON_APP_ID: id,
        MARATHON_APP_VERSION: configVersion,
        MARATHON_APP_RESOURCE_CPUS: String(spec['cpus']),
        MARATHON_APP_RESOURCE_MEM: String(spec['mem']),
        MARATHON_APP_LABELS: Object.keys(asDoc(spec['labels']))
          .map((l) => l.toUpperCase().replace(/[^A-Z0-9]/g, '_'))
          .join(' '),
        MESOS_TASK_ID: task.id,
        HOST: '127.0.0.1',
        ...(typeof image === 'string' ? { MARATHON_APP_DOCKER_IMAGE: image } : {}),
      };
      for (const [name, value] of Object.entries(asDoc(spec['labels'])))
        env[`MARATHON_APP_LABEL_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`] = String(value);
      task.ports.forEach((port, at) => {
        env[`PORT${at}`] = String(port);
        const name = names[at];
        if (name !== undefined) env[`PORT_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`] = String(port);
      });
      if (task.ports.length > 0) env['PORT'] = String(task.ports[0]);
      env['PORTS'] = task.ports.join(',');
      Object.assign(env, textual(spec['env']));
      const args = asList(spec['args']).map(String);
      if (typeof spec['cmd'] === 'string') return [{ name: '', command: { shell: spec['cmd'] }, env }];
      if (args.length > 0 && image === undefined) return [{ name: '', command: { argv: args }, env }];
      return [
        {
          name: '',
          command: { shell: 'exit 1' },
          env,
          problem: `the image ${String(image)} has an entry point of its own, and images do not run here; give the app a cmd`,
        },
      ];
    },
  };
}

function podPlan({ spec, id, configVersion }: RunSpec): Plan {
  const containers = asList(spec['containers']).map(asDoc);
  const endpoints = containers.flatMap((c) => asList(c['endpoints']).map(asDoc));
  const fixed = endpoints.map((e) => numberOf(e['hostPort'], 0));
  return {
    freePorts: fixed.filter((p) => p === 0).length,
    assign: (free) => fixed.map((p) => (p === 0 ? (free.shift() ?? 0) : p)),
    commands(task) {
      const shared: Record<string, string> = {
        MARATHON_APP_ID: id,
        MARATHON_APP_VERSION: configVersion,
        MESOS_TASK_ID: task.id,
        HOST: '127.0.0.1',
      };
      endpoints.forEach(
        (e, at) =>
          (shared[
            `ENDPOINT_${String(e['name'])
              .toUpperCase()
              .replace(/[^A-Z0-9]/g, '_')}`
          ] = String(task.ports[at] ?? 0)),
      );
      return containers.map((container): Command => {
        const name = `.${String(container['name'])}`;
        const command = asDoc(asDoc(container['exec'])['command']);
        const image = asDoc(container['image'])['id'];
        const env = {
          ...shared,
          MESOS_CONTAINER_NAME: String(container['name']),
          ...(typeof image === 'string' ? { MARATHON_APP_DOCKER_IMAGE: image } : {}),
          ...textual(spec['environment']),
          ...textual(container['environment']),
        };
        if (typeof command['shell'] === 'string') return { name, command: { shell: command['shell'] }, env };
        if (asList(command['argv']).length > 0)
          return { name, command: { argv: asList(command['argv']).map(String) }, env };
        return {
          name,
          command: { shell: 'exit 1' },
          env,
          problem: `the container ${String(container['name'])} has no command, and images do not run here`,
        };
      });
    },
  };
}

function textual(env: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(asDoc(env)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

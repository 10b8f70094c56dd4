import { isObject, pointer, type Json, type JsonObject } from '../../../../domain/source/json.js';
import { idProblem } from '../ids.js';
import { checkConstraint } from './constraints.js';
import { containerType, networkModes, portMappings } from './facts.js';
import { checkHealth, checkNetworks, checkReadiness, unique } from './networking.js';
import { checkResident, checkVolumes } from './volumes.js';
import { listAt, numberAt, objectAt, objectsAt, textAt, upperAt, type Report, type Rule } from './rule.js';

const docker = (app: JsonObject): JsonObject | undefined =>
  objectAt(objectAt(app, 'container') ?? {}, 'docker');
const nonEmpty = (value: Json | undefined): boolean => Array.isArray(value) && value.length > 0;

/** What Marathon refuses of an app beyond its schema (reference: marathon.md §3), and what it accepts and then bites. */
export const APP_RULES: readonly Rule[] = [
  {
    code: 'marathon/id',
    summary: 'ids hold lower-case letters, digits, dashes and dots; some last parts are reserved',
    check: (app, report) => checkId(app, report),
  },
  {
    code: 'marathon/command',
    summary: 'an app has cmd or args, or neither with a Docker image',
    check: (app, report) => {
      const [cmd, args] = [app['cmd'] !== undefined && app['cmd'] !== null, nonEmpty(app['args'])];
      if (cmd && args) report('/args', 'cmd and args exclude each other', 'Keep one of them.');
      if (!cmd && !args && textAt(docker(app), 'image') === undefined)
        report(
          '',
          'the app has neither cmd nor args nor a Docker image',
          'Add cmd, for example "cmd": "sleep 3600".',
        );
    },
  },
  {
    code: 'marathon/container-docker',
    summary: 'a DOCKER container needs docker.image; pullConfig, gpus and check are for MESOS only',
    check: (app, report) => {
      if (containerType(app) !== 'DOCKER') return;
      if (docker(app) === undefined)
        report(
          '/container',
          'a container of type DOCKER needs "docker"',
          'Add docker.image, or set "type": "MESOS".',
        );
      if (docker(app)?.['pullConfig'] !== undefined)
        report(
          '/container/docker/pullConfig',
          'pullConfig needs a container of type MESOS',
          'Set container.type to MESOS, or put the credentials into fetch.',
        );
      if ((numberAt(app, 'gpus') ?? 0) > 0)
        report('/gpus', 'gpus need a container of type MESOS', 'Set container.type to MESOS.');
      if (app['check'] !== undefined)
        report('/check', 'check is not supported for Docker containers', 'Use healthChecks.');
    },
  },
  {
    code: 'marathon/container-mesos',
    summary:
      'a MESOS container knows no docker.network, docker.parameters, docker.portMappings, docker.privileged',
    check: (app, report) => {
      if (containerType(app) !== 'MESOS') return;
      for (const name of ['network', 'parameters', 'portMappings'])
        if (
          docker(app)?.[name] !== undefined &&
          !(Array.isArray(docker(app)?.[name]) && listAt(docker(app), name).length === 0)
        )
          report(
            `/container/docker/${name}`,
            `docker.${name} is not allowed for containers of type MESOS`,
            name === 'portMappings'
              ? 'Use container.portMappings with networks.'
              : 'Remove it, or set container.type to DOCKER.',
          );
    },
  },
  {
    code: 'marathon/docker-credential',
    summary: 'docker.credential is no longer supported',
    check: (app, report) => {
      if (docker(app)?.['credential'] !== undefined)
        report(
          '/container/docker/credential',
          'credentials are no longer supported',
          'Use pullConfig with a secret (type MESOS), or fetch a .dockercfg.',
        );
    },
  },
  {
    code: 'marathon/secret-undeclared',
    summary: 'a secret that is referred to must be declared in secrets',
    check: (app, report) => checkSecrets(app, report),
  },
  {
    code: 'marathon/ports-conflict',
    summary: 'ports and portDefinitions only when equivalent, neither with ipAddress',
    check: (app, report) => {
      const [ports, definitions] = [listAt(app, 'ports'), objectsAt(app, 'portDefinitions')];
      const differ =
        ports.length !== definitions.length || ports.some((p, at) => p !== (definitions[at]?.['port'] ?? 0));
      if (Array.isArray(app['ports']) && Array.isArray(app['portDefinitions']) && differ)
        report('/ports', 'ports and portDefinitions are both given and differ', 'Remove ports.');
      if (objectAt(app, 'ipAddress') !== undefined && ports.length > 0)
        report(
          '/ports',
          'ports are not allowed together with ipAddress',
          'Remove ports, or use networks and container.portMappings.',
        );
      if (objectAt(app, 'ipAddress') !== undefined && definitions.length > 0)
        report(
          '/portDefinitions',
          'portDefinitions are not allowed together with ipAddress',
          'Remove them, or use networks and container.portMappings.',
        );
    },
  },
  {
    code: 'marathon/networks-conflict',
    summary: 'the deprecated ipAddress and docker.network do not go with networks',
    check: (app, report) => {
      if (!nonEmpty(app['networks'])) return;
      if (objectAt(app, 'ipAddress') !== undefined)
        report('/ipAddress', 'ipAddress is not allowed together with networks', 'Remove ipAddress.');
      if (docker(app)?.['network'] !== undefined)
        report(
          '/container/docker/network',
          'docker.network is not allowed together with networks',
          'Remove docker.network.',
        );
    },
  },
  {
    code: 'marathon/discovery-docker',
    summary: 'ipAddress.discovery is not for Docker containers',
    check: (app, report) => {
      const discovery = objectAt(objectAt(app, 'ipAddress') ?? {}, 'discovery');
      if (discovery !== undefined && containerType(app) === 'DOCKER')
        report(
          '/ipAddress/discovery',
          'ipAddress.discovery is not allowed for Docker containers',
          'Use container.portMappings.',
        );
    },
  },
  {
    code: 'marathon/uris-and-fetch',
    summary: 'uris and fetch exclude each other',
    check: (app, report) => {
      if (nonEmpty(app['uris']) && nonEmpty(app['fetch']))
        report('/uris', 'uris and fetch exclude each other', 'Move the URIs into fetch.');
    },
  },
  {
    code: 'marathon/ports-unique',
    summary: 'port names and fixed ports are unique within an app',
    check: (app, report) => {
      const definitions = objectsAt(app, 'portDefinitions');
      unique(
        definitions.map((d) => textAt(d, 'name')),
        (at, value) =>
          report(
            `/portDefinitions/${at}/name`,
            `the port name "${value}" is there twice`,
            'Give each port its own name.',
          ),
      );
      unique(
        definitions.map((d) => (numberAt(d, 'port') ?? 0) || undefined),
        (at, value) =>
          report(
            `/portDefinitions/${at}/port`,
            `the port ${value} is there twice`,
            'Give each its own port, or 0.',
          ),
      );
      unique(
        portMappings(app).map((m) => textAt(m, 'name')),
        (at, value) =>
          report(
            `/container/portMappings/${at}/name`,
            `the port name "${value}" is there twice`,
            'Give each port its own name.',
          ),
      );
    },
  },
  {
    code: 'marathon/networks',
    summary: 'one host, or one bridge, or container networks; names only where they mean something',
    check: (app, report) => checkNetworks(app, report),
  },
  {
    code: 'marathon/health-check',
    summary: 'health checks name a port that exists, and a command where they are of protocol COMMAND',
    check: (app, report) => checkHealth(app, report),
  },
  {
    code: 'marathon/readiness-check',
    summary: 'a readiness check names a port that exists and ends before the next one begins',
    check: (app, report) => checkReadiness(app, report),
  },
  {
    code: 'marathon/constraint',
    summary: 'constraints are [field, OPERATOR, value] with an operator that Marathon knows',
    check: (app, report) =>
      listAt(app, 'constraints').forEach((c, at) =>
        checkConstraint(Array.isArray(c) ? c : [], `/constraints/${at}`, report),
      ),
  },
  {
    code: 'marathon/unreachable',
    summary: 'inactiveAfterSeconds is at most expungeAfterSeconds',
    check: (app, report) => {
      const strategy = objectAt(app, 'unreachableStrategy');
      const [inactive, expunge] = [
        numberAt(strategy, 'inactiveAfterSeconds') ?? 0,
        numberAt(strategy, 'expungeAfterSeconds') ?? 0,
      ];
      if (strategy !== undefined && inactive > expunge)
        report(
          '/unreachableStrategy',
          'inactiveAfterSeconds is larger than expungeAfterSeconds',
          'Make expungeAfterSeconds at least as large.',
        );
    },
  },
  {
    code: 'marathon/volume',
    summary: 'every volume is exactly one of host, persistent, external or secret, and has a mode',
    check: (app, report) => checkVolumes(app, report),
  },
  {
    code: 'marathon/resident',
    summary: 'apps with persistent volumes never run over capacity and keep unreachable instances',
    check: (app, report) => checkResident(app, report),
  },
  {
    code: 'marathon/single-instance',
    summary: 'MARATHON_SINGLE_INSTANCE_APP needs at most one instance and an upgradeStrategy of 0/0',
    check: (app, report) => {
      if (textAt(objectAt(app, 'labels'), 'MARATHON_SINGLE_INSTANCE_APP') !== 'true') return;
      if ((numberAt(app, 'instances') ?? 1) > 1)
        report('/instances', 'a single-instance app has at most one instance', 'Set instances to 1.');
      const strategy = objectAt(app, 'upgradeStrategy');
      if (
        numberAt(strategy, 'minimumHealthCapacity') !== 0 ||
        numberAt(strategy, 'maximumOverCapacity') !== 0
      )
        report(
          '/upgradeStrategy',
          'a single-instance app needs minimumHealthCapacity 0 and maximumOverCapacity 0',
          'Write both.',
        );
    },
  },
  {
    code: 'marathon/migration-labels',
    summary: 'DCOS_MIGRATION_API_VERSION is v1 and comes with two more labels',
    check: (app, report) => {
      const labels = objectAt(app, 'labels');
      const version = textAt(labels, 'DCOS_MIGRATION_API_VERSION');
      if (version === undefined) return;
      if (version !== 'v1')
        report('/labels/DCOS_MIGRATION_API_VERSION', 'DCOS_MIGRATION_API_VERSION must be v1', 'Write v1.');
      for (const name of ['DCOS_PACKAGE_FRAMEWORK_NAME', 'DCOS_MIGRATION_API_PATH'])
        if (textAt(labels, name) === undefined)
          report('/labels', `DCOS_MIGRATION_API_VERSION needs the label ${name}`, 'Add it.');
    },
  },
  {
    code: 'marathon/limits',
    summary: 'resource limits are at least what is requested',
    check: (app, report) => {
      const limits = objectAt(app, 'resourceLimits');
      for (const [name, preset] of [
        ['cpus', 1],
        ['mem', 128],
      ] as const) {
        const limit = numberAt(limits, name);
        if (limit !== undefined && limit < (numberAt(app, name) ?? preset))
          report(
            `/resourceLimits/${name}`,
            `the limit of ${name} is below the request`,
            'Raise the limit, or lower the request.',
          );
      }
    },
  },
  {
    code: 'marathon/port-index',
    severity: 'warning',
    summary: 'a health check without portIndex restarts the app when Marathon fills it in',
    check: (app, report) =>
      objectsAt(app, 'healthChecks').forEach((check, at) => {
        if (
          upperAt(check, 'protocol') !== 'COMMAND' &&
          check['portIndex'] === undefined &&
          check['port'] === undefined
        )
          report(
            `/healthChecks/${at}`,
            'the health check names no portIndex',
            'Write "portIndex": 0: Marathon fills it in later, and that restarts the app.',
          );
      }),
  },
  {
    code: 'marathon/port-mappings-dropped',
    severity: 'warning',
    summary: 'portMappings without networks are silently dropped',
    check: (app, report) => {
      if (portMappings(app).length > 0 && networkModes(app)[0] === 'host')
        report(
          '/container/portMappings',
          'portMappings are dropped in host networking',
          'Add "networks": [{"mode": "container/bridge"}].',
        );
    },
  },
  {
    code: 'marathon/require-ports',
    severity: 'warning',
    summary: 'requirePorts with port 0 asks for a port that is never offered',
    check: (app, report) => {
      const definitions = objectsAt(app, 'portDefinitions');
      if (
        app['requirePorts'] === true &&
        definitions.some((d) => (numberAt(d, 'port') ?? 0) === 0) &&
        networkModes(app)[0] === 'host'
      )
        report(
          '/requirePorts',
          'requirePorts with port 0 asks for a host port that may never be offered',
          'Name the port, or remove requirePorts.',
        );
    },
  },
];

export function checkId(spec: JsonObject, report: Report): void {
  const id = textAt(spec, 'id');
  const problem = id === undefined ? undefined : idProblem(id);
  if (problem !== undefined) report('/id', `"${id ?? ''}" is no id: ${problem}`, 'For example: /shop/web');
  listAt(spec, 'dependencies').forEach((dependency, at) => {
    const bad = typeof dependency === 'string' ? idProblem(dependency) : undefined;
    if (bad !== undefined)
      report(`/dependencies/${at}`, `"${String(dependency)}" is no id: ${bad}`, 'For example: /shop/api');
  });
}

function checkSecrets(app: JsonObject, report: Report): void {
  const declared = objectAt(app, 'secrets') ?? {};
  const need = (name: string | undefined, at: string): void => {
    if (name !== undefined && !Object.hasOwn(declared, name))
      report(at, `the secret "${name}" is not declared`, `Add "secrets": {"${name}": {"source": "PATH"}}.`);
  };
  for (const [name, value] of Object.entries(objectAt(app, 'env') ?? {}))
    if (isObject(value)) need(textAt(value, 'secret'), `/env${pointer(name)}`);
  need(textAt(objectAt(docker(app) ?? {}, 'pullConfig'), 'secret'), '/container/docker/pullConfig/secret');
  objectsAt(objectAt(app, 'container'), 'volumes').forEach((volume, at) =>
    need(textAt(volume, 'secret'), `/container/volumes/${at}/secret`),
  );
}

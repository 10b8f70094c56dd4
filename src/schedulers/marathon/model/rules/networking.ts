import type { JsonObject } from '../../../../domain/source/json.js';
import { containerType, modeOf, portCount, portMappings } from './facts.js';
import { listAt, numberAt, objectAt, objectsAt, textAt, upperAt, type Report } from './rule.js';

export function checkNetworks(app: JsonObject, report: Report): void {
  const networks = objectsAt(app, 'networks');
  const modes = networks.map((n) => modeOf(textAt(n, 'mode')));
  if (networks.length > 1 && modes.some((m) => m !== 'container'))
    report(
      '/networks',
      'host and bridge networks stand alone',
      'Keep one network, or container networks only.',
    );
  networks.forEach((network, at) => {
    if (modes[at] !== 'container' && network['name'] !== undefined)
      report(`/networks/${at}/name`, 'a host or bridge network has no name', 'Remove the name.');
    if (
      modes[at] === 'host' &&
      network['labels'] !== undefined &&
      Object.keys(objectAt(network, 'labels') ?? {}).length > 0
    )
      report(`/networks/${at}/labels`, 'a host network has no labels', 'Remove them.');
  });
  if (modes.filter((m) => m === 'container').length > 1 && containerType(app) === 'DOCKER')
    report(
      '/networks',
      'a Docker container joins one container network at most',
      'Keep one, or set container.type to MESOS.',
    );
  if (modes.filter((m) => m === 'container').length > 1)
    portMappings(app).forEach((mapping, at) => {
      if (mapping['hostPort'] !== undefined && listAt(mapping, 'networkNames').length !== 1)
        report(
          `/container/portMappings/${at}`,
          'with several networks a hostPort needs exactly one of networkNames',
          'Add "networkNames": [NAME].',
        );
    });
}

export function checkHealth(app: JsonObject, report: Report): void {
  const count = portCount(app);
  const checks = objectsAt(app, 'healthChecks');
  checks.forEach((check, at) => {
    const protocol = upperAt(check, 'protocol') ?? 'HTTP';
    const where = `/healthChecks/${at}`;
    if (protocol === 'COMMAND') {
      if (check['command'] === undefined)
        report(where, 'a COMMAND health check needs a command', 'Add "command": {"value": "..."}.');
      if (check['path'] !== undefined || check['port'] !== undefined)
        report(where, 'a COMMAND health check has neither path nor port', 'Remove them.');
      return;
    }
    if (check['command'] !== undefined)
      report(`${where}/command`, 'a command needs the protocol COMMAND', 'Add "protocol": "COMMAND".');
    if (check['port'] !== undefined && check['portIndex'] !== undefined)
      report(`${where}/port`, 'port and portIndex exclude each other', 'Keep portIndex.');
    const index = numberAt(check, 'portIndex');
    if (index !== undefined && count !== undefined && index >= count)
      report(
        `${where}/portIndex`,
        `there is no port with index ${index}; the app has ${count}`,
        count === 0 ? 'Add a port definition or mapping.' : `Use 0 to ${count - 1}.`,
      );
    if (
      textAt(check, 'ipProtocol') === 'IPv6' &&
      !(protocol.startsWith('MESOS_') && containerType(app) === 'DOCKER')
    )
      report(`${where}/ipProtocol`, 'IPv6 is for MESOS_* checks of Docker containers', 'Remove ipProtocol.');
  });
  const mesos = checks.filter((c) => (upperAt(c, 'protocol') ?? '').startsWith('MESOS_'));
  if (mesos.length > 1) report('/healthChecks', 'an app has one MESOS_* health check at most', 'Keep one.');
}

export function checkReadiness(app: JsonObject, report: Report): void {
  const names = new Set(
    [
      ...objectsAt(app, 'portDefinitions'),
      ...portMappings(app),
      ...objectsAt(objectAt(objectAt(app, 'ipAddress') ?? {}, 'discovery'), 'ports'),
    ].map((p) => textAt(p, 'name')),
  );
  objectsAt(app, 'readinessChecks').forEach((check, at) => {
    const name = textAt(check, 'portName') ?? 'http-api';
    if (!names.has(name))
      report(
        `/readinessChecks/${at}${check['portName'] === undefined ? '' : '/portName'}`,
        `no port is named "${name}"`,
        'Give the port that name, or set portName.',
      );
    if ((numberAt(check, 'timeoutSeconds') ?? 10) >= (numberAt(check, 'intervalSeconds') ?? 30))
      report(
        `/readinessChecks/${at}`,
        'timeoutSeconds must be below intervalSeconds',
        'Lower timeoutSeconds.',
      );
  });
}

export function unique<T>(values: readonly (T | undefined)[], report: (at: number, value: T) => void): void {
  const seen = new Set<T>();
  values.forEach((value, at) => {
    if (value === undefined) return;
    if (seen.has(value)) report(at, value);
    seen.add(value);
  });
}

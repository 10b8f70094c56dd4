import { containerType, dockerOf, networkModes, portMappings, portMappingsAt } from '../facts.js';
import { listAt, numberAt, objectAt, objectsAt, repeated, textAt, type Report, type Rule } from '../rule.js';
import type { JsonObject } from '../../../../../domain/source/json.js';

/** Ports, in all the ways in which they were ever written (reference: marathon.md §2.3 rules 7-9, §3). */
export const PORT_RULES: readonly Rule[] = [
  {
    code: 'marathon/ports-conflict',
    summary: 'ports are written in one way: portDefinitions, or portMappings, or the deprecated ones',
    check: checkPortConflicts,
  },
  {
    code: 'marathon/discovery-docker',
    summary: 'ipAddress.discovery is not for Docker containers',
    check: (app, report) => {
      const discovery = objectAt(objectAt(app, 'ipAddress'), 'discovery');
      if (discovery !== undefined && containerType(app) === 'DOCKER')
        report(
          '/ipAddress/discovery',
          'ipAddress.discovery is not allowed for Docker containers',
          'Use container.portMappings.',
        );
    },
  },
  {
    code: 'marathon/ports-unique',
    summary: 'port names and fixed ports are unique within an app',
    check: checkUnique,
  },
  {
    code: 'marathon/port-mappings-dropped',
    severity: 'warning',
    summary: 'portMappings are silently dropped in host networking, also where networks was forgotten',
    check: (app, report) => {
      if (portMappings(app).length > 0 && networkModes(app)[0] === 'host')
        report(
          portMappingsAt(app),
          'portMappings are dropped in host networking',
          'Add "networks": [{"mode": "container/bridge"}], or use portDefinitions.',
        );
    },
  },
  {
    code: 'marathon/port-definitions-dropped',
    severity: 'warning',
    summary: 'portDefinitions are silently dropped outside host networking',
    check: (app, report) => {
      if (networkModes(app)[0] === 'host' || objectAt(app, 'ipAddress') !== undefined) return;
      for (const name of ['portDefinitions', 'ports'])
        if (listAt(app, name).length > 0)
          report(`/${name}`, `${name} are dropped in this network`, 'Use container.portMappings.');
    },
  },
  {
    code: 'marathon/require-ports',
    severity: 'warning',
    summary: 'requirePorts with port 0 asks for a port that is never offered',
    check: (app, report) => {
      if (app['requirePorts'] !== true) return;
      if (networkModes(app)[0] !== 'host') return;
      const written = Array.isArray(app['portDefinitions']) || Array.isArray(app['ports']);
      const random =
        objectsAt(app, 'portDefinitions').some((d) => (numberAt(d, 'port') ?? 0) === 0) ||
        listAt(app, 'ports').includes(0);
      if (random || !written)
        report(
          '/requirePorts',
          'requirePorts with port 0 asks for a host port that may never be offered',
          'Write the port number, or remove requirePorts.',
        );
    },
  },
];

function checkPortConflicts(app: JsonObject, report: Report): void {
  const [ports, definitions] = [listAt(app, 'ports'), objectsAt(app, 'portDefinitions')];
  const differ =
    ports.length !== definitions.length || ports.some((p, at) => p !== (definitions[at]?.['port'] ?? 0));
  if (Array.isArray(app['ports']) && Array.isArray(app['portDefinitions']) && differ)
    report('/ports', 'ports and portDefinitions are both given and differ', 'Remove ports.');
  if (objectAt(app, 'ipAddress') !== undefined)
    for (const name of ['ports', 'portDefinitions'])
      if (listAt(app, name).length > 0)
        report(
          `/${name}`,
          `${name} are not allowed together with ipAddress`,
          'Remove them, or use networks and container.portMappings.',
        );
  const own = listAt(objectAt(app, 'container'), 'portMappings');
  if (own.length > 0 && listAt(dockerOf(app), 'portMappings').length > 0)
    report(
      '/container/docker/portMappings',
      'port mappings are given twice, in container and in container.docker',
      'Keep container.portMappings.',
    );
  const discovered = listAt(objectAt(objectAt(app, 'ipAddress'), 'discovery'), 'ports');
  if (discovered.length > 0 && Array.isArray(objectAt(app, 'container')?.['portMappings']))
    report(
      '/ipAddress/discovery/ports',
      'discovery.ports and container.portMappings exclude each other',
      'Keep container.portMappings.',
    );
}

function checkUnique(app: JsonObject, report: Report): void {
  const definitions = objectsAt(app, 'portDefinitions');
  const fixed = (port: unknown): number | undefined =>
    typeof port === 'number' && port !== 0 ? port : undefined;
  for (const { at, value } of repeated(definitions.map((d) => fixed(d['port']))))
    report(
      `/portDefinitions/${at}/port`,
      `the port ${value} is there twice`,
      'Give each its own port, or 0.',
    );
  for (const { at, value } of repeated(listAt(app, 'ports').map(fixed)))
    report(`/ports/${at}`, `the port ${value} is there twice`, 'Give each its own port, or 0.');
  for (const [ports, where] of [
    [definitions, '/portDefinitions'],
    [portMappings(app), portMappingsAt(app)],
  ] as const)
    for (const { at, value } of repeated(ports.map((p) => textAt(p, 'name'))))
      report(
        `${where}/${at}/name`,
        `the port name ${JSON.stringify(value)} is there twice`,
        'Give each port its own name.',
      );
}

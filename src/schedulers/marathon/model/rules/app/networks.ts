import { containerType, dockerOf, networkModes, portMappings, portMappingsAt } from '../facts.js';
import { objectAt, objectsAt, type Rule } from '../rule.js';
import { checkPortNetworks, NETWORK_RULES } from '../shared/networks.js';

/** Networks of apps; the deprecated ways to write them included. */
export const APP_NETWORK_RULES: readonly Rule[] = [
  ...NETWORK_RULES,
  {
    code: 'marathon/networks-conflict',
    summary: 'the deprecated ipAddress and docker.network do not go with networks',
    check: (app, report) => {
      if (objectsAt(app, 'networks').length === 0) return;
      if (objectAt(app, 'ipAddress') !== undefined)
        report('/ipAddress', 'ipAddress is not allowed together with networks', 'Remove ipAddress.');
      if (dockerOf(app)?.['network'] !== undefined)
        report(
          '/container/docker/network',
          'docker.network is not allowed together with networks',
          'Remove docker.network.',
        );
    },
  },
  {
    code: 'marathon/docker-one-network',
    summary: 'a Docker container joins one container network at most',
    check: (app, report) => {
      const containers = networkModes(app).filter((mode) => mode === 'container');
      if (containers.length > 1 && containerType(app) === 'DOCKER')
        report(
          '/networks',
          'a Docker container joins one container network at most',
          'Keep one, or set container.type to MESOS.',
        );
    },
  },
  {
    code: 'marathon/port-networks',
    summary: 'a port mapping names networks that the app joins, exactly one where several could be meant',
    check: (app, report) => {
      if (objectsAt(app, 'networks').length === 0) return;
      portMappings(app).forEach((port, index) =>
        checkPortNetworks({ spec: app, port, at: `${portMappingsAt(app)}/${index}` }, report),
      );
    },
  },
];

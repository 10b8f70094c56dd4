import { containerType, dockerOf } from '../facts.js';
import { listAt, numberAt, objectAt, textAt, type Rule } from '../rule.js';
import { featureOff, reportFeature } from '../shared/secrets.js';
import { checkLinuxInfo } from '../shared/linux-info.js';

/** What runs, and in which container (reference: marathon.md §3, first two points). */
export const CONTAINER_RULES: readonly Rule[] = [
  {
    code: 'marathon/command',
    summary: 'an app has cmd or args, or neither with a Docker image',
    check: (app, report) => {
      const [cmd, args] = [app['cmd'] !== undefined, listAt(app, 'args').length > 0];
      if (cmd && args) report('/args', 'cmd and args exclude each other', 'Keep one of them.');
      if (cmd || args || dockerOf(app) !== undefined) return;
      if (containerType(app) === 'MESOS')
        report(
          '',
          'a MESOS container without an image needs cmd or args',
          'Add cmd, or container.docker.image.',
        );
      else
        report(
          '',
          'the app has neither cmd nor args nor a Docker image',
          'Add cmd, for example "cmd": "sleep 3600".',
        );
    },
  },
  {
    code: 'marathon/container-docker',
    summary: 'a DOCKER container needs docker; pullConfig, gpus and check are for MESOS only',
    check: (app, report) => {
      if (containerType(app) !== 'DOCKER') return;
      if (dockerOf(app) === undefined)
        report(
          '/container',
          'a container of type DOCKER needs "docker"',
          'Add docker.image, or set "type": "MESOS".',
        );
      if (dockerOf(app)?.['pullConfig'] !== undefined)
        report(
          '/container/docker/pullConfig',
          'pullConfig needs a container of type MESOS',
          'Set container.type to MESOS, or fetch the credentials.',
        );
      if ((numberAt(app, 'gpus') ?? 0) > 0)
        report('/gpus', 'gpus need a container of type MESOS, or none', 'Set container.type to MESOS.');
      if (app['check'] !== undefined)
        report('/check', 'check is not supported for Docker containers', 'Use healthChecks.');
    },
  },
  {
    code: 'marathon/container-mesos',
    summary: 'a MESOS container takes no docker.network, docker.parameters and docker.portMappings',
    check: (app, report) => {
      if (containerType(app) !== 'MESOS') return;
      const docker = dockerOf(app);
      const fixes = {
        network: 'Use networks.',
        parameters: 'Remove them, or set container.type to DOCKER.',
        portMappings: 'Use container.portMappings with networks.',
      };
      for (const [name, fix] of Object.entries(fixes)) {
        const value = docker?.[name];
        // Mappings are refused even where the list is empty; an empty list of parameters is none.
        if (value === undefined || (name === 'parameters' && listAt(docker, name).length === 0)) continue;
        report(`/container/docker/${name}`, `docker.${name} is not allowed in containers of type MESOS`, fix);
      }
    },
  },
  {
    code: 'marathon/docker-credential',
    summary: 'docker.credential is no longer supported',
    check: (app, report) => {
      if (dockerOf(app)?.['credential'] !== undefined)
        report(
          '/container/docker/credential',
          'credentials are no longer supported here',
          'Use pullConfig with a secret (type MESOS), or fetch a .dockercfg.',
        );
    },
  },
  {
    code: 'marathon/docker-network',
    summary: 'docker.network NONE is not supported',
    check: (app, report) => {
      if (textAt(dockerOf(app), 'network') === 'NONE')
        report(
          '/container/docker/network',
          'Marathon supports no containers without a network',
          'Use networks, with mode host, container/bridge or container.',
        );
    },
  },
  {
    code: 'marathon/gpus-feature',
    summary: 'gpus need the feature gpu_resources',
    check: (app, report, context) => {
      if ((numberAt(app, 'gpus') ?? 0) > 0 && featureOff(context, 'gpu_resources'))
        reportFeature('gpu_resources', 'gpus need', '/gpus', report);
    },
  },
  {
    code: 'marathon/seccomp',
    summary: 'seccomp has a profile or is unconfined, not both; shmSize excludes SHARE_PARENT',
    check: (app, report) => {
      if (containerType(app) === 'MESOS')
        checkLinuxInfo(objectAt(objectAt(app, 'container'), 'linuxInfo'), '/container/linuxInfo', report);
    },
  },
  {
    code: 'marathon/linux-info-dropped',
    severity: 'warning',
    summary: 'linuxInfo is dropped in DOCKER containers',
    check: (app, report) => {
      if (containerType(app) === 'DOCKER' && objectAt(app, 'container')?.['linuxInfo'] !== undefined)
        report(
          '/container/linuxInfo',
          'linuxInfo has no effect in containers of type DOCKER',
          'Set container.type to MESOS, or remove it.',
        );
    },
  },
  {
    code: 'marathon/tty-false',
    severity: 'warning',
    summary: '"tty": false vanishes at a change of the leader, which then counts as a change of the app',
    check: (app, report) => {
      if (app['tty'] === false)
        report('/tty', '"tty": false is forgotten by the server', 'Leave it out: it means the same.');
    },
  },
];

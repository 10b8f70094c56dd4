import { moves } from '../../../../../domain/job/image-ref.js';
import type { JsonObject } from '../../../../../domain/source/json.js';
import { dockerOf, instancesOf } from '../facts.js';
import { listAt, numberAt, objectAt, objectsAt, textAt, type Report, type Rule } from '../rule.js';

/** Less than a container engine gives a process room to start in, in MiB. */
export const LEAST_MEMORY = 16;

/** What is legal and bites: nothing of it is refused by Marathon. */
export const APP_ADVICE: readonly Rule[] = [
  {
    code: 'marathon/no-health-check',
    severity: 'warning',
    summary:
      'an app with ports has a health check: else a deployment counts as good as soon as a process runs',
    check: (app, report) => {
      const checked = listAt(app, 'healthChecks').length > 0 || app['check'] !== undefined;
      if (checked || instancesOf(app) === 0 || !statesPorts(app)) return;
      report(
        '',
        'nobody checks its health: a deployment counts as good as soon as its processes run',
        'Add "healthChecks", for example {"protocol": "MESOS_HTTP", "path": "/health", "portIndex": 0}.',
      );
    },
  },
  {
    code: 'marathon/latest-tag',
    severity: 'warning',
    summary: 'an image has a tag that does not move, or a digest: else nobody can tell what runs',
    check: (app, report) => checkTag(textAt(dockerOf(app), 'image'), '/container/docker/image', report),
  },
  {
    code: 'marathon/low-memory',
    severity: 'warning',
    summary: `mem is at least ${LEAST_MEMORY} MiB: with less hardly a program starts`,
    check: (app, report) => checkMemory(numberAt(app, 'mem'), '/mem', report),
  },
];

export function checkTag(image: string | undefined, at: string, report: Report): void {
  if (image === undefined || !moves(image)) return;
  report(
    at,
    `the image ${JSON.stringify(image)} can be another one tomorrow`,
    'Name a version, for example :1.4.2, or a digest; promotions keep it up to date.',
  );
}

export function checkMemory(mem: number | undefined, at: string, report: Report): void {
  if (mem === undefined || mem >= LEAST_MEMORY || mem < 0) return;
  report(
    at,
    `${mem} MiB is less than most programs need to start`,
    `Write ${LEAST_MEMORY} or more; the unit is MiB.`,
  );
}

/** Ports that somebody wrote down: an app that only has the port of the default may well use none. */
function statesPorts(app: JsonObject): boolean {
  const container = objectAt(app, 'container');
  return (
    objectsAt(app, 'portDefinitions').length > 0 ||
    listAt(app, 'ports').length > 0 ||
    objectsAt(container, 'portMappings').length > 0 ||
    objectsAt(objectAt(container, 'docker'), 'portMappings').length > 0
  );
}

import type { Job } from '../../../../../domain/job/job.js';
import type { Diagnostic } from '../../../../../domain/source/diagnostic.js';
import { isObject, type Json, type JsonObject } from '../../../../../domain/source/json.js';
import { objectAt } from '../rule.js';
import { checkClashes } from './clashes.js';
import { checkCycles, checkKnown } from './dependencies.js';
import { checkEnforcedRoles, checkGroupIds, checkVolumes } from './groups.js';

/** Codes of the rules over all jobs, for the catalogue. */
export const SET_RULES: readonly { code: string; summary: string }[] = [
  { code: 'marathon/dependency-cycle', summary: 'dependencies do not go in a circle, groups included' },
  {
    code: 'marathon/dependency-unknown',
    summary: 'a dependency that nobody states has no effect; one that looks like a slip is an error',
  },
  {
    code: 'marathon/dependency-ignored',
    summary: 'Marathon ignores dependencies on pods, and of groups on apps',
  },
  { code: 'marathon/id-is-group', summary: 'an id is not an app or pod and a group at once' },
  {
    code: 'marathon/enforced-role',
    summary: 'in a group with enforceRole apps and pods have the role of the top-level group',
  },
  { code: 'marathon/service-port', summary: 'a service port other than 0 belongs to one app' },
  { code: 'marathon/vip', summary: 'a virtual address (label VIP_n) belongs to one app' },
  {
    code: 'marathon/haproxy',
    summary:
      'a host with its path, or a port, of marathon-lb (labels HAPROXY_n_VHOST, _PATH, _PORT) belongs to one app of a group',
  },
  { code: 'marathon/volume-taken', summary: 'an external volume that is not shared belongs to one app' },
];

/** Rules over all jobs of an environment (reference: marathon.md §3). */
export function validateSet(jobs: readonly Job[]): Diagnostic[] {
  return [
    ...checkCycles(jobs),
    ...checkKnown(jobs),
    ...checkGroupIds(jobs),
    ...checkEnforcedRoles(jobs),
    ...checkVolumes(jobs),
    ...checkClashes(jobs),
  ];
}

/** All that the rules over a set look at. */
export function setFacts({ spec }: Pick<Job, 'kind' | 'spec'>): JsonObject {
  const { id, dependencies, enforceRole, role, labels, portDefinitions, container } = spec;
  const docker = objectAt(objectAt(spec, 'container'), 'docker');
  const { portMappings, volumes } = isObject(container) ? container : {};
  return defined({
    id,
    dependencies,
    enforceRole,
    role,
    labels,
    portDefinitions,
    container: isObject(container)
      ? defined({
          portMappings,
          volumes,
          docker: docker === undefined ? undefined : defined({ portMappings: docker['portMappings'] }),
        })
      : container,
  });
}

function defined(value: { [name: string]: Json | undefined }): JsonObject {
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, Json] => entry[1] !== undefined),
  );
}

import type { Job } from '../../../../../domain/job/job.js';
import type { Diagnostic } from '../../../../../domain/source/diagnostic.js';
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

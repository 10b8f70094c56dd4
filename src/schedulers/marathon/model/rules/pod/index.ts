import type { JsonObject } from '../../../../../domain/source/json.js';
import { objectAt, objectsAt, olderThan, textAt, type Rule } from '../rule.js';
import { checkConstraint } from '../shared/constraint.js';
import { checkIpc, checkLinuxInfo } from '../shared/linux-info.js';
import { NETWORK_RULES } from '../shared/networks.js';
import { checkAcceptedRoles, checkRole } from '../shared/roles.js';
import {
  checkSecretUses,
  featureOff,
  reportFeature,
  secretAt,
  secretsOfEnv,
  type SecretUse,
} from '../shared/secrets.js';
import { checkUnreachable, checkUnreachableText } from '../shared/unreachable.js';
import { POD_ADVICE } from './advice.js';
import { CONTAINER_RULES, eachContainer } from './containers.js';
import { VOLUME_RULES } from './volumes.js';

/** What Marathon refuses of a pod beyond its schema (reference: marathon.md §3, last point). */
export const POD_RULES: readonly Rule[] = [
  ...CONTAINER_RULES,
  ...VOLUME_RULES,
  ...NETWORK_RULES,
  ...POD_ADVICE,
  {
    code: 'marathon/pod-constraint',
    summary: 'placement constraints have values that fit their operators',
    check: (pod, report) =>
      objectsAt(objectAt(objectAt(pod, 'scheduling'), 'placement'), 'constraints').forEach((c, index) =>
        checkConstraint(
          textAt(c, 'fieldName') ?? 'field',
          textAt(c, 'operator') ?? '',
          textAt(c, 'value'),
          (message, fix) => report(`/scheduling/placement/constraints/${index}`, message, fix),
        ),
      ),
  },
  {
    code: 'marathon/unreachable',
    summary: 'inactiveAfterSeconds is at most expungeAfterSeconds',
    check: (pod, report) => checkUnreachable(objectAt(pod, 'scheduling'), '/scheduling', report),
  },
  {
    code: 'marathon/unreachable-text',
    severity: 'warning',
    summary: 'any text as unreachableStrategy means "disabled"',
    check: (pod, report) => checkUnreachableText(objectAt(pod, 'scheduling'), '/scheduling', report),
  },
  {
    code: 'marathon/role',
    summary: "a role is Marathon's own or the name of the top-level group",
    check: checkRole,
  },
  {
    code: 'marathon/accepted-roles',
    summary: 'acceptedResourceRoles holds "*" and the role of the job only',
    check: (pod, report, context) => {
      const accepted = objectAt(objectAt(pod, 'scheduling'), 'placement');
      const at = '/scheduling/placement/acceptedResourceRoles';
      checkAcceptedRoles({ job: pod, accepted, at }, report, context);
    },
  },
  {
    code: 'marathon/seccomp',
    summary: 'seccomp has a profile or is unconfined, not both; shmSize excludes SHARE_PARENT',
    check: (pod, report) => {
      eachContainer(pod, (container, at) =>
        checkLinuxInfo(objectAt(container, 'linuxInfo'), `${at}/linuxInfo`, report),
      );
      checkIpc(objectAt(pod, 'linuxInfo'), '/linuxInfo', report);
    },
  },
  {
    code: 'marathon/pod-seccomp',
    summary: 'seccomp belongs to the containers of a pod',
    check: (pod, report) => {
      if (objectAt(pod, 'linuxInfo')?.['seccomp'] !== undefined)
        report(
          '/linuxInfo/seccomp',
          'seccomp is not supported for the pod as a whole',
          'Move it into the containers.',
        );
    },
  },
  {
    code: 'marathon/pod-secret-undeclared',
    summary: 'a secret that is referred to is declared in secrets',
    check: (pod, report) => checkSecretUses(usesOf(pod), pod, report),
  },
  {
    code: 'marathon/secret-feature',
    summary: 'secrets need the feature secrets',
    check: (pod, report, context) => {
      if (!featureOff(context, 'secrets')) return;
      const declared = Object.keys(objectAt(pod, 'secrets') ?? {}).length > 0;
      const at = declared ? '/secrets' : usesOf(pod)[0]?.at;
      if (at !== undefined) reportFeature('secrets', 'secrets need', at, report);
    },
  },
  {
    code: 'marathon/too-new',
    severity: 'warning',
    summary: 'fields that the server is too old for are silently ignored',
    check: (pod, report, context) => {
      if (pod['role'] !== undefined && olderThan(context, 1, 9))
        report(
          '/role',
          `Marathon ${context.version ?? ''} ignores role, which came with 1.9`,
          'Remove it, or update Marathon.',
        );
    },
  },
];

function usesOf(pod: JsonObject): SecretUse[] {
  const uses = [
    ...secretsOfEnv(pod, 'environment'),
    ...objectsAt(pod, 'volumes').flatMap((volume, at) => secretAt(volume, `/volumes/${at}`)),
  ];
  eachContainer(pod, (container, at) => {
    const pull = objectAt(objectAt(container, 'image'), 'pullConfig');
    uses.push(...secretsOfEnv(container, 'environment', at), ...secretAt(pull, `${at}/image/pullConfig`));
  });
  return uses;
}

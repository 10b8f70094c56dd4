import type { JsonObject } from '../../../../../domain/source/json.js';
import { checkPersistent } from '../app/volumes.js';
import { numberAt, objectAt, objectsAt, repeated, textAt, type Rule } from '../rule.js';
import { checkResidentRoles } from '../shared/roles.js';
import { eachContainer } from './containers.js';

/** Volumes of pods, and what follows from persistent ones (reference: marathon.md §3; PodsValidation). */
export const VOLUME_RULES: readonly Rule[] = [
  {
    code: 'marathon/pod-volumes',
    summary: 'volumes have names of their own, each is mounted, and what is mounted is declared',
    check: (pod, report) => {
      const names = objectsAt(pod, 'volumes').map((v) => textAt(v, 'name'));
      const mounted = new Set<string>();
      eachContainer(pod, (container, at) =>
        objectsAt(container, 'volumeMounts').forEach((mount, index) => {
          const name = textAt(mount, 'name');
          if (name === undefined) return;
          mounted.add(name);
          if (!names.includes(name))
            report(
              `${at}/volumeMounts/${index}/name`,
              `the volume ${JSON.stringify(name)} is not declared`,
              'Add it to volumes.',
            );
        }),
      );
      names.forEach((name, at) => {
        if (name !== undefined && !mounted.has(name))
          report(
            `/volumes/${at}`,
            `no container mounts the volume ${JSON.stringify(name)}`,
            'Mount it, or remove it.',
          );
      });
      for (const { at, value } of repeated(names))
        report(
          `/volumes/${at}/name`,
          `the volume ${JSON.stringify(value)} is there twice`,
          'Give each volume a name of its own.',
        );
    },
  },
  {
    code: 'marathon/pod-volume-kind',
    summary:
      'a volume is one of host, persistent and secret, or nothing of these; persistent ones have a size',
    check: (pod, report) =>
      objectsAt(pod, 'volumes').forEach((volume, at) => {
        const kinds = ['host', 'persistent', 'secret'].filter((kind) => volume[kind] !== undefined);
        if (kinds.length > 1)
          report(
            `/volumes/${at}`,
            `a volume is one of ${kinds.join(' and ')}, not both`,
            'Make two volumes of it.',
          );
        const persistent = objectAt(volume, 'persistent');
        if (persistent !== undefined) checkPersistent(persistent, `/volumes/${at}/persistent`, report);
      }),
  },
  {
    code: 'marathon/pod-resident',
    summary:
      'pods with persistent volumes never run over capacity, keep unreachable instances, accept "*" only',
    check: (pod, report, context) => {
      if (!isResident(pod)) return;
      const scheduling = objectAt(pod, 'scheduling');
      if ((numberAt(objectAt(scheduling, 'upgrade'), 'maximumOverCapacity') ?? overCapacity(scheduling)) > 0)
        report('/scheduling/upgrade/maximumOverCapacity', 'must be 0 with persistent volumes', 'Write 0.');
      if (objectAt(scheduling, 'unreachableStrategy') !== undefined)
        report(
          '/scheduling/unreachableStrategy',
          'must be "disabled" with persistent volumes',
          'Write "disabled", or leave it out.',
        );
      const accepted = objectAt(scheduling, 'placement');
      const at = '/scheduling/placement/acceptedResourceRoles';
      checkResidentRoles({ job: pod, accepted, at }, report, context);
    },
  },
];

export function isResident(pod: JsonObject): boolean {
  return objectsAt(pod, 'volumes').some((v) => v['persistent'] !== undefined);
}

/** A written upgrade without this field has its own default, which does not fit (PodUpgradeStrategy). */
function overCapacity(scheduling: JsonObject | undefined): number {
  return objectAt(scheduling, 'upgrade') === undefined ? 0 : 1;
}

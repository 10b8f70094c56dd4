import type { JsonObject } from '../../../../../domain/source/json.js';
import { hasPersistentVolume, isResident } from '../facts.js';
import { listAt, numberAt, objectAt, objectsAt, textAt, textsAt, type Report, type Rule } from '../rule.js';
import { isRegularExpression } from '../shared/constraint.js';
import { checkResidentRoles } from '../shared/roles.js';

/** Volumes of apps, and what follows from persistent ones (reference: marathon.md §2.1, §3). */
export const VOLUME_RULES: readonly Rule[] = [
  {
    code: 'marathon/volume',
    summary: 'a volume is exactly one of hostPath, persistent, external and secret, and has a mode',
    check: (app, report) => eachVolume(app, (volume, at) => checkKind(volume, at, report)),
  },
  {
    code: 'marathon/persistent-volume',
    summary: 'a persistent volume is RW, has a plain path and a size; maxSize and constraints fit its type',
    check: (app, report) =>
      eachVolume(app, (volume, at) => {
        const persistent = objectAt(volume, 'persistent');
        if (persistent === undefined) return;
        checkMount(volume, at, report);
        checkPersistent(persistent, `${at}/persistent`, report);
      }),
  },
  {
    code: 'marathon/resident',
    summary:
      'apps with persistent volumes never run over capacity, keep unreachable instances, accept "*" only',
    check: (app, report, context) => {
      if (!isResident(app)) return;
      if ((numberAt(objectAt(app, 'upgradeStrategy'), 'maximumOverCapacity') ?? 0) > 0)
        report('/upgradeStrategy/maximumOverCapacity', 'must be 0 with persistent volumes', 'Write 0.');
      if (objectAt(app, 'unreachableStrategy') !== undefined)
        report(
          '/unreachableStrategy',
          'must be "disabled" with persistent volumes',
          'Write "unreachableStrategy": "disabled", or leave it out.',
        );
      if (hasPersistentVolume(app))
        checkResidentRoles({ job: app, accepted: app, at: '/acceptedResourceRoles' }, report, context);
    },
  },
];

export function eachVolume(app: JsonObject, visit: (volume: JsonObject, at: string) => void): void {
  objectsAt(objectAt(app, 'container'), 'volumes').forEach((volume, at) =>
    visit(volume, `/container/volumes/${at}`),
  );
}

function checkKind(volume: JsonObject, at: string, report: Report): void {
  const kinds = ['hostPath', 'persistent', 'external', 'secret'].filter((k) => volume[k] !== undefined);
  if (kinds.length > 1)
    report(at, `a volume is one of ${kinds.join(' and ')}, not both`, 'Make them volumes of their own.');
  if (kinds.length === 0)
    report(at, 'the volume does not say what it is', 'Add hostPath, persistent, external or secret.');
  if (volume['mode'] === undefined && volume['secret'] === undefined)
    report(at, 'the volume has no mode', 'Add "mode": "RO" or "mode": "RW".');
}

function checkMount(volume: JsonObject, at: string, report: Report): void {
  const path = textAt(volume, 'containerPath');
  if (path === '.' || path === '..')
    report(`${at}/containerPath`, 'a persistent volume can not be mounted there', 'For example "data".');
  if (path?.includes('/') === true)
    report(`${at}/containerPath`, 'the path of a persistent volume has no "/"', 'For example "data".');
  if (textAt(volume, 'mode') === 'RO') report(`${at}/mode`, 'a persistent volume is RW', 'Write "RW".');
}

/** The volume itself; pods have the same. */
export function checkPersistent(persistent: JsonObject, at: string, report: Report): void {
  const type = textAt(persistent, 'type') ?? (persistent['profileName'] === undefined ? 'root' : 'mount');
  const [size, maxSize] = [numberAt(persistent, 'size'), numberAt(persistent, 'maxSize')];
  if (size === 0) report(`${at}/size`, 'the size must be above 0', 'Write MiB.');
  if (maxSize !== undefined && textAt(persistent, 'type') !== 'mount')
    report(`${at}/maxSize`, 'maxSize is for volumes of type mount', 'Remove it, or write "type": "mount".');
  if (maxSize !== undefined && size !== undefined && maxSize <= size)
    report(`${at}/maxSize`, `maxSize must be above size (${size})`, 'Raise it, or remove it.');
  if (listAt(persistent, 'constraints').length > 0 && type === 'root')
    report(`${at}/constraints`, 'a volume of type root takes no constraints', 'Remove them.');
  listAt(persistent, 'constraints').forEach((constraint, index) => {
    const [field, operator, value] = textsAt({ constraint }, 'constraint');
    if (field !== 'path' || operator !== 'LIKE' || value === undefined || !isRegularExpression(value))
      report(
        `${at}/constraints/${index}`,
        'a volume can be constrained by its path only',
        'Write ["path", "LIKE", "REGULAR EXPRESSION"].',
      );
  });
}

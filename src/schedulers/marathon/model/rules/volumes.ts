import { isObject, type JsonObject } from '../../../../domain/source/json.js';
import { containerType, hasPersistentVolume } from './facts.js';
import { listAt, numberAt, objectAt, objectsAt, textAt, upperAt, type Report } from './rule.js';

export function checkVolumes(app: JsonObject, report: Report): void {
  objectsAt(objectAt(app, 'container'), 'volumes').forEach((volume, at) => {
    const where = `/container/volumes/${at}`;
    const kinds = ['persistent', 'external', 'secret'].filter((k) => volume[k] !== undefined);
    if (kinds.length > 1) report(where, `a volume is one of ${kinds.join(', ')}, not several`, 'Split it.');
    if (kinds.length === 0 && volume['hostPath'] === undefined)
      report(where, 'the volume names no hostPath', 'Add hostPath, persistent, external or secret.');
    if (volume['mode'] === undefined && volume['secret'] === undefined)
      report(where, 'the volume has no mode', 'Add "mode": "RO" or "RW".');
    const external = objectAt(volume, 'external');
    if (external !== undefined) {
      const provider = textAt(external, 'provider');
      if (provider !== 'dvdi' && provider !== 'csi')
        report(
          `${where}/external/provider`,
          `the provider "${provider ?? ''}" is not known`,
          'Use dvdi or csi.',
        );
      if (provider === 'dvdi' && external['name'] === undefined)
        report(`${where}/external`, 'a dvdi volume needs a name', 'Add "name".');
      if (provider === 'dvdi' && textAt(objectAt(external, 'options'), 'dvdi/driver') === undefined)
        report(
          `${where}/external/options`,
          'a dvdi volume needs the option dvdi/driver',
          'For example {"dvdi/driver": "rexray"}.',
        );
      if (provider === 'dvdi' && external['shared'] !== true && (numberAt(app, 'instances') ?? 1) > 1)
        report(
          '/instances',
          'an app with an unshared dvdi volume has one instance at most',
          'Set instances to 1, or the volume to shared.',
        );
      if (containerType(app) === 'DOCKER' && external['size'] !== undefined)
        report(`${where}/external/size`, 'Docker containers can not create external volumes', 'Remove size.');
    }
    const persistent = objectAt(volume, 'persistent');
    if (persistent !== undefined) checkPersistent(persistent, volume, where, report);
  });
}

function checkPersistent(persistent: JsonObject, volume: JsonObject, where: string, report: Report): void {
  const [size, maxSize, type] = [
    numberAt(persistent, 'size'),
    numberAt(persistent, 'maxSize'),
    textAt(persistent, 'type') ?? 'root',
  ];
  if (size !== undefined && size <= 0) report(`${where}/persistent/size`, 'size must be above 0', 'MiB.');
  if (maxSize !== undefined && type !== 'mount')
    report(`${where}/persistent/maxSize`, 'maxSize is for volumes of type mount', 'Remove it.');
  if (maxSize !== undefined && size !== undefined && maxSize <= size)
    report(`${where}/persistent/maxSize`, 'maxSize must be above size', 'Raise it.');
  if (textAt(volume, 'containerPath')?.includes('/') === true)
    report(`${where}/containerPath`, 'the path of a persistent volume has no "/"', 'For example "data".');
  if (upperAt(volume, 'mode') === 'RO') report(`${where}/mode`, 'a persistent volume is RW', 'Write RW.');
  const constraints = listAt(persistent, 'constraints');
  if (constraints.length > 0 && type === 'root')
    report(`${where}/persistent/constraints`, 'a volume of type root takes no constraints', 'Remove them.');
  constraints.forEach((c, at) => {
    if (!Array.isArray(c) || c[0] !== 'path' || c[1] !== 'LIKE')
      report(
        `${where}/persistent/constraints/${at}`,
        'only ["path", "LIKE", REGEX] is allowed',
        'Change it.',
      );
  });
}

export function checkResident(app: JsonObject, report: Report): void {
  if (!hasPersistentVolume(app)) return;
  if ((numberAt(objectAt(app, 'upgradeStrategy'), 'maximumOverCapacity') ?? 0) > 0)
    report('/upgradeStrategy/maximumOverCapacity', 'must be 0 with persistent volumes', 'Write 0.');
  if (isObject(app['unreachableStrategy']))
    report(
      '/unreachableStrategy',
      'must be "disabled" with persistent volumes',
      'Write "unreachableStrategy": "disabled", or leave it out.',
    );
  const roles = listAt(app, 'acceptedResourceRoles');
  if (roles.length > 0 && !(roles.length === 1 && roles[0] === '*'))
    report('/acceptedResourceRoles', 'must be ["*"] or absent with persistent volumes', 'Remove it.');
}

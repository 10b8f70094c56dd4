import type { JsonObject } from '../../../../domain/source/json.js';
import { listAt, objectAt, objectsAt, textAt, upperAt } from './rule.js';

export type NetworkMode = 'host' | 'bridge' | 'container';

/** The networks that an app ends up with, deprecated fields understood (reference: marathon.md §2.3 rule 6). */
export function networkModes(app: JsonObject): NetworkMode[] {
  const networks = objectsAt(app, 'networks');
  if (networks.length > 0) return networks.map((n) => modeOf(textAt(n, 'mode')));
  if (objectAt(app, 'ipAddress') !== undefined) return ['container'];
  switch (upperAt(objectAt(objectAt(app, 'container') ?? {}, 'docker'), 'network')) {
    case 'BRIDGE':
      return ['bridge'];
    case 'USER':
      return ['container'];
    default:
      return ['host'];
  }
}

export function modeOf(mode: string | undefined): NetworkMode {
  const lower = (mode ?? 'container').toLowerCase();
  return lower === 'host' ? 'host' : lower === 'container/bridge' ? 'bridge' : 'container';
}

/** `DOCKER` unless it says otherwise; undefined where there is no container (a container without docker still counts). */
export function containerType(app: JsonObject): 'DOCKER' | 'MESOS' | undefined {
  const container = objectAt(app, 'container');
  if (container === undefined) return undefined;
  return upperAt(container, 'type') === 'MESOS' ? 'MESOS' : 'DOCKER';
}

export function portMappings(app: JsonObject): JsonObject[] {
  const container = objectAt(app, 'container');
  if (container === undefined) return [];
  if (Array.isArray(container['portMappings'])) return objectsAt(container, 'portMappings');
  return objectsAt(objectAt(container, 'docker'), 'portMappings');
}

/** How many ports health checks can name; undefined where that depends on defaults of the server. */
export function portCount(app: JsonObject): number | undefined {
  if (networkModes(app)[0] !== 'host') {
    const discovery = listAt(objectAt(objectAt(app, 'ipAddress') ?? {}, 'discovery'), 'ports').length;
    const mappings = portMappings(app).length;
    const container = objectAt(app, 'container');
    const explicit = container !== undefined && (Array.isArray(container['portMappings']) || mappings > 0);
    return mappings > 0 ? mappings : discovery > 0 ? discovery : explicit ? 0 : 1;
  }
  if (Array.isArray(app['portDefinitions'])) return listAt(app, 'portDefinitions').length;
  if (Array.isArray(app['ports'])) return listAt(app, 'ports').length;
  return 1;
}

export function hasPersistentVolume(app: JsonObject): boolean {
  return objectsAt(objectAt(app, 'container'), 'volumes').some(
    (v) => objectAt(v, 'persistent') !== undefined,
  );
}

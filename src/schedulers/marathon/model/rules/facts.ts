import type { JsonObject } from '../../../../domain/source/json.js';
import { listAt, numberAt, objectAt, objectsAt, textAt, upperAt } from './rule.js';

export type NetworkMode = 'host' | 'bridge' | 'container';

/** The networks that an app ends up with, deprecated fields understood (reference: marathon.md §2.3 rule 6). */
export function networkModes(app: JsonObject): NetworkMode[] {
  const networks = objectsAt(app, 'networks');
  if (networks.length > 0) return networks.map((n) => modeOf(textAt(n, 'mode')));
  switch (upperAt(objectAt(objectAt(app, 'container'), 'docker'), 'network')) {
    case 'BRIDGE':
      return ['bridge'];
    case 'USER':
      return ['container'];
    case 'HOST':
      return ['host'];
    default:
      return [objectAt(app, 'ipAddress') === undefined ? 'host' : 'container'];
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

export function dockerOf(app: JsonObject): JsonObject | undefined {
  return objectAt(objectAt(app, 'container'), 'docker');
}

/** The port mappings, whichever of the two places they are written in. */
export function portMappings(app: JsonObject): JsonObject[] {
  const container = objectAt(app, 'container');
  if (container === undefined) return [];
  if (Array.isArray(container['portMappings'])) return objectsAt(container, 'portMappings');
  return objectsAt(objectAt(container, 'docker'), 'portMappings');
}

/** Where the port mappings are written, for places. */
export function portMappingsAt(app: JsonObject): string {
  return Array.isArray(objectAt(app, 'container')?.['portMappings'])
    ? '/container/portMappings'
    : '/container/docker/portMappings';
}

/** A port that checks can name. */
export interface KnownPort {
  name?: string;
}

/**
 * The ports of an app at the moment when Marathon judges it, defaults filled in (reference: marathon.md §2.3 rules 6-8):
 * definitions in host networking, else mappings, of which there are none where `networks` comes without a container.
 */
export function portsOf(app: JsonObject): KnownPort[] {
  const named = (port: JsonObject): KnownPort => {
    const name = textAt(port, 'name');
    return name === undefined ? {} : { name };
  };
  if (networkModes(app)[0] === 'host') {
    if (Array.isArray(app['portDefinitions'])) return objectsAt(app, 'portDefinitions').map(named);
    if (Array.isArray(app['ports'])) return listAt(app, 'ports').map(() => ({}));
    return [{ name: 'default' }];
  }
  const container = objectAt(app, 'container');
  if (container === undefined && objectAt(app, 'ipAddress') === undefined) return [];
  const discovered = objectsAt(objectAt(objectAt(app, 'ipAddress'), 'discovery'), 'ports');
  const written =
    Array.isArray(container?.['portMappings']) || Array.isArray(dockerOf(app)?.['portMappings']);
  const mappings = written ? portMappings(app).map(named) : discovered.map(named);
  const start = written || discovered.length > 0 ? mappings : [{ name: 'default' }];
  const wanted = Math.max(listAt(app, 'portDefinitions').length, listAt(app, 'ports').length);
  return [...start, ...Array.from({ length: Math.max(0, wanted - start.length) }, () => ({}))];
}

export function instancesOf(app: JsonObject): number {
  return numberAt(app, 'instances') ?? 1;
}

export function hasPersistentVolume(app: JsonObject): boolean {
  return objectsAt(objectAt(app, 'container'), 'volumes').some(
    (v) => objectAt(v, 'persistent') !== undefined,
  );
}

/** Apps with persistent volumes are resident; so is one that carries the old `residency` of an answer. */
export function isResident(app: JsonObject): boolean {
  return hasPersistentVolume(app) || objectAt(app, 'residency') !== undefined;
}

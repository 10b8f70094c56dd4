import { isObject, type Json, type JsonObject } from '../../../../domain/source/json.js';
import { modeOf, networkModes, type NetworkMode } from '../rules/facts.js';
import { listAt, objectAt, objectsAt, textAt } from '../rules/rule.js';
import { clean, nonEmpty, protocolOf } from './values.js';

/** The networks of an app, deprecated fields understood (reference: marathon.md §2.3 rule 6). */
export function networksOf(app: JsonObject): Json[] {
  const networks = objectsAt(app, 'networks');
  if (networks.length > 0) return networks.map(networkOf);
  const legacy = objectAt(app, 'ipAddress');
  return networkModes(app).map((mode) =>
    clean({
      mode: native(mode),
      name: mode === 'container' ? legacy?.['networkName'] : null,
      labels: mode === 'host' ? {} : (legacy?.['labels'] ?? {}),
    }),
  );
}

export function networkOf(network: JsonObject): JsonObject {
  return clean({
    mode: native(modeOf(textAt(network, 'mode'))),
    name: network['name'],
    labels: objectAt(network, 'labels') ?? {},
  });
}

function native(mode: NetworkMode): string {
  return mode === 'bridge' ? 'container/bridge' : mode;
}

/**
 * The port mappings outside host networking: written in one of three places, or one by default; and one more for each
 * port definition beyond them (reference: marathon.md §2.3 rules 7 and 8). A container that is not there at all gets the
 * default only. Container networks leave `hostPort` open, a bridge asks for any.
 */
export function mappingsOf(app: JsonObject, mode: NetworkMode | undefined): Json[] {
  const container = objectAt(app, 'container');
  const anyPort = mode === 'bridge' ? 0 : null;
  const written = writtenMappings(app, container);
  const known = container !== undefined || objectAt(app, 'ipAddress') !== undefined;
  const definitions = Array.isArray(app['portDefinitions']) ? app['portDefinitions'] : listAt(app, 'ports');
  const missing = known ? Math.max(0, definitions.length - written.length) : 0;
  return [...written, ...Array.from({ length: missing }, (): JsonObject => ({}))].map((mapping) =>
    clean({
      containerPort: mapping['containerPort'] ?? 0,
      hostPort: mapping['hostPort'] ?? anyPort,
      servicePort: mapping['servicePort'] ?? 0,
      protocol: protocolOf(mapping['protocol']),
      name: mapping['name'],
      labels: objectAt(mapping, 'labels') ?? {},
      networkNames: nonEmpty(mapping['networkNames']),
    }),
  );
}

function writtenMappings(app: JsonObject, container: JsonObject | undefined): JsonObject[] {
  for (const owner of [container, objectAt(container ?? {}, 'docker')])
    if (Array.isArray(owner?.['portMappings'])) return objectsAt(owner, 'portMappings');
  const discovered = objectsAt(objectAt(objectAt(app, 'ipAddress') ?? {}, 'discovery'), 'ports');
  if (discovered.length === 0) return [{ name: 'default' }];
  return discovered.map((port) =>
    clean({
      containerPort: port['number'],
      name: port['name'],
      protocol: port['protocol'],
      labels: port['labels'],
    }),
  );
}

/** The port definitions in host networking: written, translated from `ports`, or one by default (rule 8). */
export function portDefinitionsOf(app: JsonObject): Json[] {
  const written = Array.isArray(app['portDefinitions'])
    ? app['portDefinitions'].filter(isObject)
    : Array.isArray(app['ports'])
      ? app['ports'].map((port): JsonObject => ({ port }))
      : [{ port: 0, name: 'default' } as JsonObject];
  return written.map((definition) =>
    clean({
      port: definition['port'] ?? 0,
      protocol: protocolOf(definition['protocol']),
      name: definition['name'],
      labels: objectAt(definition, 'labels') ?? {},
    }),
  );
}

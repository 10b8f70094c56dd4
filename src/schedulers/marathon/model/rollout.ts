import { isObject, type JsonObject } from '../../../domain/source/json.js';
import { hasPersistentVolume } from './rules/facts.js';
import { numberAt, objectAt, objectsAt, textAt } from './rules/rule.js';

/** Label of an app that asks for a second app beside it while it is changed: `canary` or `blue-green`. */
export const STRATEGY_LABEL = 'TOWLINE_STRATEGY';
/** Share of the instances that a canary gets, above 0 and at most 1. */
export const SHARE_LABEL = 'TOWLINE_CANARY_SHARE';
/** Seconds that the second app must stay good. */
export const SECONDS_LABEL = 'TOWLINE_CANARY_SECONDS';
/** Label of the second app: the id of the first. Routers take both for one service. */
export const BESIDE_LABEL = 'TOWLINE_ROLLOUT_OF';

export const STRATEGIES = ['canary', 'blue-green'] as const;

/** How an app wants to be changed. */
export interface Rollout {
  kind: (typeof STRATEGIES)[number];
  /** Of the instances, for the second app. */
  share: number;
  /** How long the second app must stay good; undefined: the environment's soak time. */
  seconds?: number;
}

const CANARY_SHARE = 0.1;

/** What an app's labels ask for; undefined where they ask for nothing, or for what there is not. */
export function rolloutOf(spec: JsonObject): Rollout | undefined {
  const labels = objectAt(spec, 'labels');
  const kind = STRATEGIES.find((each) => each === textAt(labels, STRATEGY_LABEL));
  if (kind === undefined) return undefined;
  const share = kind === 'blue-green' ? 1 : Number(textAt(labels, SHARE_LABEL) ?? CANARY_SHARE);
  const seconds = Number(textAt(labels, SECONDS_LABEL) ?? Number.NaN);
  return {
    kind,
    share: share > 0 && share <= 1 ? share : CANARY_SHARE,
    ...(seconds >= 0 ? { seconds } : {}),
  };
}

/** Why an app can't have a second one beside it; undefined where it can. */
export function whyAlone(spec: JsonObject): string | undefined {
  if (hasPersistentVolume(spec)) return 'its volumes belong to its own tasks';
  const external = objectsAt(objectAt(spec, 'container'), 'volumes').some((v) => isObject(v['external']));
  return external ? 'its external volumes are mounted once' : undefined;
}

/** Id of the second app: it stands in the same group. */
export function besideId(id: string, { kind }: Pick<Rollout, 'kind'>): string {
  return `${id}-${kind === 'canary' ? 'canary' : 'green'}`;
}

/** Instances of the second app: its share, rounded up, at least one. */
export function besideInstances(wanted: number, { share }: Pick<Rollout, 'share'>): number {
  return Math.max(1, Math.ceil(wanted * share));
}

/**
 * The second app: the new definition under another id, with what routers need to take it for a part of the first. What
 * makes a service of it (SERVICE_NAME and the like) stays as it is. Service ports must not be taken twice: they are left
 * to the server, but for marathon-lb, which joins two apps of a deployment group by an alternate port and its labels.
 */
export function besideSpec(
  spec: JsonObject,
  live: JsonObject,
  rollout: Rollout,
  startedAt: string,
): JsonObject {
  const id = textAt(spec, 'id') ?? '';
  const wanted = numberAt(spec, 'instances') ?? 1;
  const labels = objectAt(spec, 'labels') ?? {};
  const joined = textAt(labels, 'HAPROXY_DEPLOYMENT_GROUP');
  const alternate = Number(textAt(labels, 'HAPROXY_DEPLOYMENT_ALT_PORT') ?? 0);
  const port = firstServicePort(live);
  const marathonLb: JsonObject =
    joined === undefined
      ? {}
      : {
          HAPROXY_APP_ID: id,
          HAPROXY_DEPLOYMENT_COLOUR: 'green',
          HAPROXY_DEPLOYMENT_STARTED_AT: startedAt,
          HAPROXY_DEPLOYMENT_TARGET_INSTANCES: String(wanted),
          ...(port === undefined || textAt(labels, 'HAPROXY_0_PORT') !== undefined
            ? {}
            : { HAPROXY_0_PORT: String(port) }),
        };
  return {
    ...withServicePorts(spec, joined === undefined ? 0 : alternate),
    id: besideId(id, rollout),
    instances: besideInstances(wanted, rollout),
    labels: { ...labels, ...marathonLb, [BESIDE_LABEL]: id },
  };
}

/** The first service port is the given one, all others are any. */
function withServicePorts(spec: JsonObject, first: number): JsonObject {
  const portOf = (at: number): number => (at === 0 ? first : 0);
  const container = objectAt(spec, 'container');
  const docker = objectAt(container, 'docker');
  const mapped = (owner: JsonObject | undefined): JsonObject =>
    Array.isArray(owner?.['portMappings'])
      ? { portMappings: objectsAt(owner, 'portMappings').map((m, at) => ({ ...m, servicePort: portOf(at) })) }
      : {};
  return {
    ...spec,
    ...(Array.isArray(spec['portDefinitions'])
      ? { portDefinitions: objectsAt(spec, 'portDefinitions').map((d, at) => ({ ...d, port: portOf(at) })) }
      : {}),
    ...(Array.isArray(spec['ports']) ? { ports: spec['ports'].map((_, at) => portOf(at)) } : {}),
    ...(container === undefined
      ? {}
      : {
          container: {
            ...container,
            ...mapped(container),
            ...(docker === undefined ? {} : { docker: { ...docker, ...mapped(docker) } }),
          },
        }),
  };
}

function firstServicePort(live: JsonObject): number | undefined {
  const [definition] = objectsAt(live, 'portDefinitions');
  const [mapping] = objectsAt(objectAt(live, 'container'), 'portMappings');
  return numberAt(definition, 'port') ?? numberAt(mapping, 'servicePort');
}

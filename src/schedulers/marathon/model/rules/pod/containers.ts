import type { JsonObject } from '../../../../../domain/source/json.js';
import { modeOf } from '../facts.js';
import { numberAt, objectAt, objectsAt, repeated, textAt, textsAt, type Report, type Rule } from '../rule.js';
import { checkLimits } from '../shared/limits.js';
import { checkPortNetworks } from '../shared/networks.js';
import { checkUri } from '../shared/uri.js';

/** Containers of pods and their endpoints (reference: marathon.md §2.2, §3; PodsValidation). */
export const CONTAINER_RULES: readonly Rule[] = [
  {
    code: 'marathon/pod-names',
    summary: 'containers and endpoints have names of their own in a pod',
    check: (pod, report) => {
      reportRepeated(places(pod, 'name'), 'the container name', report);
      reportRepeated(endpointPlaces(pod, 'name'), 'the endpoint name', report);
    },
  },
  {
    code: 'marathon/pod-ports',
    summary: 'host ports and container ports are given once in a pod',
    check: (pod, report) => {
      for (const [field, what] of [
        ['hostPort', 'the host port'],
        ['containerPort', 'the container port'],
      ] as const)
        reportRepeated(
          endpointPlaces(pod, field).filter(({ value }) => value !== 0),
          what,
          report,
        );
    },
  },
  {
    code: 'marathon/pod-endpoints',
    summary: 'containerPort is needed in container networks and forbidden in host networking; networks exist',
    check: (pod, report) => eachEndpoint(pod, (endpoint, at) => checkEndpoint({ pod, endpoint, at }, report)),
  },
  {
    code: 'marathon/pod-command',
    summary: 'a command is one of shell and argv',
    check: (pod, report) =>
      eachContainer(pod, (container, at) => checkCommand(objectAt(container, 'exec'), `${at}/exec`, report)),
  },
  {
    code: 'marathon/pod-health-check',
    summary: 'a health check is of one kind, ends before the next begins, and names an endpoint that exists',
    check: (pod, report) => eachContainer(pod, (container, at) => checkProbe(container, at, report)),
  },
  {
    code: 'marathon/pod-check-dropped',
    severity: 'warning',
    summary: 'check of a container is accepted and not stored',
    check: (pod, report) =>
      eachContainer(pod, (container, at) => {
        if (container['check'] !== undefined)
          report(`${at}/check`, 'check is accepted and forgotten by Marathon', 'Use healthCheck.');
      }),
  },
  {
    code: 'marathon/pod-limits',
    summary: 'resource limits are at least what is requested, and not with legacySharedCgroups',
    check: (pod, report) =>
      eachContainer(pod, (container, at) => {
        const [limits, requests] = [objectAt(container, 'resourceLimits'), objectAt(container, 'resources')];
        checkLimits({ limits, requests, at }, report);
        if (limits !== undefined && pod['legacySharedCgroups'] === true)
          report(
            `${at}/resourceLimits`,
            'resourceLimits are not allowed with legacySharedCgroups',
            'Remove one of them.',
          );
      }),
  },
  {
    code: 'marathon/pod-uri',
    summary: 'artifacts have a URI without spaces and the like',
    check: (pod, report) =>
      eachContainer(pod, (container, at) =>
        objectsAt(container, 'artifacts').forEach((artifact, index) =>
          checkUri(textAt(artifact, 'uri'), `${at}/artifacts/${index}/uri`, report),
        ),
      ),
  },
];

export function eachContainer(pod: JsonObject, visit: (container: JsonObject, at: string) => void): void {
  objectsAt(pod, 'containers').forEach((container, index) => visit(container, `/containers/${index}`));
}

function eachEndpoint(pod: JsonObject, visit: (endpoint: JsonObject, at: string) => void): void {
  eachContainer(pod, (container, at) =>
    objectsAt(container, 'endpoints').forEach((endpoint, index) =>
      visit(endpoint, `${at}/endpoints/${index}`),
    ),
  );
}

interface Placed {
  value: unknown;
  at: string;
}

function places(pod: JsonObject, field: string): Placed[] {
  const found: Placed[] = [];
  eachContainer(pod, (container, at) => found.push({ value: container[field], at: `${at}/${field}` }));
  return found;
}

function endpointPlaces(pod: JsonObject, field: string): Placed[] {
  const found: Placed[] = [];
  eachEndpoint(pod, (endpoint, at) => found.push({ value: endpoint[field], at: `${at}/${field}` }));
  return found;
}

function reportRepeated(found: readonly Placed[], what: string, report: Report): void {
  for (const { at, value } of repeated(found.map((each) => each.value)))
    report(found[at]?.at ?? '', `${what} ${JSON.stringify(value)} is there twice`, 'Give each its own.');
}

function checkEndpoint(
  { pod, endpoint, at }: { pod: JsonObject; endpoint: JsonObject; at: string },
  report: Report,
): void {
  const networks = objectsAt(pod, 'networks');
  const modes = networks.length === 0 ? ['host'] : networks.map((n) => modeOf(textAt(n, 'mode')));
  const given = endpoint['containerPort'] !== undefined;
  if (modes.includes('host') && given)
    report(`${at}/containerPort`, 'containerPort is not allowed in host networking', 'Remove it.');
  if (modes.includes('container') && !given)
    report(
      at,
      'containerPort is needed in container networks',
      'Add the port that the container listens on.',
    );
  for (const { at: index, value } of repeated(textsAt(endpoint, 'protocol')))
    report(`${at}/protocol/${index}`, `the protocol ${value} is there twice`, 'Keep one.');
  checkPortNetworks({ spec: pod, port: endpoint, at }, report);
}

function checkCommand(exec: JsonObject | undefined, at: string, report: Report): void {
  const command = objectAt(exec, 'command');
  if (command !== undefined && (command['shell'] === undefined) === (command['argv'] === undefined))
    report(`${at}/command`, 'a command is one of shell and argv', 'Keep one.');
}

function checkProbe(container: JsonObject, at: string, report: Report): void {
  const probe = objectAt(container, 'healthCheck');
  if (probe === undefined) return;
  const where = `${at}/healthCheck`;
  const kinds = ['http', 'tcp', 'exec'].filter((kind) => probe[kind] !== undefined);
  if (kinds.length !== 1) report(where, 'a health check is exactly one of http, tcp and exec', 'Keep one.');
  const [timeout, interval] = [
    numberAt(probe, 'timeoutSeconds') ?? 20,
    numberAt(probe, 'intervalSeconds') ?? 60,
  ];
  if (timeout >= interval)
    report(
      probe['timeoutSeconds'] === undefined ? where : `${where}/timeoutSeconds`,
      `timeoutSeconds (${timeout}) must be below intervalSeconds (${interval})`,
      interval > 0 ? `Write "timeoutSeconds": ${interval - 1} or less.` : 'Raise intervalSeconds.',
    );
  const known = objectsAt(container, 'endpoints').flatMap((e) => textAt(e, 'name') ?? []);
  for (const kind of kinds) {
    const endpoint = textAt(objectAt(probe, kind), 'endpoint');
    if (endpoint !== undefined && !known.includes(endpoint))
      report(
        `${where}/${kind}/endpoint`,
        `this container has no endpoint ${JSON.stringify(endpoint)}`,
        known.length === 0 ? 'Add it to endpoints.' : `Write one of ${known.join(', ')}.`,
      );
  }
  checkCommand(objectAt(probe, 'exec'), `${where}/exec`, report);
}

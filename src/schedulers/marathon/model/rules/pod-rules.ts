import { isObject, pointer, type JsonObject } from '../../../../domain/source/json.js';
import { checkId } from './app-rules.js';
import { checkConstraint } from './constraints.js';
import { modeOf } from './facts.js';
import { numberAt, objectAt, objectsAt, textAt, type Report, type Rule } from './rule.js';

/** What Marathon refuses of a pod beyond its schema (reference: marathon.md §3). */
export const POD_RULES: readonly Rule[] = [
  {
    code: 'marathon/pod-id',
    summary: 'ids of pods follow the rules of app ids',
    check: (pod, report) => checkId(pod, report),
  },
  {
    code: 'marathon/pod-containers',
    summary: 'containers and endpoints have names of their own; host ports are given once',
    check: (pod, report) => checkNames(pod, report),
  },
  {
    code: 'marathon/pod-volumes',
    summary: 'volumes that are mounted are declared',
    check: (pod, report) => {
      const declared = new Set(objectsAt(pod, 'volumes').map((v) => textAt(v, 'name')));
      eachContainer(pod, (container, at) =>
        objectsAt(container, 'volumeMounts').forEach((mount, index) => {
          if (!declared.has(textAt(mount, 'name')))
            report(
              `${at}/volumeMounts/${index}/name`,
              `the volume "${textAt(mount, 'name') ?? ''}" is not declared`,
              'Add it to volumes.',
            );
        }),
      );
    },
  },
  {
    code: 'marathon/pod-endpoints',
    summary: 'containerPort is needed in container networks and forbidden in host networking',
    check: (pod, report) => {
      const networks = objectsAt(pod, 'networks');
      const host = networks.length === 0 || modeOf(textAt(networks[0], 'mode')) === 'host';
      eachContainer(pod, (container, at) =>
        objectsAt(container, 'endpoints').forEach((endpoint, index) => {
          const given = numberAt(endpoint, 'containerPort') !== undefined;
          if (host && given)
            report(
              `${at}/endpoints/${index}/containerPort`,
              'containerPort is not allowed in host networking',
              'Remove it.',
            );
          if (!host && !given)
            report(`${at}/endpoints/${index}`, 'containerPort is needed in this network', 'Add it.');
        }),
      );
    },
  },
  {
    code: 'marathon/pod-health-check',
    summary: 'a health check is of one kind, ends before the next begins, and names an endpoint that exists',
    check: (pod, report) => eachContainer(pod, (container, at) => checkProbe(container, at, report)),
  },
  {
    code: 'marathon/pod-limits',
    summary: 'resourceLimits do not go with legacySharedCgroups',
    check: (pod, report) => {
      if (pod['legacySharedCgroups'] !== true) return;
      eachContainer(pod, (container, at) => {
        if (container['resourceLimits'] !== undefined)
          report(
            `${at}/resourceLimits`,
            'resourceLimits are not allowed with legacySharedCgroups',
            'Remove one of them.',
          );
      });
    },
  },
  {
    code: 'marathon/seccomp',
    summary: 'a seccomp profile excludes unconfined; shmSize excludes SHARE_PARENT',
    check: (pod, report) => {
      checkLinuxInfo(objectAt(pod, 'linuxInfo'), '/linuxInfo', report);
      eachContainer(pod, (container, at) =>
        checkLinuxInfo(objectAt(container, 'linuxInfo'), `${at}/linuxInfo`, report),
      );
    },
  },
  {
    code: 'marathon/pod-secret-undeclared',
    summary: 'a secret that is referred to must be declared in secrets',
    check: (pod, report) => checkSecrets(pod, report),
  },
  {
    code: 'marathon/pod-constraint',
    summary: 'placement constraints have an operator that Marathon knows',
    check: (pod, report) =>
      objectsAt(objectAt(objectAt(pod, 'scheduling') ?? {}, 'placement'), 'constraints').forEach((c, at) =>
        checkConstraint(
          [
            c['fieldName'] ?? '',
            (textAt(c, 'operator') ?? '').toUpperCase(),
            ...(c['value'] === undefined ? [] : [c['value']]),
          ],
          `/scheduling/placement/constraints/${at}`,
          report,
        ),
      ),
  },
  {
    code: 'marathon/pod-resident',
    summary: 'pods with persistent volumes never run over capacity and keep unreachable instances',
    check: (pod, report) => {
      if (!objectsAt(pod, 'volumes').some((v) => v['persistent'] !== undefined)) return;
      const scheduling = objectAt(pod, 'scheduling') ?? {};
      if ((numberAt(objectAt(scheduling, 'upgrade'), 'maximumOverCapacity') ?? 0) > 0)
        report('/scheduling/upgrade/maximumOverCapacity', 'must be 0 with persistent volumes', 'Write 0.');
      if (isObject(scheduling['unreachableStrategy']))
        report(
          '/scheduling/unreachableStrategy',
          'must be "disabled" with persistent volumes',
          'Write "disabled".',
        );
    },
  },
];

function eachContainer(pod: JsonObject, visit: (container: JsonObject, at: string) => void): void {
  objectsAt(pod, 'containers').forEach((container, index) => visit(container, `/containers/${index}`));
}

function checkNames(pod: JsonObject, report: Report): void {
  const [names, endpoints, ports, volumes] = [
    new Set<string>(),
    new Set<string>(),
    new Set<number>(),
    new Set<string>(),
  ];
  const once = <T>(seen: Set<T>, value: T | undefined, at: string, what: string): void => {
    if (value === undefined) return;
    if (seen.has(value)) report(at, `${what} "${String(value)}" is there twice`, 'Give each its own.');
    seen.add(value);
  };
  eachContainer(pod, (container, at) => {
    once(names, textAt(container, 'name'), `${at}/name`, 'the container name');
    objectsAt(container, 'endpoints').forEach((endpoint, index) => {
      once(endpoints, textAt(endpoint, 'name'), `${at}/endpoints/${index}/name`, 'the endpoint name');
      once(
        ports,
        numberAt(endpoint, 'hostPort') || undefined,
        `${at}/endpoints/${index}/hostPort`,
        'the host port',
      );
    });
  });
  objectsAt(pod, 'volumes').forEach((volume, index) =>
    once(volumes, textAt(volume, 'name'), `/volumes/${index}/name`, 'the volume name'),
  );
}

function checkProbe(container: JsonObject, at: string, report: Report): void {
  const probe = objectAt(container, 'healthCheck');
  if (probe === undefined) return;
  const kinds = ['http', 'tcp', 'exec'].filter((kind) => probe[kind] !== undefined);
  if (kinds.length !== 1)
    report(`${at}/healthCheck`, 'a health check is exactly one of http, tcp or exec', 'Keep one.');
  if ((numberAt(probe, 'timeoutSeconds') ?? 20) >= (numberAt(probe, 'intervalSeconds') ?? 60))
    report(`${at}/healthCheck/timeoutSeconds`, 'timeoutSeconds must be below intervalSeconds', 'Lower it.');
  const endpoint = textAt(objectAt(probe, kinds[0] ?? ''), 'endpoint');
  const known = objectsAt(container, 'endpoints').map((e) => textAt(e, 'name'));
  if (endpoint !== undefined && !known.includes(endpoint))
    report(
      `${at}/healthCheck/${kinds[0] ?? ''}/endpoint`,
      `there is no endpoint "${endpoint}"`,
      'Name one of the container.',
    );
}

function checkLinuxInfo(info: JsonObject | undefined, at: string, report: Report): void {
  const seccomp = objectAt(info ?? {}, 'seccomp');
  if (seccomp?.['profileName'] !== undefined && seccomp['unconfined'] === true)
    report(`${at}/seccomp`, 'a seccomp profile excludes unconfined', 'Remove one of them.');
  const ipc = objectAt(info ?? {}, 'ipcInfo');
  if (textAt(ipc, 'mode')?.toUpperCase() === 'SHARE_PARENT' && ipc?.['shmSize'] !== undefined)
    report(`${at}/ipcInfo/shmSize`, 'shmSize is not allowed with SHARE_PARENT', 'Remove it.');
}

function checkSecrets(pod: JsonObject, report: Report): void {
  const declared = objectAt(pod, 'secrets') ?? {};
  const need = (name: string | undefined, at: string): void => {
    if (name !== undefined && !Object.hasOwn(declared, name))
      report(at, `the secret "${name}" is not declared`, `Add "secrets": {"${name}": {"source": "PATH"}}.`);
  };
  const environment = (of: JsonObject, at: string): void => {
    for (const [name, value] of Object.entries(objectAt(of, 'environment') ?? {}))
      if (isObject(value)) need(textAt(value, 'secret'), `${at}/environment${pointer(name)}`);
  };
  environment(pod, '');
  objectsAt(pod, 'volumes').forEach((volume, at) => need(textAt(volume, 'secret'), `/volumes/${at}/secret`));
  eachContainer(pod, (container, at) => {
    environment(container, at);
    need(
      textAt(objectAt(objectAt(container, 'image') ?? {}, 'pullConfig'), 'secret'),
      `${at}/image/pullConfig/secret`,
    );
  });
}

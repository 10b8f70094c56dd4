import type { Job } from '../../../../../domain/job/job.js';
import type { Diagnostic } from '../../../../../domain/source/diagnostic.js';
import { pointer, type JsonObject } from '../../../../../domain/source/json.js';
import { portMappings, portMappingsAt } from '../facts.js';
import { numberAt, objectAt, objectsAt, textAt } from '../rule.js';

/** Something that one app alone can have. */
interface Claim {
  /** What is claimed; the same for two is a clash. */
  key: string;
  /** For people. */
  what: string;
  at: string;
}

/** Ports, addresses and routes outside Marathon that two apps can't both have. Marathon itself does not look. */
export function checkClashes(jobs: readonly Job[]): Diagnostic[] {
  const apps = jobs.filter(({ kind }) => kind === 'app');
  return [
    ...twice('marathon/service-port', apps, servicePorts),
    ...twice('marathon/vip', apps, vips),
    ...twice('marathon/haproxy', apps, routes),
  ];
}

function twice(code: string, apps: readonly Job[], claimsOf: (app: JsonObject) => Claim[]): Diagnostic[] {
  const holders = new Map<string, Map<Job, Claim>>();
  for (const app of apps) {
    for (const claim of claimsOf(app.spec)) {
      const all = holders.get(claim.key) ?? new Map<Job, Claim>();
      // Twice in one app is that app's own matter.
      if (!all.has(app)) all.set(app, claim);
      holders.set(claim.key, all);
    }
  }
  return [...holders.values()].flatMap((all) => (all.size < 2 ? [] : findings(code, [...all])));
}

function findings(code: string, all: readonly [Job, Claim][]): Diagnostic[] {
  const more = all.length > 2 ? ` and ${all.length - 2} more` : '';
  return all.map(([app, { what, at }], index): Diagnostic => {
    const other = all[index === 0 ? 1 : 0]?.[0].id ?? '';
    return {
      code,
      severity: 'warning',
      message: `${what} is also that of ${other}${more}`,
      fix: 'Give each app one of its own.',
      place: app.source.placeOf(at),
    };
  });
}

/** Ports by which routers know an app; 0 takes a free one. */
function servicePorts(app: JsonObject): Claim[] {
  const claim = (port: number | undefined, at: string): Claim[] =>
    port === undefined || port === 0 ? [] : [{ key: String(port), what: `the service port ${port}`, at }];
  const at = portMappingsAt(app);
  return [
    ...objectsAt(app, 'portDefinitions').flatMap((d, n) =>
      claim(numberAt(d, 'port'), `/portDefinitions/${n}/port`),
    ),
    ...portMappings(app).flatMap((m, n) => claim(numberAt(m, 'servicePort'), `${at}/${n}/servicePort`)),
  ];
}

/** `VIP_0: /web:80` on a port. */
function vips(app: JsonObject): Claim[] {
  const mapped = portMappingsAt(app);
  const ports = [
    ...objectsAt(app, 'portDefinitions').map((port, n) => ({ port, at: `/portDefinitions/${n}` })),
    ...portMappings(app).map((port, n) => ({ port, at: `${mapped}/${n}` })),
  ];
  return ports.flatMap(({ port, at }) => {
    const labels = objectAt(port, 'labels') ?? {};
    return Object.keys(labels).flatMap((name): Claim[] => {
      const vip = /^VIP_\d+$/.test(name) ? textAt(labels, name) : undefined;
      return vip === undefined
        ? []
        : [{ key: vip, what: `the address ${vip}`, at: `${at}/labels${pointer(name)}` }];
    });
  });
}

/** Hosts with paths, and ports, of marathon-lb (reference: edges.md §3). Apps of one blue-green pair share theirs. */
function routes(app: JsonObject): Claim[] {
  const labels = objectAt(app, 'labels') ?? {};
  if (textAt(labels, 'HAPROXY_DEPLOYMENT_GROUP') !== undefined) return [];
  const common = textAt(labels, 'HAPROXY_GROUP');
  return Object.keys(labels).flatMap((name): Claim[] => {
    const [, index = '', kind] = /^HAPROXY_(\d+)_(VHOST|PORT)$/.exec(name) ?? [];
    const value = textAt(labels, name);
    const group = textAt(labels, `HAPROXY_${index}_GROUP`) ?? common;
    if (kind === undefined || value === undefined || group === undefined) return [];
    const at = `/labels${pointer(name)}`;
    if (kind === 'PORT') return [{ key: `${group} ${value}`, what: `the HAProxy port ${value}`, at }];
    const path = textAt(labels, `HAPROXY_${index}_PATH`) ?? '';
    return value
      .split(',')
      .map((host) => host.trim() + path)
      .map((route) => ({ key: `${group} ${route}`, what: `the host ${route}`, at }));
  });
}

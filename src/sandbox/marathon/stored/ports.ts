import { asDoc, asList, numberOf, type Doc } from '../types.js';
import { known, lower, upper } from './codec.js';

/** The networks of an app, in the form of 1.5 and later. */
export function networksOf(app: Doc, docker: Doc): Doc[] {
  const given = asList(app['networks']).map(asDoc);
  if (given.length > 0)
    return given.map((n) => {
      const mode = lower(n['mode'] ?? 'container');
      return {
        ...known(n, 'name labels'),
        mode,
        ...(mode === 'container' ? { name: n['name'] ?? 'default' } : {}),
      };
    });
  const ip = app['ipAddress'] === undefined ? undefined : asDoc(app['ipAddress']);
  const legacy = upper(docker['network'] ?? 'HOST');
  if (ip !== undefined || legacy === 'USER')
    return [
      {
        mode: 'container',
        name: ip?.['networkName'] ?? 'default',
        ...(ip?.['labels'] === undefined ? {} : { labels: ip['labels'] }),
      },
    ];
  return [legacy === 'BRIDGE' ? { mode: 'container/bridge' } : { mode: 'host' }];
}

/** In host networking: as written, from `ports`, or one that is called "default". */
export function portDefinitions(app: Doc): Doc[] {
  const given =
    app['portDefinitions'] !== undefined
      ? asList(app['portDefinitions']).map((d) => known(asDoc(d), 'port name protocol labels'))
      : app['ports'] !== undefined
        ? asList(app['ports']).map((port): Doc => ({ port }))
        : [{ port: 0, name: 'default' } as Doc];
  return given.map((d) => ({ labels: {}, port: 0, ...d, protocol: protocol(d['protocol']) }));
}

/** Outside host networking: as written in one of three places, else a default one; and one for each port definition more. */
export function mappings(app: Doc, container: Doc, given: boolean, bridge: boolean): Doc[] {
  const legacy = asDoc(container['docker'])['portMappings'];
  const written = container['portMappings'] ?? legacy;
  const discovered = asList(asDoc(asDoc(app['ipAddress'])['discovery'])['ports']).map((p): Doc => {
    const port = asDoc(p);
    return { containerPort: port['number'], name: port['name'], protocol: port['protocol'] };
  });
  const all =
    written !== undefined
      ? asList(written).map(asDoc)
      : discovered.length > 0
        ? discovered
        : [{ name: 'default' } as Doc];
  const definitions = asList(app['portDefinitions'] ?? app['ports']).length;
  const more = given || app['ipAddress'] !== undefined ? Math.max(0, definitions - all.length) : 0;
  return [...all, ...Array.from({ length: more }, (): Doc => ({}))].map((m) => ({
    containerPort: 0,
    servicePort: 0,
    labels: {},
    ...(bridge ? { hostPort: 0 } : {}),
    ...known(m, 'containerPort hostPort servicePort name labels networkNames'),
    protocol: protocol(m['protocol']),
  }));
}

function protocol(given: unknown): string {
  const text = lower(given ?? 'tcp').replaceAll(' ', '');
  return text === 'tcp,udp' ? 'udp,tcp' : text;
}

let nextServicePort = 10_000;

/** Port 0 gets a number of 10000 to 20000; a number that the app had at the same position is used again. */
export function assignPorts(app: Doc, former: Doc | undefined): void {
  const fill = (list: unknown, key: string, old: unknown): void => {
    asList(list).forEach((item, at) => {
      const entry = asDoc(item);
      if (numberOf(entry[key], 0) !== 0) return;
      const before = numberOf(asDoc(asList(old)[at])[key], 0);
      entry[key] = before >= 10_000 && before <= 20_000 ? before : nextPort();
    });
  };
  fill(app['portDefinitions'], 'port', former?.['portDefinitions']);
  fill(asDoc(app['container'])['portMappings'], 'servicePort', asDoc(former?.['container'])['portMappings']);
}

function nextPort(): number {
  nextServicePort = nextServicePort >= 20_000 ? 10_000 : nextServicePort + 1;
  return nextServicePort;
}

import type { JsonObject } from '../../../../../domain/source/json.js';
import { containerType, portsOf } from '../facts.js';
import { listAt, numberAt, objectAt, objectsAt, textAt, type Report, type Rule } from '../rule.js';

/** Checks of apps (reference: marathon.md §2.1, §2.3 rule 10, §3). */
export const HEALTH_RULES: readonly Rule[] = [
  {
    code: 'marathon/health-check',
    summary:
      'a health check of protocol COMMAND has a command and nothing else, every other one a path or port',
    check: (app, report) =>
      objectsAt(app, 'healthChecks').forEach((check, at) => checkForm(check, `/healthChecks/${at}`, report)),
  },
  {
    code: 'marathon/health-port',
    summary: 'a health check names a port that exists',
    check: checkPorts,
  },
  {
    code: 'marathon/health-mesos-one',
    summary: 'an app has one MESOS_* health check at most',
    check: (app, report) => {
      const mesos = objectsAt(app, 'healthChecks').flatMap((c, at) => (isMesos(c) ? [at] : []));
      if (mesos.length > 1)
        report(`/healthChecks/${mesos[1]}`, 'an app has one MESOS_* health check at most', 'Keep one.');
    },
  },
  {
    code: 'marathon/health-ipv6',
    summary: 'IPv6 is for MESOS_* checks of Docker containers',
    check: (app, report) =>
      objectsAt(app, 'healthChecks').forEach((check, at) => {
        if (textAt(check, 'ipProtocol') !== 'IPv6' || (isMesos(check) && containerType(app) === 'DOCKER'))
          return;
        report(
          `/healthChecks/${at}/ipProtocol`,
          'IPv6 is for MESOS_* checks of Docker containers',
          'Remove ipProtocol, or use such a check.',
        );
      }),
  },
  {
    code: 'marathon/check',
    summary: 'check is exactly one of http, tcp and exec, and names a port that exists',
    check: checkAppCheck,
  },
  {
    code: 'marathon/readiness-check',
    summary: 'a readiness check names a port that exists and ends before the next one begins',
    check: checkReadiness,
  },
  {
    code: 'marathon/port-index',
    severity: 'warning',
    summary: 'a health check without portIndex can restart the app when Marathon fills it in',
    check: (app, report) =>
      objectsAt(app, 'healthChecks').forEach((check, at) => {
        if (isCommand(check) || check['portIndex'] !== undefined || check['port'] !== undefined) return;
        report(
          `/healthChecks/${at}`,
          'the health check names no portIndex',
          'Write "portIndex": 0: Marathon fills it in at some later time, which restarts the app.',
        );
      }),
  },
];

const protocolOf = (check: JsonObject): string => textAt(check, 'protocol') ?? 'HTTP';
const isCommand = (check: JsonObject): boolean =>
  protocolOf(check) === 'COMMAND' || check['command'] !== undefined;
const isMesos = (check: JsonObject): boolean => protocolOf(check).startsWith('MESOS_');

function checkForm(check: JsonObject, at: string, report: Report): void {
  const [protocol, command] = [protocolOf(check), check['command'] !== undefined];
  if (protocol === 'COMMAND' && !command)
    report(at, 'a COMMAND health check needs a command', 'Add "command": {"value": "..."}.');
  if (protocol !== 'COMMAND' && command)
    report(`${at}/command`, 'a command needs the protocol COMMAND', 'Add "protocol": "COMMAND".');
  if (isCommand(check))
    for (const name of ['path', 'port'])
      if (check[name] !== undefined)
        report(`${at}/${name}`, `a COMMAND health check has no ${name}`, 'Remove it.');
  if (check['port'] !== undefined && check['portIndex'] !== undefined)
    report(`${at}/port`, 'port and portIndex exclude each other', 'Keep portIndex.');
}

function checkPorts(app: JsonObject, report: Report): void {
  const count = portsOf(app).length;
  // Marathon adds portIndex 0 to a new app only where ports are written or mapped (reference §2.3 rule 10).
  const filledIn = listAt(app, 'portDefinitions').length > 0 || objectAt(app, 'container') !== undefined;
  objectsAt(app, 'healthChecks').forEach((check, at) => {
    if (isCommand(check) || isMesos(check)) return;
    const index = numberAt(check, 'portIndex');
    if (index !== undefined) return checkIndex(index, count, `/healthChecks/${at}/portIndex`, report);
    if (check['port'] !== undefined || count === 1 || (filledIn && count > 0)) return;
    report(
      `/healthChecks/${at}`,
      count === 0
        ? 'the app has no port that this could check'
        : 'with several ports the check must name one',
      count === 0 ? 'Add a port definition or mapping.' : 'Add "portIndex".',
    );
  });
}

function checkIndex(index: number, count: number, at: string, report: Report): void {
  if (index < count) return;
  report(
    at,
    `there is no port with index ${index}; the app has ${count === 0 ? 'none' : count}`,
    count === 0 ? 'Add a port definition or mapping.' : count === 1 ? 'Write 0.' : `Use 0 to ${count - 1}.`,
  );
}

function checkAppCheck(app: JsonObject, report: Report): void {
  const check = objectAt(app, 'check');
  if (check === undefined) return;
  const kinds = ['http', 'tcp', 'exec'].filter((kind) => check[kind] !== undefined);
  if (kinds.length !== 1) report('/check', 'a check is exactly one of http, tcp and exec', 'Keep one.');
  const count = portsOf(app).length;
  for (const kind of kinds.filter((each) => each !== 'exec')) {
    const probe = objectAt(check, kind);
    const index = numberAt(probe, 'portIndex');
    if (index !== undefined) checkIndex(index, count, `/check/${kind}/portIndex`, report);
    else if (probe?.['port'] === undefined && count !== 1)
      report(`/check/${kind}`, 'the check names no port', 'Add "portIndex".');
  }
  const command = objectAt(objectAt(check, 'exec'), 'command');
  if (command !== undefined && (command['shell'] === undefined) === (command['argv'] === undefined))
    report('/check/exec/command', 'a command is one of shell and argv', 'Keep one.');
}

function checkReadiness(app: JsonObject, report: Report): void {
  const names = portsOf(app).flatMap(({ name }) => name ?? []);
  objectsAt(app, 'readinessChecks').forEach((check, at) => {
    const where = `/readinessChecks/${at}`;
    const name = textAt(check, 'portName') ?? 'http-api';
    if (!names.includes(name))
      report(
        check['portName'] === undefined ? where : `${where}/portName`,
        `no port is named ${JSON.stringify(name)}`,
        names.length === 0
          ? 'Give a port that name.'
          : `Write one of ${names.map((n) => JSON.stringify(n)).join(', ')}.`,
      );
    const [timeout, interval] = [
      numberAt(check, 'timeoutSeconds') ?? 10,
      numberAt(check, 'intervalSeconds') ?? 30,
    ];
    if (timeout >= interval)
      report(
        check['timeoutSeconds'] === undefined ? where : `${where}/timeoutSeconds`,
        `timeoutSeconds (${timeout}) must be below intervalSeconds (${interval})`,
        `Write "timeoutSeconds": ${Math.max(1, interval - 1)} or less.`,
      );
  });
}

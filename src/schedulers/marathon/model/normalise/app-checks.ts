import type { Json, JsonObject } from '../../../../domain/source/json.js';
import { objectAt, textAt, upperAt } from '../rules/rule.js';
import { asSet, clean } from './values.js';

/** A health check. Marathon's own and those of Mesos keep different fields (reference: marathon.md §2.3 rule 10). */
export function healthCheckOf(check: JsonObject): Json {
  const protocol = upperAt(check, 'protocol') ?? 'HTTP';
  const command = protocol === 'COMMAND';
  const mesos = protocol.startsWith('MESOS_');
  return clean({
    protocol,
    path: command || protocol.endsWith('TCP') ? null : (check['path'] ?? '/'),
    port: command ? null : check['port'],
    // Absent, it becomes 0 now, at the next full replacement, or when a leader loads it: all the same.
    portIndex: command || check['port'] !== undefined ? null : (check['portIndex'] ?? 0),
    command: check['command'],
    gracePeriodSeconds: check['gracePeriodSeconds'] ?? 300,
    intervalSeconds: check['intervalSeconds'] ?? 60,
    timeoutSeconds: check['timeoutSeconds'] ?? 20,
    delaySeconds: mesos || command ? (check['delaySeconds'] ?? 15) : null,
    maxConsecutiveFailures: check['maxConsecutiveFailures'] ?? 3,
    ipProtocol: mesos ? (upperAt(check, 'ipProtocol') === 'IPV6' ? 'IPv6' : 'IPv4') : null,
  });
}

/** A `check` (Mesos' own, next to health checks): one of three kinds and three times. */
export function checkOf(check: JsonObject | undefined): Json {
  if (check === undefined) return null;
  const http = objectAt(check, 'http');
  return clean({
    ...check,
    http: http === undefined ? null : { ...http, scheme: upperAt(http, 'scheme') ?? 'HTTP' },
    intervalSeconds: check['intervalSeconds'] ?? 60,
    timeoutSeconds: check['timeoutSeconds'] ?? 20,
    delaySeconds: check['delaySeconds'] ?? 15,
  });
}

export function readinessCheckOf(check: JsonObject): Json {
  const codes = asSet(check['httpStatusCodesForReady']);
  return clean({
    name: check['name'] ?? 'readinessCheck',
    protocol: upperAt(check, 'protocol') ?? 'HTTP',
    path: check['path'] ?? '/',
    portName: textAt(check, 'portName') ?? 'http-api',
    intervalSeconds: check['intervalSeconds'] ?? 30,
    timeoutSeconds: check['timeoutSeconds'] ?? 10,
    httpStatusCodesForReady: codes.length === 0 ? [200] : codes,
    preserveLastResponse: check['preserveLastResponse'] ?? false,
  });
}

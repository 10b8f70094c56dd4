import { port } from './networking.js';
import { count, mesosCommand, name, oneOf, path, portName, seconds } from './shared.js';

const timing = {
  gracePeriodSeconds: { ...seconds, default: 300 },
  intervalSeconds: { ...seconds, default: 60 },
  timeoutSeconds: { ...seconds, default: 20 },
  delaySeconds: { ...seconds, default: 15 },
  maxConsecutiveFailures: {
    ...count,
    default: 3,
    description: '0: never kill (HTTP, HTTPS, TCP), kill at the first (MESOS_*, COMMAND).',
  },
};
const portIndex = { ...port, description: 'Position in portDefinitions or portMappings. Always write it.' };
const scheme = { ...oneOf('HTTP', 'HTTPS'), default: 'HTTP' };
const exec = {
  type: 'object',
  required: ['command'],
  additionalProperties: false,
  properties: { command: mesosCommand },
};

export const appHealthCheck = {
  type: 'object',
  additionalProperties: false,
  properties: {
    protocol: {
      ...oneOf('HTTP', 'HTTPS', 'TCP', 'COMMAND', 'MESOS_HTTP', 'MESOS_HTTPS', 'MESOS_TCP'),
      default: 'HTTP',
    },
    path: { type: 'string' },
    port,
    portIndex,
    command: {
      type: 'object',
      required: ['value'],
      additionalProperties: false,
      properties: { value: { type: 'string' } },
    },
    ...timing,
    ipProtocol: { ...oneOf('IPv4', 'IPv6'), default: 'IPv4' },
    ignoreHttp1xx: { type: 'boolean' },
  },
};

/** A check that Mesos makes and only reports (1.5 and later). */
export const appCheck = {
  type: 'object',
  additionalProperties: false,
  properties: {
    http: { type: 'object', additionalProperties: false, properties: { portIndex, port, path, scheme } },
    tcp: { type: 'object', additionalProperties: false, properties: { portIndex, port } },
    exec,
    intervalSeconds: timing.intervalSeconds,
    timeoutSeconds: timing.timeoutSeconds,
    delaySeconds: timing.delaySeconds,
  },
};

export const readinessCheck = {
  type: 'object',
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 1, default: 'readinessCheck' },
    protocol: scheme,
    path: { ...path, default: '/' },
    portName: { ...portName, default: 'http-api' },
    intervalSeconds: { ...seconds, default: 30 },
    timeoutSeconds: { type: 'integer', minimum: 1, default: 10 },
    httpStatusCodesForReady: {
      type: 'array',
      minItems: 1,
      items: { type: 'integer', minimum: 100, maximum: 999 },
      default: [200],
    },
    preserveLastResponse: { type: 'boolean', default: false },
  },
};

const byEndpoint = { endpoint: { ...name, description: 'Name of an endpoint of this container.' } };

export const podHealthCheck = {
  type: 'object',
  additionalProperties: false,
  properties: {
    http: {
      type: 'object',
      required: ['endpoint'],
      additionalProperties: false,
      properties: { ...byEndpoint, path, scheme },
    },
    tcp: { type: 'object', required: ['endpoint'], additionalProperties: false, properties: byEndpoint },
    exec,
    ...timing,
  },
};

import { port } from './networking.js';
import { count, mesosCommand, name, oneOf, path, portName, seconds } from './shared.js';

const timing = {
  gracePeriodSeconds: {
    ...seconds,
    default: 300,
    description: 'Failures in this time after the start do not count.',
  },
  intervalSeconds: { ...seconds, default: 60, description: 'Time between two checks.' },
  timeoutSeconds: { ...seconds, default: 20, description: 'Then a check without an answer has failed.' },
  delaySeconds: {
    ...seconds,
    default: 15,
    description: 'Time from the start to the first check; MESOS_* and COMMAND only.',
  },
  maxConsecutiveFailures: {
    ...count,
    default: 3,
    description:
      'Failures in a row until the task is killed. 0: never kill (HTTP, HTTPS, TCP), kill at the first (MESOS_*, COMMAND).',
  },
};
const portIndex = { ...port, description: 'Position in portDefinitions or portMappings. Always write it.' };
const number = { ...port, description: 'A fixed number instead of a position.' };
const scheme = { ...oneOf('HTTP', 'HTTPS'), default: 'HTTP', description: 'HTTP or HTTPS.' };
const url = { ...path, description: 'Path that is asked for.' };
const exec = {
  type: 'object',
  required: ['command'],
  additionalProperties: false,
  properties: { command: mesosCommand },
  description: 'Runs a command in the container; exit 0 is good.',
};

export const appHealthCheck = {
  type: 'object',
  additionalProperties: false,
  properties: {
    protocol: {
      ...oneOf('HTTP', 'HTTPS', 'TCP', 'COMMAND', 'MESOS_HTTP', 'MESOS_HTTPS', 'MESOS_TCP'),
      default: 'HTTP',
      description: 'Who asks and how: HTTP, HTTPS and TCP by Marathon, MESOS_* and COMMAND on the agent.',
    },
    path: { type: 'string', description: 'Path that is asked for; HTTP kinds only.' },
    port: number,
    portIndex,
    command: {
      type: 'object',
      required: ['value'],
      additionalProperties: false,
      properties: { value: { type: 'string', description: 'A line for /bin/sh; exit 0 is good.' } },
      description: 'For COMMAND.',
    },
    ...timing,
    ipProtocol: {
      ...oneOf('IPv4', 'IPv6'),
      default: 'IPv4',
      description: 'For MESOS_HTTP, MESOS_HTTPS and MESOS_TCP.',
    },
    ignoreHttp1xx: { type: 'boolean', default: false, description: 'Answers 1xx are neither good nor bad.' },
  },
};

/** A check that Mesos makes and only reports (1.5 and later). */
export const appCheck = {
  type: 'object',
  additionalProperties: false,
  properties: {
    http: {
      type: 'object',
      additionalProperties: false,
      properties: { portIndex, port: number, path: url, scheme },
      description: 'Asks a page.',
    },
    tcp: {
      type: 'object',
      additionalProperties: false,
      properties: { portIndex, port: number },
      description: 'Opens a connection.',
    },
    exec,
    intervalSeconds: timing.intervalSeconds,
    timeoutSeconds: timing.timeoutSeconds,
    delaySeconds: timing.delaySeconds,
  },
  description: 'A check that Mesos makes and only reports: nothing is killed for it (1.5 and later).',
};

export const readinessCheck = {
  type: 'object',
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 1, default: 'readinessCheck', description: 'Name in the results.' },
    protocol: scheme,
    path: { ...url, default: '/' },
    portName: { ...portName, default: 'http-api', description: 'Name of the port that is asked.' },
    intervalSeconds: { ...seconds, default: 30, description: 'Time between two checks.' },
    timeoutSeconds: {
      type: 'integer',
      minimum: 1,
      default: 10,
      description: 'Then a check without an answer has failed.',
    },
    httpStatusCodesForReady: {
      type: 'array',
      minItems: 1,
      items: { type: 'integer', minimum: 100, maximum: 999 },
      default: [200],
      description: 'Answers that mean ready.',
    },
    preserveLastResponse: {
      type: 'boolean',
      default: false,
      description: 'Keeps the last answer for the API.',
    },
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
      properties: { ...byEndpoint, path: url, scheme },
      description: 'Asks a page.',
    },
    tcp: {
      type: 'object',
      required: ['endpoint'],
      additionalProperties: false,
      properties: byEndpoint,
      description: 'Opens a connection.',
    },
    exec,
    ...timing,
  },
  description: 'How Mesos finds out that the container works: one of http, tcp and exec.',
};

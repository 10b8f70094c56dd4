import { podHealthCheck } from './health.js';
import { endpoint } from './networking.js';
import {
  amount,
  artifact,
  count,
  envValue,
  labels,
  linuxInfo,
  mesosCommand,
  name,
  oneOf,
  path,
  pullConfig,
  resourceLimits,
} from './shared.js';
import { volumeMount } from './volumes.js';

export const podEnvironment = {
  type: 'object',
  propertyNames: {
    pattern: '^[A-Za-z_][A-Za-z0-9_]{0,253}$',
    explain: 'it has letters, digits and underscores, no digit first, 254 characters at most',
  },
  additionalProperties: envValue,
};

/** A container of a pod. */
export const podContainer = {
  type: 'object',
  required: ['name', 'resources'],
  additionalProperties: false,
  properties: {
    name,
    exec: {
      type: 'object',
      required: ['command'],
      additionalProperties: false,
      properties: { command: mesosCommand, overrideEntrypoint: { type: 'boolean' } },
    },
    resources: {
      type: 'object',
      additionalProperties: false,
      properties: {
        cpus: { ...amount, default: 1 },
        mem: { ...amount, default: 128, description: 'MiB' },
        disk: { ...amount, default: 0, description: 'MiB' },
        gpus: { ...count, default: 0 },
      },
    },
    resourceLimits,
    endpoints: { type: 'array', items: endpoint },
    image: {
      type: 'object',
      required: ['kind', 'id'],
      additionalProperties: false,
      properties: {
        kind: oneOf('DOCKER'),
        id: { ...path, description: 'Image reference; a promotion changes its tag or digest.' },
        forcePull: { type: 'boolean' },
        labels,
        pullConfig,
      },
    },
    environment: podEnvironment,
    user: { type: 'string' },
    healthCheck: podHealthCheck,
    check: { ...podHealthCheck, description: 'Accepted and not stored: use healthCheck.' },
    volumeMounts: { type: 'array', items: volumeMount },
    artifacts: { type: 'array', items: artifact },
    labels,
    lifecycle: {
      type: 'object',
      additionalProperties: false,
      properties: { killGracePeriodSeconds: amount },
    },
    tty: { type: 'boolean' },
    linuxInfo,
  },
};

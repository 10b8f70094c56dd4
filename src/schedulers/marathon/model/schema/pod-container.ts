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
  description: 'Environment variables: texts, or secrets by name.',
};

/** A container of a pod. */
export const podContainer = {
  type: 'object',
  required: ['name', 'resources'],
  additionalProperties: false,
  properties: {
    name: { ...name, description: 'Name of the container in its pod.' },
    exec: {
      type: 'object',
      required: ['command'],
      additionalProperties: false,
      properties: {
        command: mesosCommand,
        overrideEntrypoint: {
          type: 'boolean',
          description: 'The command replaces the entry point of the image.',
        },
      },
      description: 'What is run; by default what the image says.',
    },
    resources: {
      type: 'object',
      additionalProperties: false,
      properties: {
        cpus: { ...amount, default: 1, description: 'Share of processors.' },
        mem: { ...amount, default: 128, description: 'Memory in MiB.' },
        disk: { ...amount, default: 0, description: 'Disk in MiB.' },
        gpus: { ...count, default: 0, description: 'Whole GPUs.' },
      },
      description: 'What the container needs.',
    },
    resourceLimits,
    endpoints: { type: 'array', items: endpoint, description: 'Ports of the container.' },
    image: {
      type: 'object',
      required: ['kind', 'id'],
      additionalProperties: false,
      properties: {
        kind: { ...oneOf('DOCKER'), description: 'The only kind that Marathon takes.' },
        id: { ...path, description: 'Image reference; a promotion changes its tag or digest.' },
        forcePull: { type: 'boolean', default: false, description: 'Asks the registry before each start.' },
        labels,
        pullConfig,
      },
      description: 'Image of the container.',
    },
    environment: podEnvironment,
    user: { type: 'string', description: 'User that the container runs as.' },
    healthCheck: podHealthCheck,
    check: { ...podHealthCheck, description: 'Accepted and not stored: use healthCheck.' },
    volumeMounts: {
      type: 'array',
      items: volumeMount,
      description: 'Volumes of the pod, and where they are mounted.',
    },
    artifacts: { type: 'array', items: artifact, description: 'Files that Mesos brings before the start.' },
    labels,
    lifecycle: {
      type: 'object',
      additionalProperties: false,
      properties: {
        killGracePeriodSeconds: { ...amount, description: 'Time between SIGTERM and SIGKILL.' },
      },
      description: 'How the container ends.',
    },
    tty: { type: 'boolean', description: 'Gives the container a terminal.' },
    linuxInfo,
  },
};

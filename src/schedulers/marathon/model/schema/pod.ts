import { networks } from './networking.js';
import { podContainer, podEnvironment } from './pod-container.js';
import {
  amount,
  count,
  DRAFT,
  executorResources,
  id,
  killSelection,
  labels,
  linuxInfo,
  oneOf,
  ratio,
  role,
  secrets,
  text,
  unreachableStrategy,
} from './shared.js';
import { podVolume } from './volumes.js';

const scheduling = {
  type: 'object',
  additionalProperties: false,
  properties: {
    backoff: {
      type: 'object',
      additionalProperties: false,
      properties: {
        backoff: { ...amount, default: 1 },
        backoffFactor: { ...amount, default: 1.15 },
        maxLaunchDelay: { ...amount, default: 300 },
      },
    },
    upgrade: {
      type: 'object',
      additionalProperties: false,
      properties: {
        minimumHealthCapacity: { ...ratio, default: 1 },
        maximumOverCapacity: { ...ratio, default: 1 },
      },
      description: '0.5/0 where it is not written and a volume is persistent.',
    },
    placement: {
      type: 'object',
      additionalProperties: false,
      properties: {
        constraints: {
          type: 'array',
          items: {
            type: 'object',
            required: ['fieldName', 'operator'],
            additionalProperties: false,
            properties: {
              fieldName: { type: 'string' },
              operator: oneOf('UNIQUE', 'CLUSTER', 'GROUP_BY', 'LIKE', 'UNLIKE', 'MAX_PER', 'IS'),
              value: {
                type: 'string',
                explain: 'the value of a constraint is a string; put numbers in quotes',
              },
            },
          },
        },
        acceptedResourceRoles: { type: 'array', items: { type: 'string' } },
      },
    },
    killSelection,
    unreachableStrategy,
  },
};

/** JSON Schema of a Marathon pod (1.4 and later). */
export const podSchema = {
  $schema: DRAFT,
  $id: 'https://towline.dev/schemas/marathon-pod.json',
  title: 'Marathon pod',
  type: 'object',
  required: ['id', 'containers'],
  additionalProperties: false,
  properties: {
    id,
    labels,
    environment: podEnvironment,
    user: text,
    secrets,
    containers: { type: 'array', minItems: 1, items: podContainer },
    volumes: { type: 'array', items: podVolume },
    networks,
    scaling: {
      type: 'object',
      required: ['kind'],
      additionalProperties: false,
      properties: { kind: oneOf('fixed'), instances: { ...count, default: 1 } },
    },
    scheduling,
    executorResources,
    role,
    linuxInfo,
    legacySharedCgroups: { type: 'boolean' },
  },
} as const;

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
  maximumOverCapacity,
  minimumHealthCapacity,
  oneOf,
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
        backoff: { ...amount, default: 1, description: 'Seconds of the first pause after a failed start.' },
        backoffFactor: {
          ...amount,
          default: 1.15,
          description: 'What the pause is multiplied by after each further failure.',
        },
        maxLaunchDelay: { ...amount, default: 300, description: 'Seconds of the longest pause.' },
      },
      description: 'Pauses between tries.',
    },
    upgrade: {
      type: 'object',
      additionalProperties: false,
      properties: {
        minimumHealthCapacity: { ...minimumHealthCapacity, default: 1 },
        maximumOverCapacity: { ...maximumOverCapacity, default: 1 },
      },
      description: 'How instances are replaced. 0.5/0 where it is not written and a volume is persistent.',
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
              fieldName: { type: 'string', description: 'hostname, or an attribute of the agents.' },
              operator: {
                ...oneOf('UNIQUE', 'CLUSTER', 'GROUP_BY', 'LIKE', 'UNLIKE', 'MAX_PER', 'IS'),
                description: 'How the field is judged.',
              },
              value: {
                type: 'string',
                description: 'What it is compared with.',
                explain: 'the value of a constraint is a string; put numbers in quotes',
              },
            },
          },
          description: 'On which agents instances may run.',
        },
        acceptedResourceRoles: {
          type: 'array',
          items: { type: 'string' },
          description: 'Roles whose offers are taken: "*" and the role of the pod.',
        },
      },
      description: 'Where instances may run.',
    },
    killSelection,
    unreachableStrategy,
  },
  description: 'Where, when and how instances are started and replaced.',
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
    user: { ...text, description: 'User that containers run as.' },
    secrets,
    containers: {
      type: 'array',
      minItems: 1,
      items: podContainer,
      description: 'What runs together on one agent.',
    },
    volumes: { type: 'array', items: podVolume, description: 'Volumes that containers can mount by name.' },
    networks,
    scaling: {
      type: 'object',
      required: ['kind'],
      additionalProperties: false,
      properties: {
        kind: { ...oneOf('fixed'), description: 'The only kind there is.' },
        instances: { ...count, default: 1, description: 'How many of this pod run.' },
      },
      description: 'A change of the instances alone restarts nothing.',
    },
    scheduling,
    executorResources,
    role,
    linuxInfo,
    legacySharedCgroups: {
      type: 'boolean',
      description: 'Containers of the pod share one cgroup, as in older versions.',
    },
  },
} as const;

import {
  amount,
  anyCase,
  envValue,
  executorResources,
  id,
  killSelection,
  limits,
  linuxInfo,
  networks,
  persistent,
  port,
  portName,
  pullConfig,
  ratio,
  seconds,
  secrets,
  strings,
  unreachableStrategy,
} from './shared.js';

const environment = {
  type: 'object',
  propertyNames: {
    pattern: '^[A-Za-z_][A-Za-z0-9_]{0,253}$',
    explain: 'a name has letters, digits and underscores',
  },
  additionalProperties: envValue,
};
const probe = {
  type: 'object',
  additionalProperties: false,
  properties: {
    http: {
      type: 'object',
      required: ['endpoint'],
      additionalProperties: false,
      properties: { endpoint: portName, path: { type: 'string' }, scheme: anyCase('HTTP', 'HTTPS') },
    },
    tcp: {
      type: 'object',
      required: ['endpoint'],
      additionalProperties: false,
      properties: { endpoint: portName },
    },
    exec: {
      type: 'object',
      required: ['command'],
      additionalProperties: false,
      properties: { command: { type: 'object' } },
    },
    gracePeriodSeconds: seconds,
    intervalSeconds: seconds,
    maxConsecutiveFailures: { type: 'integer', minimum: 0 },
    timeoutSeconds: seconds,
    delaySeconds: seconds,
  },
};

const container = {
  type: 'object',
  required: ['name', 'resources'],
  additionalProperties: false,
  properties: {
    name: {
      type: 'string',
      pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$',
      maxLength: 63,
      explain: 'a name has at most 63 lower-case letters, digits and dashes',
    },
    exec: {
      type: 'object',
      required: ['command'],
      additionalProperties: false,
      properties: {
        command: {
          type: 'object',
          additionalProperties: false,
          properties: {
            shell: { type: 'string', minLength: 1 },
            argv: { type: 'array', minItems: 1, items: { type: 'string' } },
          },
        },
        overrideEntrypoint: { type: 'boolean' },
      },
    },
    resources: {
      type: 'object',
      additionalProperties: false,
      properties: { cpus: amount, mem: amount, disk: amount, gpus: { type: 'integer', minimum: 0 } },
    },
    resourceLimits: limits,
    endpoints: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name'],
        additionalProperties: false,
        properties: {
          name: portName,
          containerPort: { type: ['integer', 'null'], minimum: 0, maximum: 65535 },
          hostPort: { ...port, type: ['integer', 'null'] },
          protocol: {
            type: 'array',
            items: { type: 'string', minLength: 1 },
          },
          labels: strings,
          networkNames: { type: 'array', items: { type: 'string' } },
        },
      },
    },
    image: {
      type: 'object',
      required: ['kind', 'id'],
      additionalProperties: false,
      properties: {
        kind: anyCase('DOCKER', 'APPC'),
        id: { type: 'string', minLength: 1 },
        forcePull: { type: 'boolean' },
        labels: strings,
        pullConfig,
      },
    },
    environment,
    user: { type: 'string' },
    healthCheck: probe,
    check: probe,
    volumeMounts: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'mountPath'],
        additionalProperties: false,
        properties: {
          name: { type: 'string' },
          mountPath: { type: 'string', minLength: 1 },
          readOnly: { type: 'boolean' },
        },
      },
    },
    artifacts: {
      type: 'array',
      items: {
        type: 'object',
        required: ['uri'],
        additionalProperties: false,
        properties: {
          uri: { type: 'string' },
          extract: { type: 'boolean' },
          executable: { type: 'boolean' },
          cache: { type: 'boolean' },
          destPath: { type: 'string' },
        },
      },
    },
    labels: strings,
    lifecycle: {
      type: 'object',
      additionalProperties: false,
      properties: { killGracePeriodSeconds: amount },
    },
    tty: { type: 'boolean' },
    linuxInfo,
  },
};

/** JSON Schema of a Marathon pod (1.4 and later). */
export const podSchema = {
  $id: 'https://towline.dev/schemas/marathon-pod.json',
  title: 'Marathon pod',
  type: 'object',
  required: ['id', 'containers'],
  additionalProperties: false,
  properties: {
    id,
    labels: strings,
    environment,
    user: { type: 'string' },
    secrets,
    containers: { type: 'array', minItems: 1, items: container },
    volumes: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name'],
        additionalProperties: false,
        properties: {
          name: { type: 'string', minLength: 1 },
          host: { type: 'string', minLength: 1 },
          persistent,
          secret: { type: 'string', minLength: 1 },
        },
      },
    },
    networks,
    scaling: {
      type: 'object',
      required: ['kind'],
      additionalProperties: false,
      properties: {
        kind: anyCase('fixed'),
        instances: { type: 'integer', minimum: 0 },
        maxInstances: { type: 'integer', minimum: 0 },
      },
    },
    scheduling: {
      type: 'object',
      additionalProperties: false,
      properties: {
        backoff: {
          type: 'object',
          additionalProperties: false,
          properties: {
            backoff: amount,
            backoffFactor: { type: 'number', minimum: 1 },
            maxLaunchDelay: amount,
          },
        },
        upgrade: {
          type: 'object',
          additionalProperties: false,
          properties: { minimumHealthCapacity: ratio, maximumOverCapacity: ratio },
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
                  operator: anyCase('UNIQUE', 'CLUSTER', 'GROUP_BY', 'LIKE', 'UNLIKE', 'MAX_PER', 'IS'),
                  value: { type: 'string' },
                },
              },
            },
            acceptedResourceRoles: { type: 'array', items: { type: 'string' } },
          },
        },
        killSelection,
        unreachableStrategy,
      },
    },
    executorResources,
    role: { type: 'string', minLength: 1 },
    linuxInfo,
    legacySharedCgroups: { type: 'boolean' },
  },
} as const;

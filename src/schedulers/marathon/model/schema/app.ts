import {
  amount,
  anyCase,
  env,
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

const portMapping = {
  type: 'object',
  additionalProperties: false,
  properties: {
    containerPort: port,
    hostPort: port,
    servicePort: port,
    protocol: anyCase('tcp', 'udp', 'udp,tcp', 'tcp,udp'),
    name: portName,
    labels: strings,
    networkNames: { type: 'array', items: { type: 'string' } },
  },
};

const container = {
  type: 'object',
  additionalProperties: false,
  properties: {
    type: anyCase('DOCKER', 'MESOS'),
    docker: {
      type: 'object',
      required: ['image'],
      additionalProperties: false,
      properties: {
        image: { type: 'string', minLength: 1, description: 'Image reference.' },
        network: { ...anyCase('BRIDGE', 'HOST', 'NONE', 'USER'), description: 'Deprecated: use networks.' },
        forcePullImage: { type: 'boolean', default: false },
        privileged: { type: 'boolean', default: false },
        parameters: {
          type: 'array',
          items: {
            type: 'object',
            required: ['key', 'value'],
            additionalProperties: false,
            properties: { key: { type: 'string', minLength: 1 }, value: { type: 'string' } },
          },
        },
        portMappings: {
          type: 'array',
          items: portMapping,
          description: 'Deprecated: use container.portMappings.',
        },
        credential: { type: 'object' },
        pullConfig,
      },
    },
    portMappings: { type: 'array', items: portMapping },
    volumes: {
      type: 'array',
      items: {
        type: 'object',
        required: ['containerPath'],
        additionalProperties: false,
        properties: {
          containerPath: { type: 'string', minLength: 1 },
          hostPath: { type: 'string', minLength: 1 },
          mode: anyCase('RO', 'RW'),
          persistent,
          secret: { type: 'string', minLength: 1 },
          external: {
            type: 'object',
            required: ['provider'],
            additionalProperties: false,
            properties: {
              size: { type: 'integer', minimum: 0 },
              name: { type: 'string', minLength: 1 },
              provider: { type: 'string', minLength: 1 },
              options: strings,
              shared: { type: 'boolean' },
            },
          },
        },
      },
    },
    linuxInfo,
  },
};

const healthCheck = {
  type: 'object',
  additionalProperties: false,
  properties: {
    protocol: anyCase('HTTP', 'HTTPS', 'TCP', 'COMMAND', 'MESOS_HTTP', 'MESOS_HTTPS', 'MESOS_TCP'),
    path: { type: 'string' },
    port,
    portIndex: { type: 'integer', minimum: 0 },
    command: {
      type: 'object',
      required: ['value'],
      additionalProperties: false,
      properties: { value: { type: 'string', minLength: 1 } },
    },
    gracePeriodSeconds: seconds,
    intervalSeconds: seconds,
    timeoutSeconds: seconds,
    delaySeconds: seconds,
    maxConsecutiveFailures: { type: 'integer', minimum: 0 },
    ipProtocol: anyCase('IPv4', 'IPv6'),
    ignoreHttp1xx: { type: 'boolean' },
  },
};

const check = {
  type: 'object',
  additionalProperties: false,
  properties: {
    http: {
      type: 'object',
      additionalProperties: false,
      properties: {
        portIndex: { type: 'integer', minimum: 0 },
        port,
        path: { type: 'string' },
        scheme: anyCase('HTTP', 'HTTPS'),
      },
    },
    tcp: {
      type: 'object',
      additionalProperties: false,
      properties: { portIndex: { type: 'integer', minimum: 0 }, port },
    },
    exec: { type: 'object', additionalProperties: false, properties: { command: { type: 'object' } } },
    intervalSeconds: seconds,
    timeoutSeconds: seconds,
    delaySeconds: seconds,
  },
};

/** JSON Schema of a Marathon app as a manifest states it (API 1.5 to 1.11, deprecated input fields included). */
export const appSchema = {
  $id: 'https://towline.dev/schemas/marathon-app.json',
  title: 'Marathon app',
  type: 'object',
  required: ['id'],
  additionalProperties: false,
  properties: {
    id,
    cmd: { type: 'string', minLength: 2, description: 'Shell command.' },
    args: {
      type: 'array',
      items: { type: 'string' },
      description: 'Arguments for the image or executor; not together with cmd.',
    },
    instances: { type: 'integer', minimum: 0, default: 1 },
    cpus: { ...amount, default: 1 },
    mem: { ...amount, default: 128, description: 'MiB' },
    disk: { ...amount, default: 0, description: 'MiB' },
    gpus: { type: 'integer', minimum: 0, default: 0 },
    backoffSeconds: { ...amount, default: 1 },
    backoffFactor: { type: 'number', minimum: 1, default: 1.15 },
    maxLaunchDelaySeconds: { ...amount, default: 300 },
    container,
    networks,
    portDefinitions: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        properties: {
          port,
          protocol: anyCase('tcp', 'udp', 'udp,tcp', 'tcp,udp'),
          name: portName,
          labels: strings,
        },
      },
    },
    requirePorts: { type: 'boolean', default: false },
    env,
    labels: strings,
    secrets,
    fetch: {
      type: 'array',
      items: {
        type: 'object',
        required: ['uri'],
        additionalProperties: false,
        properties: {
          uri: { type: 'string', minLength: 1, maxLength: 1024 },
          extract: { type: 'boolean' },
          executable: { type: 'boolean' },
          cache: { type: 'boolean' },
          destPath: { type: 'string' },
          outputFile: { type: 'string' },
        },
      },
    },
    constraints: {
      type: 'array',
      items: { type: 'array', minItems: 2, maxItems: 3, items: { type: 'string' } },
    },
    acceptedResourceRoles: { type: 'array', items: { type: 'string', minLength: 1 } },
    role: { type: 'string', minLength: 1 },
    dependencies: { type: 'array', items: { type: 'string', minLength: 1 } },
    healthChecks: { type: 'array', items: healthCheck },
    check,
    readinessChecks: {
      type: 'array',
      maxItems: 1,
      items: {
        type: 'object',
        additionalProperties: false,
        properties: {
          name: { type: 'string', minLength: 1 },
          protocol: anyCase('HTTP', 'HTTPS'),
          path: { type: 'string' },
          portName,
          intervalSeconds: { type: 'integer', minimum: 1 },
          timeoutSeconds: { type: 'integer', minimum: 1 },
          httpStatusCodesForReady: { type: 'array', items: { type: 'integer' } },
          preserveLastResponse: { type: 'boolean' },
        },
      },
    },
    upgradeStrategy: {
      type: 'object',
      required: ['minimumHealthCapacity', 'maximumOverCapacity'],
      additionalProperties: false,
      properties: { minimumHealthCapacity: ratio, maximumOverCapacity: ratio },
    },
    unreachableStrategy,
    killSelection,
    taskKillGracePeriodSeconds: { type: 'integer', minimum: 0 },
    user: { type: 'string' },
    tty: { type: 'boolean' },
    executor: { type: 'string' },
    executorResources,
    resourceLimits: limits,
    residency: { type: 'object' },
    ports: { type: 'array', items: port, description: 'Deprecated: use portDefinitions.' },
    uris: { type: 'array', items: { type: 'string' }, description: 'Deprecated: use fetch.' },
    ipAddress: {
      type: 'object',
      additionalProperties: false,
      description: 'Deprecated: use networks.',
      properties: {
        networkName: { type: 'string', minLength: 1 },
        groups: { type: 'array', items: { type: 'string' } },
        labels: strings,
        discovery: {
          type: 'object',
          additionalProperties: false,
          properties: {
            ports: {
              type: 'array',
              items: {
                type: 'object',
                additionalProperties: false,
                properties: {
                  number: port,
                  name: portName,
                  protocol: anyCase('tcp', 'udp'),
                  labels: strings,
                },
              },
            },
          },
        },
      },
    },
    storeUrls: { type: 'array' },
  },
} as const;

import { labels, name, networkName, oneOf, portName } from './shared.js';

export const port = { type: 'integer', minimum: 0, maximum: 65535 };
const protocol = { ...oneOf('tcp', 'udp', 'udp,tcp'), default: 'tcp', description: 'What is spoken there.' };
const portNamed = { ...portName, description: 'Name for service discovery.' };
const onNetworks = {
  type: 'array',
  items: name,
  description: 'Names of the container networks that it is for; with more than one network only.',
};

export const networks = {
  type: 'array',
  items: {
    type: 'object',
    additionalProperties: false,
    properties: {
      name: { ...networkName, description: 'Name of a container network.' },
      mode: {
        ...oneOf('container', 'container/bridge', 'host'),
        default: 'container',
        description: 'An address of its own, a bridge of the agent, or the network of the agent itself.',
      },
      labels,
    },
  },
  description: 'One host, one bridge, or container networks. None: host.',
};

export const portMappings = {
  type: 'array',
  items: {
    type: 'object',
    additionalProperties: false,
    properties: {
      containerPort: { ...port, default: 0, description: 'Port in the container; 0: the same as hostPort.' },
      hostPort: { ...port, description: 'Port of the agent; 0: any.' },
      servicePort: {
        ...port,
        default: 0,
        description: 'Port for load balancers; 0: Marathon gives one, by position. Better written.',
      },
      protocol,
      name: portNamed,
      labels,
      networkNames: onNetworks,
    },
  },
  description: 'Ports of bridge and container networks. Dropped in host networking.',
};

export const portDefinitions = {
  type: 'array',
  items: {
    type: 'object',
    additionalProperties: false,
    properties: {
      port: {
        ...port,
        default: 0,
        description: 'Service port, and with requirePorts that of the agent; 0: any.',
      },
      protocol,
      name: portNamed,
      labels,
    },
  },
  description: 'Ports of host networking; none written: one of any number; an empty list: none.',
};

/** How apps joined networks before 1.5; still read, never answered. */
export const ipAddress = {
  type: 'object',
  additionalProperties: false,
  description: 'Deprecated: use networks.',
  properties: {
    networkName: { type: 'string', minLength: 1, description: 'Name of a container network.' },
    groups: {
      type: 'array',
      items: { type: 'string' },
      description: 'Groups of the network, of old versions.',
    },
    labels,
    discovery: {
      type: 'object',
      additionalProperties: false,
      properties: {
        ports: {
          type: 'array',
          items: {
            type: 'object',
            required: ['name'],
            additionalProperties: false,
            properties: {
              number: { ...port, default: 0, description: 'Port in the container.' },
              name: portNamed,
              protocol,
              labels,
            },
          },
          description: 'Ports in the container.',
        },
      },
      description: 'What others can find.',
    },
  },
};

/** A port of a pod's container. */
export const endpoint = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: {
    name: { ...name, description: 'Name for checks and service discovery.' },
    containerPort: { ...port, description: 'Port in the container; container networks only.' },
    hostPort: { ...port, description: 'Port of the agent; 0: any.' },
    protocol: { type: 'array', minItems: 1, items: name, description: 'What is spoken there.' },
    labels,
    networkNames: onNetworks,
  },
};

import { labels, name, networkName, oneOf, portName } from './shared.js';

export const port = { type: 'integer', minimum: 0, maximum: 65535 };
const protocol = { ...oneOf('tcp', 'udp', 'udp,tcp'), default: 'tcp' };

export const networks = {
  type: 'array',
  items: {
    type: 'object',
    additionalProperties: false,
    properties: {
      name: networkName,
      mode: { ...oneOf('container', 'container/bridge', 'host'), default: 'container' },
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
      containerPort: { ...port, default: 0 },
      hostPort: port,
      servicePort: { ...port, default: 0 },
      protocol,
      name: portName,
      labels,
      networkNames: { type: 'array', items: name },
    },
  },
  description: 'Ports of bridge and container networks. Dropped in host networking.',
};

export const portDefinitions = {
  type: 'array',
  items: {
    type: 'object',
    additionalProperties: false,
    properties: { port: { ...port, default: 0 }, protocol, name: portName, labels },
  },
  description: 'Ports of host networking; none written: one of any number; an empty list: none.',
};

/** How apps joined networks before 1.5; still read, never answered. */
export const ipAddress = {
  type: 'object',
  additionalProperties: false,
  description: 'Deprecated: use networks.',
  properties: {
    networkName: { type: 'string', minLength: 1 },
    groups: { type: 'array', items: { type: 'string' } },
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
            properties: { number: { ...port, default: 0 }, name: portName, protocol, labels },
          },
        },
      },
    },
  },
};

/** A port of a pod's container. */
export const endpoint = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: {
    name,
    containerPort: port,
    hostPort: port,
    protocol: { type: 'array', minItems: 1, items: name },
    labels,
    networkNames: { type: 'array', items: name },
  },
};

import { count, name, oneOf, strings, text } from './shared.js';

export const persistent = {
  type: 'object',
  required: ['size'],
  additionalProperties: false,
  properties: {
    type: { ...oneOf('root', 'path', 'mount'), default: 'root' },
    size: { ...count, description: 'MiB' },
    maxSize: { ...count, description: 'MiB, for type mount' },
    profileName: { type: 'string' },
    constraints: {
      type: 'array',
      items: { type: 'array', minItems: 2, maxItems: 3, items: { type: 'string' } },
    },
  },
};

/** Options of dvdi are texts; those of csi have a form of their own. Which provider has which, a rule says. */
const externalOptions = {
  type: 'object',
  properties: {
    pluginName: text,
    capability: {
      type: 'object',
      required: ['accessMode', 'accessType'],
      additionalProperties: false,
      properties: {
        accessMode: oneOf(
          'SINGLE_NODE_WRITER',
          'SINGLE_NODE_READER_ONLY',
          'MULTI_NODE_READER_ONLY',
          'MULTI_NODE_SINGLE_WRITER',
          'MULTI_NODE_MULTI_WRITER',
        ),
        accessType: oneOf('block', 'mount'),
        fsType: { type: 'string' },
        mountFlags: { type: 'array', items: { type: 'string' } },
      },
    },
    nodeStageSecret: strings,
    nodePublishSecret: strings,
    volumeContext: strings,
  },
  additionalProperties: { type: 'string', explain: 'an option must be a string; put numbers in quotes' },
};

/** A volume of an app: exactly one of hostPath, persistent, external and secret; which, a rule says. */
export const appVolume = {
  type: 'object',
  required: ['containerPath'],
  additionalProperties: false,
  properties: {
    containerPath: text,
    hostPath: text,
    mode: oneOf('RO', 'RW'),
    persistent,
    secret: { ...text, description: 'Name of a declared secret.' },
    external: {
      type: 'object',
      required: ['provider'],
      additionalProperties: false,
      properties: {
        provider: text,
        name: text,
        size: { ...count, description: 'GiB' },
        options: externalOptions,
        shared: { type: 'boolean', default: false },
      },
    },
  },
};

/** A volume of a pod: of the host, persistent, a secret, or gone with the pod. */
export const podVolume = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: { name, host: text, persistent, secret: text },
};

export const volumeMount = {
  type: 'object',
  required: ['name', 'mountPath'],
  additionalProperties: false,
  properties: {
    name,
    mountPath: { ...text, maxLength: 1024 },
    readOnly: { type: 'boolean', default: false },
  },
};

import { count, name, oneOf, strings, text } from './shared.js';

export const persistent = {
  type: 'object',
  required: ['size'],
  additionalProperties: false,
  properties: {
    type: { ...oneOf('root', 'path', 'mount'), default: 'root', description: 'Kind of disk.' },
    size: { ...count, description: 'MiB' },
    maxSize: { ...count, description: 'MiB, for type mount' },
    profileName: { type: 'string', description: 'Profile of the disk.' },
    constraints: {
      type: 'array',
      items: { type: 'array', minItems: 2, maxItems: 3, items: { type: 'string' } },
      description: 'Which disks will do: ["path", "LIKE", "/mnt/.*"].',
    },
  },
  description: 'A volume on the agent that survives the task; the app stays on that agent.',
};

/** Options of dvdi are texts; those of csi have a form of their own. Which provider has which, a rule says. */
const externalOptions = {
  type: 'object',
  properties: {
    pluginName: { ...text, description: 'Name of the plugin (csi).' },
    capability: {
      type: 'object',
      required: ['accessMode', 'accessType'],
      additionalProperties: false,
      properties: {
        accessMode: {
          ...oneOf(
            'SINGLE_NODE_WRITER',
            'SINGLE_NODE_READER_ONLY',
            'MULTI_NODE_READER_ONLY',
            'MULTI_NODE_SINGLE_WRITER',
            'MULTI_NODE_MULTI_WRITER',
          ),
          description: 'Who may use it at once.',
        },
        accessType: { ...oneOf('block', 'mount'), description: 'A device, or a file system.' },
        fsType: { type: 'string', description: 'Kind of file system.' },
        mountFlags: { type: 'array', items: { type: 'string' }, description: 'Options of the mount.' },
      },
      description: 'How the volume is used (csi).',
    },
    nodeStageSecret: { ...strings, description: 'Secrets for preparing the volume (csi).' },
    nodePublishSecret: { ...strings, description: 'Secrets for mounting it (csi).' },
    volumeContext: { ...strings, description: 'What the plugin wants to know (csi).' },
  },
  description: 'Options of the provider.',
  additionalProperties: { type: 'string', explain: 'an option must be a string; put numbers in quotes' },
};

/** A volume of an app: exactly one of hostPath, persistent, external and secret; which, a rule says. */
export const appVolume = {
  type: 'object',
  required: ['containerPath'],
  additionalProperties: false,
  properties: {
    containerPath: { ...text, description: 'Where it is mounted.' },
    hostPath: { ...text, description: 'Path on the agent.' },
    mode: { ...oneOf('RO', 'RW'), description: 'Read only, or read and write.' },
    persistent,
    secret: { ...text, description: 'Name of a declared secret.' },
    external: {
      type: 'object',
      required: ['provider'],
      additionalProperties: false,
      properties: {
        provider: { ...text, description: 'dvdi or csi.' },
        name: { ...text, description: 'Name of the volume there.' },
        size: { ...count, description: 'GiB' },
        options: externalOptions,
        shared: { type: 'boolean', default: false, description: 'Several tasks may mount it at once.' },
      },
      description: 'A volume of a storage system.',
    },
  },
};

/** A volume of a pod: of the host, persistent, a secret, or gone with the pod. */
export const podVolume = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: {
    name: { ...name, description: 'Name that volumeMounts use.' },
    host: { ...text, description: 'Path on the agent.' },
    persistent,
    secret: { ...text, description: 'Name of a declared secret.' },
  },
};

export const volumeMount = {
  type: 'object',
  required: ['name', 'mountPath'],
  additionalProperties: false,
  properties: {
    name: { ...name, description: 'Name of a volume of the pod.' },
    mountPath: { ...text, maxLength: 1024, description: 'Where it is mounted.' },
    readOnly: { type: 'boolean', default: false, description: 'Nothing can be written there.' },
  },
};

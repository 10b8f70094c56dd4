/** Pieces that apps and pods share (reference: marathon.md §2). */
export const strings = {
  type: 'object',
  additionalProperties: {
    type: 'string',
    explain: 'a value must be a string here; put numbers and booleans in quotes',
  },
};
export const envValue = {
  anyOf: [
    { type: 'string' },
    {
      type: 'object',
      required: ['secret'],
      additionalProperties: false,
      properties: { secret: { type: 'string', minLength: 1 } },
    },
  ],
  explain: 'a value must be a string or {"secret": NAME}; put numbers and booleans in quotes',
};
export const env = {
  type: 'object',
  propertyNames: { minLength: 1, explain: 'the name of an environment variable must not be empty' },
  additionalProperties: envValue,
};
export const secrets = {
  type: 'object',
  additionalProperties: {
    type: 'object',
    required: ['source'],
    additionalProperties: false,
    properties: { source: { type: 'string', minLength: 1 } },
  },
};
export const ratio = { type: 'number', minimum: 0, maximum: 1 };
export const amount = { type: 'number', minimum: 0 };
export const port = { type: 'integer', minimum: 0, maximum: 65535 };
export const portName = {
  type: 'string',
  pattern: '^[a-z0-9-]+$',
  maxLength: 63,
  explain: 'a port name has lower-case letters, digits and dashes',
};
/** Enums are read in any case (reference §1.1), so that a pattern stands here instead of a list. */
export const anyCase = (...values: string[]): object => ({
  type: 'string',
  pattern: `^(${values.map((v) => v.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&').replace(/[a-z]/gi, (c) => `[${c.toLowerCase()}${c.toUpperCase()}]`)).join('|')})$`,
  explain: `must be one of ${values.join(', ')}`,
});
export const unreachableStrategy = {
  anyOf: [
    { type: 'string' },
    {
      type: 'object',
      additionalProperties: false,
      properties: { inactiveAfterSeconds: amount, expungeAfterSeconds: amount },
    },
  ],
};
export const seconds = { type: 'integer', minimum: 0 };
export const networks = {
  type: 'array',
  items: {
    type: 'object',
    additionalProperties: false,
    properties: {
      name: { type: 'string', minLength: 1 },
      mode: anyCase('host', 'container', 'container/bridge'),
      labels: strings,
    },
  },
};
export const killSelection = anyCase('YOUNGEST_FIRST', 'OLDEST_FIRST');
export const linuxInfo = {
  type: 'object',
  additionalProperties: false,
  properties: {
    seccomp: {
      type: 'object',
      additionalProperties: false,
      properties: { profileName: { type: 'string', minLength: 1 }, unconfined: { type: 'boolean' } },
    },
    ipcInfo: {
      type: 'object',
      additionalProperties: false,
      properties: { mode: anyCase('PRIVATE', 'SHARE_PARENT'), shmSize: { type: 'integer', minimum: 0 } },
    },
  },
};
export const persistent = {
  type: 'object',
  required: ['size'],
  additionalProperties: false,
  properties: {
    type: anyCase('root', 'path', 'mount'),
    size: { type: 'integer' },
    maxSize: { type: 'integer' },
    profileName: { type: 'string' },
    constraints: { type: 'array', items: { type: 'array', items: { type: 'string' } } },
  },
};
export const limits = {
  type: 'object',
  additionalProperties: false,
  properties: {
    cpus: {
      anyOf: [
        { type: 'number', minimum: 0 },
        { type: 'string', enum: ['unlimited'] },
      ],
    },
    mem: {
      anyOf: [
        { type: 'number', minimum: 0 },
        { type: 'string', enum: ['unlimited'] },
      ],
    },
  },
};
export const executorResources = {
  type: 'object',
  additionalProperties: false,
  properties: { cpus: amount, mem: { type: 'number', minimum: 32 }, disk: { type: 'number', minimum: 10 } },
};
export const pullConfig = {
  type: 'object',
  required: ['secret'],
  additionalProperties: false,
  properties: { secret: { type: 'string', minLength: 1 } },
};
export const id = { type: 'string', minLength: 1, description: 'Path of the job, for example /shop/web.' };

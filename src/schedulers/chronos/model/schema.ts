/** A number that may be written as a string, as Chronos reads it. */
const amount = {
  anyOf: [
    { type: 'number', minimum: 0 },
    { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?$' },
  ],
  explain: 'must be a number, 0 or more',
};
const strings = { type: 'array', items: { type: 'string' } };

/** JSON Schema of a Chronos job as a manifest states it (2.4 to 3.x). */
export const jobSchema = {
  $id: 'https://towline.dev/schemas/chronos-job.json',
  title: 'Chronos job',
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: {
    name: {
      type: 'string',
      pattern: '^[\\w.-]+$',
      explain: 'a name has letters, digits, ".", "_" and "-" only',
    },
    schedule: {
      type: 'string',
      minLength: 1,
      description: 'ISO 8601 repeating interval: R/2026-01-01T03:00:00Z/P1D',
    },
    scheduleTimeZone: { type: 'string', description: 'Zone of the start; overrides its offset.' },
    parents: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', minLength: 1 },
      description: 'Runs after all of them succeeded.',
    },
    command: { type: 'string' },
    shell: { type: 'boolean', default: true },
    arguments: strings,
    epsilon: { type: 'string', description: '2.x only' },
    async: { type: 'boolean', description: '2.x only' },
    retries: { type: 'integer', minimum: 0, default: 2 },
    owner: { type: 'string' },
    ownerName: { type: 'string' },
    description: { type: 'string' },
    cpus: amount,
    mem: amount,
    disk: amount,
    disabled: { type: 'boolean', default: false },
    concurrent: { type: 'boolean', default: false },
    softError: { type: 'boolean', default: false },
    highPriority: { type: 'boolean', default: false },
    dataProcessingJobType: { type: 'boolean', default: false },
    runAsUser: { type: 'string' },
    uris: strings,
    fetch: {
      type: 'array',
      items: {
        type: 'object',
        required: ['uri'],
        additionalProperties: false,
        properties: {
          uri: { type: 'string', minLength: 1 },
          output_file: { type: 'string' },
          executable: { type: 'boolean' },
          cache: { type: 'boolean' },
          extract: { type: 'boolean' },
        },
      },
    },
    environmentVariables: {
      type: 'array',
      explain: 'must be an array of {"name": ..., "value": ...}',
      items: {
        type: 'object',
        required: ['name', 'value'],
        additionalProperties: false,
        properties: {
          name: { type: 'string', minLength: 1 },
          value: { type: 'string', explain: 'a value must be a string; put numbers and booleans in quotes' },
        },
      },
    },
    constraints: {
      type: 'array',
      items: {
        type: 'array',
        minItems: 3,
        maxItems: 3,
        items: [
          { type: 'string' },
          { type: 'string', enum: ['EQUALS', 'LIKE', 'UNLIKE'] },
          { type: 'string' },
        ],
      },
    },
    executor: { type: 'string' },
    executorFlags: { type: 'string' },
    taskInfoData: { type: 'string' },
    maxCompletionTime: { type: 'integer', minimum: 0 },
    container: {
      type: 'object',
      required: ['image'],
      additionalProperties: false,
      properties: {
        type: {
          type: 'string',
          pattern: '^([dD][oO][cC][kK][eE][rR]|[mM][eE][sS][oO][sS])$',
          explain: 'must be DOCKER or MESOS',
        },
        image: { type: 'string', minLength: 1 },
        network: { type: 'string', enum: ['HOST', 'BRIDGE', 'USER'] },
        networkName: { type: 'string' },
        networkInfos: { type: 'array', items: { type: 'object' } },
        forcePullImage: { type: 'boolean' },
        parameters: {
          type: 'array',
          items: {
            type: 'object',
            required: ['key', 'value'],
            additionalProperties: false,
            properties: { key: { type: 'string' }, value: { type: 'string' } },
          },
        },
        volumes: {
          type: 'array',
          items: {
            type: 'object',
            required: ['containerPath'],
            additionalProperties: false,
            properties: {
              hostPath: { type: 'string' },
              containerPath: { type: 'string', minLength: 1 },
              mode: { type: 'string', pattern: '^[rR][oOwW]$', explain: 'must be RO or RW' },
              external: { type: 'object' },
            },
          },
        },
      },
    },
  },
} as const;

/** A number that may be written as a string, as Chronos reads it. */
const amount = {
  anyOf: [
    { type: 'number', minimum: 0 },
    { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?$' },
  ],
  explain: 'must be a number, 0 or more',
};
const strings = { type: 'array', items: { type: 'string' } };
const named = (key: string, value: string) => ({
  type: 'object',
  required: [key, value],
  additionalProperties: false,
});

const fetchItem = {
  type: 'object',
  required: ['uri'],
  additionalProperties: false,
  properties: {
    uri: { type: 'string', minLength: 1, description: 'Address of the file.' },
    output_file: { type: 'string', description: 'Name in the sandbox (3.0.1 and later).' },
    executable: { type: 'boolean', default: false, description: 'Makes the file executable.' },
    cache: { type: 'boolean', default: false, description: 'Keeps the file on the agent.' },
    extract: { type: 'boolean', default: true, description: 'Unpacks an archive. False in 2.5 and 3.0.0.' },
  },
};

const volume = {
  type: 'object',
  required: ['containerPath'],
  additionalProperties: false,
  properties: {
    hostPath: { type: 'string', description: 'Path on the agent.' },
    containerPath: { type: 'string', minLength: 1, description: 'Where it is mounted.' },
    mode: {
      type: 'string',
      pattern: '^[rR][oOwW]$',
      description: 'RO or RW.',
      explain: 'must be RO or RW',
    },
    external: {
      type: 'object',
      additionalProperties: false,
      properties: {
        name: { type: 'string', description: 'Name of the volume there.' },
        provider: { type: 'string', description: 'Storage system.' },
        options: {
          type: 'array',
          items: {
            ...named('key', 'value'),
            properties: {
              key: { type: 'string', description: 'Name of an option.' },
              value: { type: 'string', description: 'Its value.' },
            },
          },
          description: 'Options of the storage system.',
        },
      },
      description: 'A volume of a storage system (3.x).',
    },
  },
};

const networkInfo = {
  type: 'object',
  additionalProperties: false,
  properties: {
    name: { type: 'string', description: 'Name of the network.' },
    protocol: { type: 'string', enum: ['IPv4', 'IPv6'], description: 'Of the address.' },
    labels: {
      type: 'array',
      items: {
        ...named('key', 'value'),
        properties: {
          key: { type: 'string', description: 'Name of the label.' },
          value: { type: 'string', description: 'Its value.' },
        },
      },
      description: 'Labels for the network.',
    },
    portMappings: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        properties: {
          hostPort: { ...amount, description: 'Port of the agent.' },
          containerPort: { ...amount, description: 'Port in the container.' },
          protocol: { type: 'string', description: 'tcp or udp.' },
        },
      },
      description: 'Ports of the container on the agent.',
    },
  },
};

const container = {
  type: 'object',
  required: ['image'],
  additionalProperties: false,
  properties: {
    type: {
      type: 'string',
      pattern: '^([dD][oO][cC][kK][eE][rR]|[mM][eE][sS][oO][sS])$',
      default: 'DOCKER',
      description: 'DOCKER, or MESOS (3.0.1 and later).',
      explain: 'must be DOCKER or MESOS',
    },
    image: {
      type: 'string',
      minLength: 1,
      description: 'Image reference; a promotion changes its tag or digest.',
    },
    network: {
      type: 'string',
      enum: ['HOST', 'BRIDGE', 'USER'],
      default: 'HOST',
      description: 'Network of the container; USER in 3.x.',
    },
    networkName: { type: 'string', description: 'Name of the network, for USER.' },
    networkInfos: { type: 'array', items: networkInfo, description: 'Networks that it joins (3.x).' },
    forcePullImage: { type: 'boolean', default: false, description: 'Asks the registry before each start.' },
    parameters: {
      type: 'array',
      items: {
        ...named('key', 'value'),
        properties: {
          key: { type: 'string', description: 'Name of an option of docker run, without dashes.' },
          value: { type: 'string', description: 'Its value.' },
        },
      },
      description: 'Options of docker run.',
    },
    volumes: { type: 'array', items: volume, description: 'What is mounted into the container.' },
  },
  description: 'What the command runs in. Without it: a process on the agent.',
};

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
      description: 'Name of the job; others name it in parents.',
      explain: 'a name has letters, digits, ".", "_" and "-" only',
    },
    schedule: {
      type: 'string',
      minLength: 1,
      description:
        'ISO 8601 repeating interval: R/2026-01-01T03:00:00Z/P1D; or a cron expression by the clock of scheduleTimeZone, where one interval means the same.',
    },
    scheduleTimeZone: { type: 'string', description: 'Zone of the start; overrides its offset.' },
    parents: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', minLength: 1 },
      description: 'Runs after all of them succeeded, instead of a schedule.',
    },
    command: { type: 'string', description: 'What is run.' },
    shell: { type: 'boolean', default: true, description: 'The command is a line for /bin/sh.' },
    arguments: { ...strings, description: 'Appended to the command.' },
    epsilon: { type: 'string', description: 'How late a run may be started, as PT30M. 2.x only.' },
    async: { type: 'boolean', description: 'The job tells its end itself. 2.x only.' },
    retries: { type: 'integer', minimum: 0, default: 2, description: 'Tries after a failed run.' },
    owner: { type: 'string', description: 'Mail addresses that hear of failures, with commas between.' },
    ownerName: { type: 'string', description: 'Who answers for the job.' },
    description: { type: 'string', description: 'What the job is for.' },
    cpus: { ...amount, description: 'Share of processors; by default what the server says, 0.1.' },
    mem: { ...amount, description: 'Memory in MiB; by default what the server says, 128.' },
    disk: { ...amount, description: 'Disk in MiB; by default what the server says, 256.' },
    disabled: { type: 'boolean', default: false, description: 'The schedule starts nothing.' },
    concurrent: {
      type: 'boolean',
      default: false,
      description: 'A run may start while the last one goes on (3.x).',
    },
    runOnDeploy: {
      type: 'boolean',
      default: false,
      description: 'Not of Chronos: a change is good only if a run of the job right after it succeeds.',
    },
    softError: { type: 'boolean', default: false, description: 'Children run also after a failure.' },
    highPriority: { type: 'boolean', default: false, description: 'Runs before others that wait.' },
    dataProcessingJobType: {
      type: 'boolean',
      default: false,
      description: 'Marks a job that processes data.',
    },
    runAsUser: { type: 'string', description: 'User that it runs as; by default that of the server.' },
    uris: { ...strings, description: 'Deprecated: use fetch.' },
    fetch: { type: 'array', items: fetchItem, description: 'Files that Mesos brings before the start.' },
    environmentVariables: {
      type: 'array',
      description: 'Environment variables, as [{"name": "A", "value": "1"}].',
      explain: 'must be an array of {"name": ..., "value": ...}',
      items: {
        ...named('name', 'value'),
        properties: {
          name: { type: 'string', minLength: 1, description: 'Name of the variable.' },
          value: {
            type: 'string',
            description: 'Its value, always a text.',
            explain: 'a value must be a string; put numbers and booleans in quotes',
          },
        },
      },
    },
    constraints: {
      type: 'array',
      description: 'On which agents it may run: ["rack", "EQUALS", "a"].',
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
    executor: { type: 'string', description: 'An executor of your own.' },
    executorFlags: { type: 'string', description: 'Its flags.' },
    taskInfoData: { type: 'string', description: 'What it is told besides.' },
    maxCompletionTime: {
      type: 'integer',
      minimum: 0,
      default: 0,
      description: 'Seconds that a run may take; 0: any. Only unreleased servers know it.',
    },
    container,
  },
} as const;

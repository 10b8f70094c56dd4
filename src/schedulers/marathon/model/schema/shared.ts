/**
 * Pieces that apps, pods and groups share. Constraints are those of the server's own types (reference: marathon.md §2);
 * enums stand here in their canonical case, because values are compared after they were read as the server reads them.
 */
export const DRAFT = 'http://json-schema.org/draft-07/schema#';

export const id = {
  type: 'string',
  minLength: 1,
  description:
    'Path of the job, for example /shop/web. Relative ones count from the group around them, else from /.',
};
export const dependencies = {
  type: 'array',
  items: { type: 'string', minLength: 1 },
  description: 'Apps and groups that must run before.',
};
export const role = { type: 'string', minLength: 1, description: 'Mesos role (1.9 and later).' };

export const amount = { type: 'number', minimum: 0 };
export const seconds = { type: 'integer', minimum: 0 };
export const count = { type: 'integer', minimum: 0 };
const ratio = { type: 'number', minimum: 0, maximum: 1 };
export const minimumHealthCapacity = {
  ...ratio,
  description:
    'Share of the tasks that stay healthy during an upgrade: 1 starts new ones before it stops any.',
};
export const maximumOverCapacity = {
  ...ratio,
  description: 'Share of the tasks that may run in addition during an upgrade.',
};
export const text = { type: 'string', minLength: 1 };
export const path = { type: 'string', minLength: 1, maxLength: 1024 };

/** A value that must be one of a few; read in any case (reference §1.1). */
export const oneOf = (...values: readonly string[]): { type: string; enum: readonly string[] } => ({
  type: 'string',
  enum: values,
});

const NAME = {
  type: 'string',
  minLength: 1,
  pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
  explain: 'a name has lower-case letters, digits, and dashes between them',
};
/** Names of ports of apps, which have no largest length. */
export const portName = NAME;
/** Names in pods, and of networks in port mappings. */
export const name = { ...NAME, maxLength: 63, explain: `${NAME.explain}, 63 characters at most` };
export const networkName = {
  type: 'string',
  minLength: 1,
  maxLength: 63,
  pattern: '^[a-z0-9]([-a-z0-9_]*[a-z0-9])?$',
  explain: 'a network name has lower-case letters, digits, "-" and "_", 63 characters at most',
};

export const strings = {
  type: 'object',
  additionalProperties: {
    type: 'string',
    explain: 'a value must be a string here; put numbers and booleans in quotes',
  },
};
export const labels = { ...strings, description: 'Labels, texts only. A changed label restarts the tasks.' };

export const envValue = {
  anyOf: [
    { type: 'string' },
    {
      type: 'object',
      required: ['secret'],
      additionalProperties: false,
      properties: { secret: { type: 'string', minLength: 1, description: 'Name of a declared secret.' } },
    },
  ],
  explain: 'a value must be a string or {"secret": NAME}; put numbers and booleans in quotes',
};
export const secrets = {
  type: 'object',
  propertyNames: { minLength: 1, explain: 'the name of a secret must not be empty' },
  additionalProperties: {
    type: 'object',
    required: ['source'],
    additionalProperties: false,
    properties: { source: { ...text, description: 'Where the secret store keeps it.' } },
  },
  description: 'Secrets by the names that env, volumes and pullConfig use (needs the feature secrets).',
};
export const pullConfig = {
  type: 'object',
  required: ['secret'],
  additionalProperties: false,
  properties: { secret: { ...text, description: 'Name of a declared secret.' } },
  description: "Secret that holds Docker's config.json (containers of type MESOS and pods).",
};

export const artifact = {
  type: 'object',
  required: ['uri'],
  additionalProperties: false,
  properties: {
    uri: { ...path, description: 'Address of the file.' },
    extract: { type: 'boolean', default: true, description: 'Unpacks an archive.' },
    executable: { type: 'boolean', default: false, description: 'Makes the file executable.' },
    cache: { type: 'boolean', default: false, description: 'Keeps the file on the agent for the next task.' },
    destPath: { ...path, description: 'Where it is put, in the sandbox of the task.' },
  },
};

const limit = {
  anyOf: [{ type: 'number', minimum: 0 }, oneOf('unlimited')],
  explain: 'must be a number or "unlimited"',
};
export const resourceLimits = {
  type: 'object',
  additionalProperties: false,
  properties: {
    cpus: { ...limit, description: 'At least the request, or "unlimited".' },
    mem: { ...limit, description: 'MiB, at least the request, or "unlimited".' },
  },
  description: 'Ceilings above the request (1.10 and later).',
};
export const executorResources = {
  type: 'object',
  additionalProperties: false,
  properties: {
    cpus: { type: 'number', minimum: 0.1, default: 0.1, description: 'Share of processors.' },
    mem: { type: 'number', minimum: 32, default: 32, description: 'MiB' },
    disk: { type: 'number', minimum: 10, default: 10, description: 'MiB' },
  },
  description: 'What the executor itself takes, besides its tasks.',
};

export const killSelection = {
  ...oneOf('YOUNGEST_FIRST', 'OLDEST_FIRST'),
  default: 'YOUNGEST_FIRST',
  description: 'Which tasks go first when there are too many.',
};
export const unreachableStrategy = {
  anyOf: [
    { type: 'string' },
    {
      type: 'object',
      additionalProperties: false,
      properties: {
        inactiveAfterSeconds: { ...seconds, description: 'Then a lost task is replaced.' },
        expungeAfterSeconds: {
          ...seconds,
          description: 'Then it is forgotten, and killed when it comes back.',
        },
      },
    },
  ],
  description: 'What happens to tasks on an agent that is lost. 0 and 0 seconds where it is not written.',
  explain: 'must be "disabled" or {"inactiveAfterSeconds": N, "expungeAfterSeconds": N}',
};
export const linuxInfo = {
  type: 'object',
  additionalProperties: false,
  properties: {
    seccomp: {
      type: 'object',
      additionalProperties: false,
      properties: {
        profileName: { type: 'string', description: 'Name of a profile on the agents.' },
        unconfined: { type: 'boolean', default: false, description: 'Runs without any profile.' },
      },
      description: 'Which calls of the system are allowed.',
    },
    ipcInfo: {
      type: 'object',
      required: ['mode'],
      additionalProperties: false,
      properties: {
        mode: {
          ...oneOf('PRIVATE', 'SHARE_PARENT'),
          description: 'Whether memory is shared with the parent.',
        },
        shmSize: { ...count, description: 'Size of /dev/shm in MiB, in mode PRIVATE.' },
      },
      description: 'Shared memory.',
    },
  },
  description: 'Settings of the Linux kernel for containers of type MESOS.',
};
/** A command of Mesos: one of a shell line and an argument list; which of them, a rule says. */
export const mesosCommand = {
  type: 'object',
  additionalProperties: false,
  properties: {
    shell: { ...text, description: 'A line for /bin/sh; not together with argv.' },
    argv: {
      type: 'array',
      minItems: 1,
      items: { type: 'string' },
      description: 'A program and its arguments; not together with shell.',
    },
  },
  description: 'What is run.',
};

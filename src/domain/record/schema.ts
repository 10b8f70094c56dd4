const text = { type: 'string' };
const asked = {
  type: 'object',
  required: ['by', 'at'],
  properties: { by: text, at: text, reason: text },
} as const;

/** JSON Schema of `state.json` in the ledger's tree; published as schemas/ledger-state.json. */
export const ledgerStateSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'https://towline.dev/schemas/ledger-state.json',
  title: "state.json of Towline's ledger",
  type: 'object',
  required: ['version', 'environment', 'revision', 'trees', 'pass', 'jobs', 'intents'],
  properties: {
    version: { const: 1 },
    environment: { type: 'string', description: 'The environment that this ledger belongs to.' },
    revision: {
      type: 'string',
      pattern: '^([0-9a-f]{40}|[0-9a-f]{64})$',
      description: 'Revision of the last pass.',
    },
    trees: {
      type: 'array',
      minItems: 1,
      description: 'The folders that were deployed, in the order in which they are merged.',
      items: {
        type: 'object',
        required: ['folder', 'tree'],
        properties: {
          folder: { type: 'string', description: "Folder in the job repository, '' for its root." },
          tree: {
            type: 'string',
            pattern: '^([0-9a-f]{40}|[0-9a-f]{64})$',
            description: 'Its Git tree.',
          },
        },
      },
    },
    pass: { type: 'string', description: 'Id of the last pass.' },
    jobs: {
      type: 'object',
      description: 'What is known of each job, by its reference.',
      additionalProperties: {
        type: 'object',
        required: ['scheduler', 'kind', 'id', 'revision', 'outcome', 'message', 'at'],
        properties: {
          scheduler: text,
          kind: text,
          id: text,
          file: { type: 'string', description: 'Path in this tree of the document that was sent last.' },
          stated: { type: 'object', description: 'Members of it that Git stated in another form.' },
          revision: text,
          outcome: { enum: ['applied', 'failed', 'rolled-back', 'blocked', 'unknown'] },
          message: text,
          version: { type: 'string', description: "The scheduler's version of the definition." },
          deploymentId: text,
          sequence: { type: 'number', description: 'Number of the entry that says so.' },
          at: text,
          failedDigest: {
            type: 'string',
            description: 'Digest of a definition that failed; not tried again as it is.',
          },
        },
      },
    },
    intents: {
      type: 'array',
      description: 'Changes that were announced and whose end is not on record.',
      items: {
        type: 'object',
        required: ['ref', 'scheduler', 'kind', 'id', 'action'],
        properties: {
          ref: text,
          scheduler: text,
          kind: text,
          id: text,
          action: text,
          desiredDigest: text,
          liveVersion: text,
        },
      },
    },
    paused: {
      type: 'object',
      description: 'Jobs for which nothing is sent now, by reference; * stands for all.',
      additionalProperties: asked,
    },
    restarts: {
      type: 'object',
      description: 'Jobs that are to be restarted as they are, by reference.',
      additionalProperties: asked,
    },
    runs: {
      type: 'object',
      description: 'Runs that are to be started or ended, by the reference of the job.',
      additionalProperties: {
        ...asked,
        required: [...asked.required, 'act'],
        properties: {
          ...asked.properties,
          act: { enum: ['trigger', 'kill'] },
          args: { type: 'string', description: 'Put after the arguments of the job.' },
        },
      },
    },
  },
} as const;

const text = { type: 'string' };
const asked = {
  type: 'object',
  required: ['by', 'at'],
  properties: {
    by: text,
    at: text,
    reason: text,
    until: { type: 'string', description: 'It ends by itself then.' },
  },
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
    sequence: { type: 'integer', minimum: 1, description: 'Number of the entry.' },
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
          httpStatus: { type: 'integer', description: 'What the scheduler answered to the call.' },
          action: { type: 'string', description: 'What was done about it last.' },
          pass: { type: 'string', description: 'The pass that did it.' },
          startedAt: { type: 'string', description: 'When that was begun.' },
          sequence: { type: 'number', description: 'Number of the entry that says so.' },
          at: { type: 'string', description: 'When it had ended.' },
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
    approvals: {
      type: 'array',
      description:
        'Approvals of plans that were not carried out yet; the entries that they were made with prove them.',
      items: {
        ...asked,
        required: [...asked.required, 'plan'],
        properties: { ...asked.properties, plan: { type: 'string', description: 'Digest of the plan.' } },
      },
    },
    vetoes: {
      type: 'object',
      description: 'What is not deployed or promoted until it is lifted, by kind and name.',
      additionalProperties: {
        ...asked,
        required: [...asked.required, 'kind', 'name', 'digests'],
        properties: {
          ...asked.properties,
          kind: { enum: ['revision', 'release', 'job'] },
          name: { type: 'string', description: 'A commit, IMAGE:TAG, or the reference of a job.' },
          digests: {
            type: 'array',
            items: text,
            description: 'Of a revision: its trees. Of a job: digests of its definitions.',
          },
        },
      },
    },
    breakGlass: {
      ...asked,
      description: 'Gates are open until then, whatever they say.',
      required: [...asked.required, 'until', 'reason'],
    },
  },
} as const;

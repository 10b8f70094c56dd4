const text = { type: 'string' };
const texts = { type: 'array', items: text };
const document = { type: 'object' };
const digest = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' };
const trees = {
  type: 'array',
  items: { type: 'object', required: ['folder', 'tree'], properties: { folder: text, tree: text } },
};
/** Pairs of a name and what belongs to it. */
const pairs = (value: object): object => ({
  type: 'array',
  items: { type: 'array', items: [text, value], minItems: 2, maxItems: 2 },
});
const whichJobs = { anyOf: [{ enum: ['none', 'all'] }, texts] };
const asked = {
  type: 'object',
  required: ['by', 'at'],
  properties: { by: text, at: text, reason: text },
};

const job = {
  type: 'object',
  required: ['ref', 'scheduler', 'kind', 'id', 'spec', 'source'],
  properties: {
    ref: text,
    scheduler: text,
    kind: text,
    id: text,
    spec: document,
    source: {
      type: 'object',
      required: ['file', 'files', 'document', 'pointer'],
      properties: { file: text, files: texts, document: { type: 'integer' }, pointer: text },
    },
  },
};
const live = {
  type: 'object',
  required: ['ref', 'kind', 'id', 'spec'],
  properties: {
    ref: text,
    kind: text,
    id: text,
    spec: document,
    version: text,
    ownerLabel: text,
    beside: text,
    deploying: { type: 'boolean' },
    copy: { type: 'boolean' },
  },
};
const known = {
  type: 'object',
  required: ['scheduler', 'kind', 'id'],
  properties: { scheduler: text, kind: text, id: text, document, failedDigest: text },
};
const scheduler = {
  type: 'object',
  required: ['kind', 'context'],
  properties: {
    kind: text,
    context: {
      type: 'object',
      required: ['settings'],
      properties: {
        version: text,
        together: texts,
        settings: { type: 'object', additionalProperties: text },
      },
    },
  },
};
const fieldRule = {
  type: 'object',
  required: ['fields', 'jobs', 'files'],
  properties: { fields: texts, jobs: texts, files: texts },
};

const input = {
  type: 'object',
  description: 'What the plan comes from: the jobs that it is about, and what these depend on.',
  required: [
    ...['environment', 'revision', 'trees', 'desired', 'rejected', 'complete', 'live', 'known'],
    ...['unresolved', 'unreadable', 'schedulers', 'ignoreFields', 'together', 'paused', 'restarts'],
    ...['runs', 'adopt', 'retry', 'now', 'facts', 'policy'],
  ],
  properties: {
    environment: text,
    revision: text,
    trees,
    desired: { type: 'array', items: job, description: 'Jobs as Git states them.' },
    rejected: pairs(text),
    complete: { type: 'boolean', description: 'False where a manifest could not be read.' },
    live: { type: 'array', items: live, description: 'Jobs as their schedulers had them.' },
    counts: {
      type: 'object',
      required: ['jobs', 'owned'],
      properties: {
        jobs: { type: 'integer', description: 'All jobs of the environment.' },
        owned: { type: 'integer', description: 'All live jobs that it owns.' },
      },
    },
    known: pairs(known),
    unresolved: texts,
    unreadable: pairs(text),
    schedulers: pairs(scheduler),
    since: { type: 'object', required: ['touched'], properties: { touched: texts } },
    ignoreFields: { type: 'array', items: fieldRule },
    together: texts,
    paused: pairs(asked),
    restarts: pairs(asked),
    runs: pairs(asked),
    adopt: whichJobs,
    retry: whichJobs,
    now: { type: 'number', description: 'When it was made, in ms since the epoch.' },
    facts: { type: 'object', description: 'What the gates were told.' },
    policy: { type: 'object', description: 'The rules of the gates.' },
  },
};

const change = {
  type: 'object',
  required: ['ref', 'kind', 'action', 'reason', 'fields', 'drift', 'unresolved', 'after'],
  properties: {
    ref: text,
    kind: text,
    action: text,
    wanted: { type: 'string', description: 'Of a change that is held: what it would have been.' },
    reason: text,
    effect: text,
    fields: { type: 'array', items: { type: 'object' } },
    elsewhere: { type: 'array', items: { type: 'object' } },
    drift: { type: 'boolean' },
    unresolved: { type: 'boolean' },
    after: texts,
    together: text,
    args: text,
    document: { ...digest, description: 'Digest of the document to send.' },
    liveVersion: text,
  },
};

/** JSON Schema of `plan.json` in the ledger's tree; published as schemas/ledger-plan.json. */
export const ledgerPlanSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'https://towline.dev/schemas/ledger-plan.json',
  title: "plan.json of Towline's ledger",
  type: 'object',
  required: ['version', 'inputDigest', 'plan'],
  properties: {
    version: { const: 1 },
    inputDigest: { ...digest, description: 'Digest of what the plan comes from, kept or not.' },
    input,
    plan: {
      type: 'object',
      required: ['digest', 'id', 'environment', 'revision', 'trees', 'decisions', 'changes'],
      properties: {
        digest,
        id: text,
        environment: text,
        revision: text,
        trees,
        decisions: {
          type: 'array',
          description: 'What the gates said.',
          items: {
            type: 'object',
            required: ['gate', 'name', 'verdict', 'refs', 'reason'],
            properties: { gate: text, name: text, verdict: text, refs: texts, reason: text, opensAt: text },
          },
        },
        changes: { type: 'array', items: change },
        omitted: {
          type: 'object',
          description: 'Of a plan of very many changes: how many there are, and their digest.',
          required: ['count', 'digest'],
          properties: { count: { type: 'integer' }, digest },
        },
      },
    },
  },
} as const;

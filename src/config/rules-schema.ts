import { DEFAULTS, RULE_LEVELS } from './defaults.js';

/** Parts of the schema of towline.yaml: names, and what it says about the rules for manifests. */
export const name = {
  type: 'string',
  pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$',
  maxLength: 63,
  explain: 'a name has small letters, digits and single "-" inside, at most 63 characters',
};

export const rules = {
  type: 'object',
  description:
    'What a rule weighs here (docs/rules.md): error refuses the job, warning is only said, ignore is silent.',
  propertyNames: { pattern: '^[a-z]+/[a-z0-9.-]+$' },
  additionalProperties: { type: 'string', enum: [...RULE_LEVELS] },
};

export const ignore = {
  type: 'array',
  description: 'Findings taken back in some files, with a reason; YAML files can say it themselves.',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['rule', 'files', 'reason'],
    properties: {
      rule: { type: 'string', pattern: '^[a-z]+/[a-z0-9.-]+$' },
      files: {
        type: 'array',
        minItems: 1,
        items: { type: 'string', minLength: 1 },
        description: 'Paths in the repository; * within a name, ** over folders.',
      },
      reason: { type: 'string', minLength: 1 },
    },
  },
};

export const policies = {
  type: 'array',
  description: "Rules of one's own: JSON Schemas that some of the jobs must fit (docs/rules.md).",
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'schema'],
    properties: {
      name: { ...name, description: 'Its findings have the code policy/NAME.' },
      schema: {
        type: ['string', 'object'],
        minLength: 1,
        description: 'A JSON Schema (draft-07 or 2020-12) for the job as it is written, or a file with one.',
      },
      files: {
        type: 'array',
        items: { type: 'string', minLength: 1 },
        description:
          'Paths in the repository that it is for; * within a name, ** over folders. Default: all.',
      },
      kinds: {
        type: 'array',
        items: { type: 'string', minLength: 1 },
        examples: [['app', 'pod']],
        description: 'Kinds of jobs that it is for: app, pod, group, scheduled, dependent. Default: all.',
      },
      level: { type: 'string', enum: ['error', 'warning'], default: DEFAULTS.policy.level },
      description: {
        type: 'string',
        description: 'Why, and what to write instead; shown with every finding.',
      },
    },
  },
};

import { DEFAULTS, GATED_ACTIONS } from './defaults.js';

const { approval, breakGlass } = DEFAULTS.gates;

const name = {
  type: 'string',
  pattern: '^[^\\s\\u0000-\\u001f\\u007f]+$',
  maxLength: 63,
  explain: 'a name of a gate is one word of at most 63 characters',
};
const jobs = {
  type: 'array',
  items: { type: 'string', minLength: 1 },
  examples: [['/shop/**']],
  description: 'Ids of the jobs that it is about, with patterns, or references. Default: all.',
};
const people = (description: string): object => ({
  type: 'array',
  items: { type: 'string', minLength: 1 },
  examples: [['ann@example.org']],
  description,
});

/** `gates`, of the file and of an environment. */
export const gates = {
  type: 'object',
  additionalProperties: false,
  description:
    'What must hold before something is sent (docs/gates.md). What an environment states replaces it.',
  properties: {
    freezes: {
      type: 'array',
      description: 'Times in which nothing is sent.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'from', 'to', 'zone'],
        properties: {
          name,
          from: {
            type: 'string',
            minLength: 1,
            examples: ['Fri 16:00', '22:00', '2026-12-23T00:00'],
            description: 'Every week, every day, or once; included.',
          },
          to: {
            type: 'string',
            minLength: 1,
            examples: ['Mon 08:00', '06:00', '2027-01-02T00:00'],
            description: 'Of the same form; excluded.',
          },
          zone: { type: 'string', minLength: 1, examples: ['Europe/Berlin'], description: 'IANA time zone.' },
          jobs,
        },
      },
    },
    approvals: {
      type: 'array',
      description: 'What is sent only after people have approved exactly that plan.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name'],
        properties: {
          name,
          required: {
            type: 'integer',
            minimum: 1,
            maximum: 20,
            default: approval.required,
            description: 'How many people.',
          },
          from: people('Who may, as the signers file names them. Default: whoever is in it.'),
          authorMayApprove: {
            type: 'boolean',
            default: approval.authorMayApprove,
            description: 'Whether it counts of who wrote one of the commits.',
          },
          signed: {
            type: 'boolean',
            default: approval.signed,
            description: 'Whether only a signed approval counts.',
          },
          jobs,
          actions: {
            type: 'array',
            items: { type: 'string', enum: [...GATED_ACTIONS] },
            examples: [['delete']],
            description: 'What is done to the jobs. Default: anything.',
          },
          minChanges: {
            type: 'integer',
            minimum: 1,
            default: approval.minChanges,
            description: 'Only where at least so many of these changes come in one pass.',
          },
        },
      },
    },
    radius: {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      description: 'How much may be changed in one pass without an approval. Default: anything.',
      properties: {
        maxCount: { type: 'integer', minimum: 0, description: 'Changed jobs. Default: any number.' },
        maxShare: {
          type: 'number',
          minimum: 0,
          maximum: 1,
          default: DEFAULTS.gates.radius.maxShare,
          description: 'Share of the jobs likewise; a single change is never too large a share.',
        },
      },
    },
    breakGlass: {
      type: 'object',
      additionalProperties: false,
      description: 'Who may open all of this for a while (towline break-glass).',
      properties: {
        from: people('Who may. Default: whoever may write to the ledger.'),
        signed: {
          type: 'boolean',
          default: breakGlass.signed,
          description: 'Whether it must be signed.',
        },
        maxMinutes: {
          type: 'integer',
          minimum: 1,
          maximum: 10080,
          default: breakGlass.maxMinutes,
          description: 'How long it lasts at most.',
        },
      },
    },
  },
};

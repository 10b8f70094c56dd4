import { DEFAULTS, ON_FAILURE } from './defaults.js';
import { fieldRule, seconds } from './schema-parts.js';

const { deploy: defaults, prune } = DEFAULTS.environment;

/** `deploy` of an environment. */
export const deploy = {
  type: 'object',
  additionalProperties: false,
  properties: {
    timeoutSeconds: {
      ...seconds,
      default: defaults.timeoutSeconds,
      description: 'How long one change may take.',
    },
    concurrency: {
      type: 'integer',
      minimum: 1,
      maximum: 64,
      default: defaults.concurrency,
      description: 'Independent changes side by side.',
    },
    onFailure: {
      type: 'string',
      enum: [...ON_FAILURE],
      default: defaults.onFailure,
      description:
        'rollback: what ran before runs again; hold: stop where it stands; leave: the scheduler goes on trying.',
    },
    soakSeconds: {
      type: 'number',
      minimum: 0,
      maximum: 86400,
      default: defaults.soakSeconds,
      description: 'How long a change must stay good until it counts as good.',
    },
    noOffersSeconds: {
      ...seconds,
      default: defaults.noOffersSeconds,
      description: 'How long no machine may have room until the change counts as failed.',
    },
    maxTaskFailures: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      default: defaults.maxTaskFailures,
      description: 'New tasks that may end by themselves until the change counts as failed.',
    },
    ignoreFields: {
      type: 'array',
      description:
        'Fields that somebody else owns, for example instances under an autoscaler: never compared, kept as they are live.',
      items: fieldRule,
    },
    together: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      examples: [['/shop']],
      description: 'Marathon groups whose apps change as one deployment: all of them, or none.',
    },
    force: {
      type: 'boolean',
      default: false,
      description: 'Take over a foreign deployment instead of waiting for it.',
    },
    prune: {
      type: 'object',
      additionalProperties: false,
      description: 'Deleting what Git no longer has.',
      properties: {
        enabled: { type: 'boolean', default: prune.enabled },
        maxCount: {
          type: 'integer',
          minimum: 0,
          default: prune.maxCount,
          description: 'Deletions in one pass without --allow-prune.',
        },
        maxShare: {
          type: 'number',
          minimum: 0,
          maximum: 1,
          default: prune.maxShare,
          description: 'Share of the jobs likewise.',
        },
      },
    },
  },
} as const;

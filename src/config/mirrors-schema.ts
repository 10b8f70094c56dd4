import { DEFAULTS, EXPAND_ARRAYS } from './defaults.js';
import { name } from './rules-schema.js';

const text = { type: 'string', minLength: 1 };
const { mirrorDeletes } = DEFAULTS.environment;

/** The part of the schema of towline.yaml for mirrors of plain configuration. */
export const mirrors = {
  type: 'object',
  propertyNames: name,
  description:
    'Folders that are brought into Consul KV as plain configuration, without jobs (docs/mirror.md).',
  additionalProperties: {
    type: 'object',
    additionalProperties: false,
    required: ['prefix'],
    properties: {
      repository: { ...text, description: 'Remote URL or path. Default: the job repository.' },
      branch: { ...text, default: DEFAULTS.environment.branch, description: 'Branch, or a tag.' },
      folder: { type: 'string', default: '', description: "Folder in it; '' is the whole repository." },
      prefix: { ...text, description: 'Prefix of the keys, for example config/shop/.' },
      expand: {
        type: ['boolean', 'object'],
        additionalProperties: false,
        description: 'JSON, YAML and properties files become a key for each value in them.',
        properties: {
          arrays: {
            type: 'string',
            enum: [...EXPAND_ARRAYS],
            default: DEFAULTS.expand.arrays,
            description: 'Lists: a key for each entry, one with the list as JSON, or none.',
          },
          ignoreExtension: {
            type: 'boolean',
            default: DEFAULTS.expand.ignoreExtension,
            description: 'Keys begin with app/ instead of app.yml/.',
          },
          commonProperties: {
            ...text,
            description: 'A properties file in the folder whose values fill ${name} in the others.',
          },
        },
      },
      revisionKey: { ...text, description: 'A key that repeats the revision as plain text.' },
      deletes: {
        type: 'object',
        additionalProperties: false,
        description: 'Above these limits nothing is written without --allow-deletes.',
        properties: {
          maxCount: {
            type: 'integer',
            minimum: 0,
            default: mirrorDeletes.maxCount,
            description: 'Keys of one pass.',
          },
          maxShare: {
            type: 'number',
            minimum: 0,
            maximum: 1,
            default: mirrorDeletes.maxShare,
            description: 'Share of the mirrored keys, from 10 keys on.',
          },
        },
      },
    },
  },
};

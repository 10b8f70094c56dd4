import { DEFAULTS, ON_TIMEOUT, TRIGGER_KINDS } from './defaults.js';
import { name } from './rules-schema.js';
import { seconds, secret } from './schema-parts.js';

const text = { type: 'string', minLength: 1 };
const texts = { type: 'array', items: text };
const instead = 'use tokenFile or TOWLINE_TRIGGER_<NAME>_TOKEN';

const trigger = {
  type: 'object',
  additionalProperties: false,
  required: ['kind'],
  properties: {
    kind: {
      type: 'string',
      enum: [...TRIGGER_KINDS],
      description: 'What is started: a build, a pipeline, a workflow, any webhook, or the mirror itself.',
    },
    name: { ...name, description: 'What it is called in messages and variables. Default: its kind.' },
    url: { ...text, description: 'Address of the server; of a webhook the whole address.' },
    job: { ...text, description: 'Jenkins: the job, with its folders: folder/name.' },
    user: { ...text, description: 'Jenkins: whose token or password it is.' },
    project: { ...text, description: 'GitLab: path or number. GitHub: OWNER/NAME.' },
    ref: { ...text, description: 'GitLab: branch of that project. Default: as the one that was pushed.' },
    eventType: {
      ...text,
      default: DEFAULTS.hooks.eventType,
      description: 'GitHub: type of the repository_dispatch.',
    },
    parameters: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'More parameters or variables of the build.',
    },
    branches: {
      ...texts,
      default: DEFAULTS.hooks.branches,
      description: 'Branches that it is told of, by patterns.',
    },
    tags: { ...texts, default: [], description: 'Tags likewise.' },
    deletes: {
      type: 'boolean',
      description: 'Also of refs that are deleted. Default: only a webhook is.',
    },
    token: secret(instead),
    password: secret('use passwordFile or TOWLINE_TRIGGER_<NAME>_PASSWORD'),
    secret: secret(instead),
    tokenFile: {
      ...text,
      description:
        'File that holds the API token, the trigger token, or the secret of a webhook; or TOWLINE_TRIGGER_<NAME>_TOKEN.',
    },
    passwordFile: {
      ...text,
      description: 'Jenkins: a password instead of a token; or TOWLINE_TRIGGER_<NAME>_PASSWORD.',
    },
    timeoutSeconds: {
      ...seconds,
      default: DEFAULTS.hooks.triggerSeconds,
      description: 'How long one call may take.',
    },
  },
};

/** The part of the schema for what git's hooks refuse and start (docs/hooks.md). */
export const hooks = {
  type: 'object',
  additionalProperties: false,
  description: 'What pushes are refused, and what they start (docs/hooks.md).',
  properties: {
    timeoutSeconds: {
      ...seconds,
      default: DEFAULTS.hooks.timeoutSeconds,
      description: 'How long a push may be checked.',
    },
    onTimeout: {
      type: 'string',
      enum: [...ON_TIMEOUT],
      default: DEFAULTS.hooks.onTimeout,
      description: 'What becomes of a push that could not be checked in time.',
    },
    requireSigned: {
      type: ['boolean', 'array'],
      items: text,
      default: DEFAULTS.hooks.requireSigned,
      description: 'Commits must be signed by a signer: on all branches, or on those that fit a pattern.',
    },
    protect: {
      type: 'array',
      description: 'Paths that only commits of some signers may change.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['paths', 'allow'],
        properties: {
          paths: { ...texts, minItems: 1, examples: [['towline.yaml', '.towline/**']] },
          allow: {
            ...texts,
            description: 'Signers as the signers file names them, or fingerprints of keys (SHA256:...).',
          },
        },
      },
    },
    recordWriters: {
      ...texts,
      minItems: 1,
      description:
        'Signers who may push to ledger branches and refs/notes/towline. Default: whoever may push; they only grow in any case.',
    },
    triggers: {
      type: 'array',
      description: 'What a push starts. Without any: the mirror. Only in a configuration on the server.',
      items: trigger,
    },
  },
};

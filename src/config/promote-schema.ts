import { DEFAULTS, FORGE_KINDS, PROMOTE_PINS, PROMOTE_VIAS } from './defaults.js';
import { secret } from './schema-parts.js';

const text = { type: 'string', minLength: 1 };
const pattern = (description: string, example: string): object => ({
  ...text,
  maxLength: 256,
  examples: [example],
  description,
});

const rule = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  description: 'A rule: all that it names must hold.',
  properties: {
    images: pattern('Names of images; * stands for any characters. Default: all.', 'shop/*'),
    tag: pattern('Tags; * stands for any characters.', '1.*'),
    semver: pattern('Range of versions, as npm writes it.', '>=1.2 <2 || ^3'),
    match: pattern('Regular expression for the whole tag.', 'main-[0-9a-f]{7,40}'),
    branch: pattern('Branch of the source; * stands for any characters.', 'main'),
    newest: { type: 'boolean', enum: [true], description: 'Any tag: what was announced last.' },
    manual: {
      type: 'boolean',
      enum: [true],
      description: 'Only people promote these images, whatever other rules say.',
    },
  },
};

/** `promote` of an environment. */
export const promote = {
  type: 'object',
  additionalProperties: false,
  description: 'Which releases come in without a person, and how (docs/promotion.md).',
  properties: {
    automatic: {
      type: 'array',
      items: { anyOf: [{ ...text, description: 'Tags; * stands for any characters.' }, rule] },
      default: [],
      examples: [['1.*'], [{ images: 'shop/*', semver: '^1.2' }]],
      description: 'Releases that are committed as soon as they are there: patterns of tags, or rules.',
    },
    from: {
      ...text,
      examples: ['staging'],
      description: 'An environment in which a release has to run before.',
    },
    healthyFor: {
      type: 'string',
      pattern: '^[0-9]{1,5}(s|m|h|d)$',
      explain: 'a time is written as 90s, 30m, 2h or 1d',
      default: DEFAULTS.promote.healthyFor,
      description: 'For how long it must have run there.',
    },
    pin: {
      type: 'string',
      enum: [...PROMOTE_PINS],
      default: DEFAULTS.promote.pin,
      description: 'digest: images are written as NAME:TAG@DIGEST; keep: where they are already.',
    },
    via: {
      type: 'string',
      enum: [...PROMOTE_VIAS],
      default: DEFAULTS.promote.via,
      description:
        'push: a commit on the branch; merge-request: a branch, and a request of the forge; push-options: the same, made by GitLab from the push.',
    },
    forge: {
      type: 'object',
      additionalProperties: false,
      required: ['kind', 'url', 'project'],
      description: 'Where merge requests are made.',
      properties: {
        kind: { type: 'string', enum: [...FORGE_KINDS] },
        url: {
          ...text,
          description: 'https://api.github.com, https://HOST/api/v3, or the address of GitLab or Gitea.',
        },
        project: { ...text, description: 'OWNER/NAME; of GitLab the path with all groups, or the number.' },
        token: secret('use tokenFile or TOWLINE_PROMOTE_<KIND>_TOKEN'),
        tokenFile: { ...text, description: 'File that holds the token; or TOWLINE_PROMOTE_<KIND>_TOKEN.' },
      },
    },
  },
};

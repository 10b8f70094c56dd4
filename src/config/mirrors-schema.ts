import { DEFAULTS, EXPAND_ARRAYS, HISTORY, MIRROR_POLICY } from './defaults.js';
import { name } from './rules-schema.js';
import { seconds, secret } from './schema-parts.js';

const text = { type: 'string', minLength: 1 };
const { deletes } = DEFAULTS.mirror;

const patterns = { type: 'array', minItems: 1, items: text };

/** What environments and mirrors have in common. */
export const mirrorPolicy = {
  deletes: {
    type: 'object',
    additionalProperties: false,
    description:
      'Above these limits nothing is written without --allow-deletes: a source that is suddenly small is mostly a slip.',
    properties: {
      maxCount: {
        type: 'integer',
        minimum: 0,
        default: deletes.maxCount,
        description: 'Keys that one pass may delete; files that only moved do not count.',
      },
      maxShare: {
        type: 'number',
        minimum: 0,
        maximum: 1,
        default: deletes.maxShare,
        description: 'Share of the mirrored keys likewise, from 10 keys on.',
      },
    },
  },
  foreign: {
    type: 'string',
    enum: [...MIRROR_POLICY.foreign],
    default: DEFAULTS.mirror.foreign,
    description: 'Keys below the prefix that somebody else wrote: left alone, or deleted under the limits.',
  },
  drift: {
    type: 'string',
    enum: [...MIRROR_POLICY.drift],
    default: DEFAULTS.mirror.drift,
    description: 'Keys that were edited by hand: put right, or only reported.',
  },
  rewritten: {
    type: 'string',
    enum: [...MIRROR_POLICY.rewritten],
    default: DEFAULTS.mirror.rewritten,
    description: 'Forced pushes and moved tags: followed, or held until somebody says --allow-rewrite.',
  },
};

/** The part of the schema for remotes that need more than an address. */
export const remotes = {
  type: 'object',
  propertyNames: name,
  description: 'Git remotes by name; the name stands wherever the address of a repository does.',
  additionalProperties: {
    type: 'object',
    additionalProperties: false,
    required: ['url'],
    properties: {
      url: { ...text, description: 'Address, over HTTPS or SSH.' },
      user: { ...text, description: 'User of HTTPS. Most services take any beside a token.' },
      token: secret('use tokenFile or TOWLINE_REMOTE_<NAME>_TOKEN'),
      password: secret('use tokenFile or TOWLINE_REMOTE_<NAME>_TOKEN'),
      tokenFile: {
        ...text,
        description: 'File that holds the password or token; or TOWLINE_REMOTE_<NAME>_TOKEN.',
      },
      sshKeyFile: { ...text, description: 'Private key; no other is offered then.' },
      knownHostsFile: { ...text, description: 'Host keys that are accepted; no others are then.' },
      timeoutSeconds: {
        ...seconds,
        default: DEFAULTS.remote.timeoutSeconds,
        description: 'How long one call may take.',
      },
      history: {
        type: 'string',
        enum: [...HISTORY],
        description:
          'The local copy: everything, or only the tips of what is mirrored. Default: what is needed.',
      },
    },
  },
};

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
      repository: {
        ...text,
        description: 'Remote URL, path, or a name of remotes. Default: the job repository.',
      },
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
      revisionKey: {
        ...text,
        description:
          'A key that repeats the revision as plain text; with branches or tags {ref} stands for their name.',
      },
      include: { ...patterns, description: 'Files that are mirrored, by patterns. Default: all.' },
      exclude: { ...patterns, description: 'Files that are not, by patterns, for example .git* or *.md.' },
      secretsFile: {
        ...text,
        description: 'A JSON file of names and values for {{{NAME}}} in files; it stays on this machine.',
      },
      branches: {
        ...patterns,
        description: 'Instead of branch: every branch that fits, each below PREFIX/BRANCH/.',
      },
      tags: { ...patterns, description: 'Likewise every tag that fits, each below PREFIX/TAG/.' },
      annotatedOnly: {
        type: 'boolean',
        default: false,
        description: 'Of tags: only those with a message.',
      },
      trim: {
        type: 'boolean',
        default: false,
        description: 'Texts lose the white space around them. Default: the bytes as they are.',
      },
      links: {
        type: 'string',
        enum: [...MIRROR_POLICY.links],
        default: DEFAULTS.links,
        description: 'Symbolic links: left out, or a copy of the file where that is in the same folder.',
      },
      gone: {
        type: 'string',
        enum: [...MIRROR_POLICY.gone],
        default: DEFAULTS.gone,
        description: 'Keys of a branch or tag that was deleted.',
      },
      ...mirrorPolicy,
    },
  },
};

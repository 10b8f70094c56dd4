import { DEFAULTS, LOG_FORMATS, LOG_LEVELS, WHEN_AWAY } from './defaults.js';
import { deploy } from './deploy-schema.js';
import { gates } from './gates-schema.js';
import { hooks } from './hooks-schema.js';
import { mirrorPolicy, mirrors, remotes } from './mirrors-schema.js';
import { promote } from './promote-schema.js';
import { ignore, name, policies, rules } from './rules-schema.js';
import { scheduler } from './schedulers-schema.js';
import { seconds, secret } from './schema-parts.js';
import { secrets } from './secrets.js';
import { statuses } from './statuses-schema.js';

const person = {
  type: 'string',
  pattern: '^[^<>\\n\\r\\u0000]+$',
  explain: 'a name or address for commits is one line without < and >',
};
const environment = {
  type: 'object',
  additionalProperties: false,
  required: ['schedulers'],
  description:
    'One branch and folder of the job repository, where it is mirrored to, and what it is deployed to.',
  properties: {
    branch: {
      type: 'string',
      minLength: 1,
      default: DEFAULTS.environment.branch,
      description: 'Branch of the job repository.',
    },
    folder: {
      type: 'string',
      default: '',
      description: "Folder that holds the manifests; '' is the whole repository.",
    },
    layers: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', minLength: 1 },
      examples: [['base', 'environments/production']],
      description:
        'Folders instead of one: a file of a later one changes the file with the same path in an earlier one (JSON Merge Patch).',
    },
    prefix: {
      type: 'string',
      minLength: 1,
      description: 'KV prefix of the environment. Default: PREFIX/NAME/.',
    },
    schedulers: { type: 'object', minProperties: 1, propertyNames: name, additionalProperties: scheduler },
    promote,
    mirror: { type: 'object', additionalProperties: false, properties: mirrorPolicy },
    deploy,
  },
};

/** JSON Schema of towline.yaml; published as schemas/towline.json. */
export const configSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'https://towline.dev/schemas/towline.json',
  title: 'towline.yaml',
  type: 'object',
  additionalProperties: false,
  required: ['version'],
  properties: {
    version: { type: 'integer', enum: [1], description: 'Version of this format.' },
    repository: {
      type: 'object',
      additionalProperties: false,
      description: 'The job repository. Default: the one that holds this file.',
      properties: {
        url: { type: 'string', minLength: 1, description: 'Remote URL, path, or a name of remotes.' },
        store: {
          type: 'string',
          minLength: 1,
          default: DEFAULTS.repository.store,
          description: 'Folder for the local copy of a remote.',
        },
        author: {
          type: 'object',
          additionalProperties: false,
          required: ['name', 'email'],
          properties: { name: person, email: person },
          description: "Author of Towline's commits.",
        },
      },
    },
    consul: {
      type: 'object',
      additionalProperties: false,
      properties: {
        address: {
          type: 'string',
          minLength: 1,
          default: DEFAULTS.consul.address,
          description: 'CONSUL_HTTP_ADDR',
        },
        token: secret('use tokenFile, CONSUL_HTTP_TOKEN_FILE or CONSUL_HTTP_TOKEN'),
        auth: secret('use CONSUL_HTTP_AUTH'),
        tokenFile: {
          type: 'string',
          minLength: 1,
          description: 'CONSUL_HTTP_TOKEN_FILE; or set CONSUL_HTTP_TOKEN.',
        },
        caCert: { type: 'string', minLength: 1, description: 'CONSUL_CACERT' },
        clientCert: { type: 'string', minLength: 1, description: 'CONSUL_CLIENT_CERT' },
        clientKey: { type: 'string', minLength: 1, description: 'CONSUL_CLIENT_KEY' },
        tlsServerName: { type: 'string', minLength: 1, description: 'CONSUL_TLS_SERVER_NAME' },
        verify: { type: 'boolean', default: DEFAULTS.consul.verify, description: 'CONSUL_HTTP_SSL_VERIFY' },
        namespace: { type: 'string', minLength: 1, description: 'CONSUL_NAMESPACE' },
        datacenter: { type: 'string', minLength: 1 },
        prefix: {
          type: 'string',
          minLength: 1,
          default: DEFAULTS.consul.prefix,
          description: 'Prefix of all keys of Towline.',
        },
      },
    },
    environments: {
      type: 'object',
      minProperties: 1,
      propertyNames: name,
      additionalProperties: {
        ...environment,
        properties: { ...environment.properties, gates, rules, ignore, policies },
      },
    },
    mirrors,
    remotes,
    rules,
    ignore,
    policies,
    gates,
    secrets,
    ledger: {
      type: 'object',
      additionalProperties: false,
      properties: {
        branch: { type: 'string', minLength: 1, default: DEFAULTS.ledger.branch },
        required: {
          type: 'boolean',
          default: DEFAULTS.ledger.required,
          description: "What can't be recorded is not done. false is an older way to say whenAway: journal.",
        },
        whenAway: {
          type: 'string',
          enum: [...WHEN_AWAY],
          default: DEFAULTS.ledger.whenAway,
          description:
            'While its repository is away: stop deploys nothing; journal deploys, keeps the entries on disk, and appends them in order later.',
        },
        keepInputBytes: {
          type: 'integer',
          minimum: 0,
          default: DEFAULTS.ledger.keepInputBytes,
          description: 'What a plan was made of is kept up to this size of JSON; 0: only its digest.',
        },
        signed: {
          type: 'boolean',
          default: DEFAULTS.ledger.signed,
          description: 'Every entry of workers is signed (user.signingkey of git), and an audit demands it.',
        },
      },
    },
    signers: {
      type: 'object',
      additionalProperties: false,
      description: 'Where the job repository names whose signatures count.',
      properties: {
        file: {
          type: 'string',
          minLength: 1,
          default: DEFAULTS.signers.file,
          description: 'Path of a file of SSH keys, as OpenSSH has it (allowed_signers).',
        },
        keys: {
          type: 'string',
          minLength: 1,
          default: DEFAULTS.signers.keys,
          description: 'Path of a folder of public GPG keys (*.asc).',
        },
      },
    },
    statuses,
    hooks,
    notes: {
      type: 'boolean',
      default: DEFAULTS.notes,
      description: 'How revisions stand is kept as notes of them, in refs/notes/towline.',
    },
    server: {
      type: 'object',
      additionalProperties: false,
      properties: {
        listen: { type: 'string', minLength: 1, default: DEFAULTS.server.listen },
        webhookSecret: secret('use webhookSecretFile or TOWLINE_WEBHOOK_SECRET'),
        webhookSecretFile: {
          type: 'string',
          minLength: 1,
          description: 'File that holds the secret of the webhooks.',
        },
      },
    },
    poll: {
      type: 'object',
      additionalProperties: false,
      properties: {
        intervalSeconds: {
          ...seconds,
          default: DEFAULTS.poll.intervalSeconds,
          description: 'Pause between two looks at the repository and the schedulers.',
        },
        reconcileSeconds: {
          ...seconds,
          default: DEFAULTS.poll.reconcileSeconds,
          description: 'Pause between two comparisons of every mirrored key with Git.',
        },
      },
    },
    log: {
      type: 'object',
      additionalProperties: false,
      properties: {
        level: {
          type: 'string',
          enum: [...LOG_LEVELS],
          default: DEFAULTS.log.level,
        },
        format: { type: 'string', enum: [...LOG_FORMATS], default: DEFAULTS.log.format },
      },
    },
  },
} as const;

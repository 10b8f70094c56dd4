const name = { type: 'string', pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$', maxLength: 63 };
const url = { type: 'string', pattern: '^https?://[^\\s@]+$' };

const scheduler = {
  type: 'object',
  additionalProperties: false,
  description: 'One scheduler of the environment. Its name is how job references begin.',
  properties: {
    kind: { type: 'string', enum: ['marathon', 'chronos'], description: 'The adapter. Default: the name.' },
    url: { ...url, description: 'Address, for example http://marathon.example:8080' },
    urls: {
      type: 'array',
      minItems: 1,
      items: url,
      description: 'Several addresses of the same scheduler, tried in order.',
    },
    user: { type: 'string', minLength: 1, description: 'User of basic authentication.' },
    passwordFile: { type: 'string', minLength: 1, description: 'File that holds its password.' },
    tokenFile: { type: 'string', minLength: 1, description: 'File that holds a token (DC/OS).' },
    settings: {
      type: 'object',
      description: 'Facts about the server that rules depend on, for example mesosRole or features.',
      additionalProperties: { type: 'string' },
    },
  },
  oneOf: [{ required: ['url'] }, { required: ['urls'] }],
};

const environment = {
  type: 'object',
  additionalProperties: false,
  required: ['schedulers'],
  description:
    'One branch and folder of the job repository, where it is mirrored to, and what it is deployed to.',
  properties: {
    branch: { type: 'string', minLength: 1, default: 'main', description: 'Branch of the job repository.' },
    folder: {
      type: 'string',
      default: '',
      description: "Folder that holds the manifests; '' is the whole repository.",
    },
    prefix: {
      type: 'string',
      minLength: 1,
      description: 'KV prefix of the environment. Default: PREFIX/NAME/.',
    },
    schedulers: { type: 'object', minProperties: 1, propertyNames: name, additionalProperties: scheduler },
    promote: {
      type: 'object',
      additionalProperties: false,
      properties: {
        automatic: {
          type: 'array',
          items: { type: 'string', minLength: 1 },
          default: [],
          description: 'Tags that are committed as soon as they are released; * stands for any characters.',
        },
      },
    },
    deploy: {
      type: 'object',
      additionalProperties: false,
      properties: {
        timeoutSeconds: {
          type: 'number',
          exclusiveMinimum: 0,
          default: 600,
          description: 'How long one change may take.',
        },
        concurrency: {
          type: 'integer',
          minimum: 1,
          maximum: 64,
          default: 4,
          description: 'Independent changes side by side.',
        },
        onFailure: { type: 'string', enum: ['rollback', 'leave'], default: 'rollback' },
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
            enabled: { type: 'boolean', default: true },
            maxCount: {
              type: 'integer',
              minimum: 0,
              default: 10,
              description: 'Deletions in one pass without --allow-prune.',
            },
            maxShare: {
              type: 'number',
              minimum: 0,
              maximum: 1,
              default: 0.3,
              description: 'Share of the jobs likewise.',
            },
          },
        },
      },
    },
  },
};

/** JSON Schema of towline.yaml; published as schemas/towline.json. */
export const configSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'https://towline.dev/schemas/towline.json',
  title: 'towline.yaml',
  type: 'object',
  additionalProperties: false,
  required: ['version', 'environments'],
  properties: {
    version: { type: 'integer', enum: [1], description: 'Version of this format.' },
    repository: {
      type: 'object',
      additionalProperties: false,
      description: 'The job repository. Default: the one that holds this file.',
      properties: {
        url: { type: 'string', minLength: 1, description: 'Remote URL or path.' },
        store: {
          type: 'string',
          minLength: 1,
          default: '.towline/repositories',
          description: 'Folder for the local copy of a remote.',
        },
        author: {
          type: 'object',
          additionalProperties: false,
          required: ['name', 'email'],
          properties: { name: { type: 'string', minLength: 1 }, email: { type: 'string', minLength: 1 } },
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
          default: 'http://127.0.0.1:8500',
          description: 'CONSUL_HTTP_ADDR',
        },
        tokenFile: {
          type: 'string',
          minLength: 1,
          description: 'CONSUL_HTTP_TOKEN_FILE; or set CONSUL_HTTP_TOKEN.',
        },
        caCert: { type: 'string', minLength: 1, description: 'CONSUL_CACERT' },
        clientCert: { type: 'string', minLength: 1, description: 'CONSUL_CLIENT_CERT' },
        clientKey: { type: 'string', minLength: 1, description: 'CONSUL_CLIENT_KEY' },
        tlsServerName: { type: 'string', minLength: 1, description: 'CONSUL_TLS_SERVER_NAME' },
        verify: { type: 'boolean', default: true, description: 'CONSUL_HTTP_SSL_VERIFY' },
        namespace: { type: 'string', minLength: 1, description: 'CONSUL_NAMESPACE' },
        datacenter: { type: 'string', minLength: 1 },
        prefix: {
          type: 'string',
          minLength: 1,
          default: 'towline/',
          description: 'Prefix of all keys of Towline.',
        },
      },
    },
    environments: {
      type: 'object',
      minProperties: 1,
      propertyNames: name,
      additionalProperties: environment,
    },
    ledger: {
      type: 'object',
      additionalProperties: false,
      properties: {
        branch: { type: 'string', minLength: 1, default: 'ledger/{environment}' },
        required: { type: 'boolean', default: true, description: "What can't be recorded is not done." },
      },
    },
    server: {
      type: 'object',
      additionalProperties: false,
      properties: {
        listen: { type: 'string', minLength: 1, default: '127.0.0.1:7070' },
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
      properties: { intervalSeconds: { type: 'number', exclusiveMinimum: 0, default: 60 } },
    },
    log: {
      type: 'object',
      additionalProperties: false,
      properties: {
        level: {
          type: 'string',
          enum: ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
          default: 'info',
        },
        format: { type: 'string', enum: ['auto', 'pretty', 'json'], default: 'auto' },
      },
    },
  },
} as const;

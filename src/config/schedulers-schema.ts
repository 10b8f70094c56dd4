import { DEFAULTS } from './defaults.js';
import { secret } from './schema-parts.js';

const url = {
  type: 'string',
  pattern: '^https?://[^\\s@]+$',
  explain: 'an address is written http://HOST:PORT, without user and password',
};

/** One scheduler of an environment. */
export const scheduler = {
  type: 'object',
  additionalProperties: false,
  description: 'One scheduler of the environment. Its name is how job references begin.',
  properties: {
    kind: {
      type: 'string',
      examples: ['marathon', 'chronos'],
      description: 'The adapter: marathon or chronos. Default: the name.',
    },
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
    password: secret('use passwordFile or TOWLINE_ENVIRONMENT_<ENVIRONMENT>_<SCHEDULER>_PASSWORD'),
    token: secret('use tokenFile or TOWLINE_ENVIRONMENT_<ENVIRONMENT>_<SCHEDULER>_TOKEN'),
    lookup: {
      type: 'object',
      additionalProperties: false,
      description: 'Where its addresses are looked up, instead of url and urls.',
      properties: {
        srv: {
          type: 'string',
          minLength: 1,
          examples: ['_marathon._tcp.mesos'],
          description: 'DNS SRV record (Mesos-DNS).',
        },
        consul: {
          type: 'string',
          minLength: 1,
          examples: ['marathon'],
          description: 'Consul service; its passing instances.',
        },
        tag: { type: 'string', minLength: 1, description: 'Tag of the Consul service.' },
        servers: {
          type: 'array',
          minItems: 1,
          items: {
            type: 'string',
            pattern: '^(\\d{1,3}(\\.\\d{1,3}){3}(:\\d+)?|\\[[0-9a-fA-F:]+\\](:\\d+)?|[0-9a-fA-F:]+)$',
            explain: 'a DNS server is written ADDRESS or ADDRESS:PORT',
          },
          examples: [['10.0.0.2', '10.0.0.3:8600']],
          description: "DNS servers that are asked for the SRV record. Default: the machine's own.",
        },
        scheme: { type: 'string', enum: ['http', 'https'], default: DEFAULTS.lookup.scheme },
        path: {
          type: 'string',
          default: DEFAULTS.lookup.path,
          examples: ['/service/marathon'],
          description: 'Path before those of the API.',
        },
      },
      oneOf: [{ required: ['srv'] }, { required: ['consul'] }],
    },
    login: {
      type: 'object',
      additionalProperties: false,
      required: ['url', 'uid'],
      description: 'A login that gives a token, renewed by itself (DC/OS service accounts).',
      properties: {
        url: {
          ...url,
          examples: ['https://master.mesos/acs/api/v1/auth/login'],
          description: 'Where to log in.',
        },
        uid: { type: 'string', minLength: 1, description: 'Who logs in.' },
        privateKeyFile: {
          type: 'string',
          minLength: 1,
          description: 'File with the private key of the service account (PEM).',
        },
        passwordFile: { type: 'string', minLength: 1, description: 'File with its password.' },
      },
      oneOf: [{ required: ['privateKeyFile'] }, { required: ['passwordFile'] }],
    },
    caCert: { type: 'string', minLength: 1, description: 'File with the certificates of the CA (PEM).' },
    clientCert: { type: 'string', minLength: 1, description: 'File with the client certificate (PEM).' },
    clientKey: { type: 'string', minLength: 1, description: 'File with its key (PEM).' },
    tlsServerName: { type: 'string', minLength: 1, description: 'Name that the certificate must have.' },
    verify: { type: 'boolean', default: true, description: 'false: any certificate is taken.' },
    settings: {
      type: 'object',
      description: 'Facts about the server that rules depend on, for example mesosRole or features.',
      additionalProperties: { type: 'string' },
    },
  },
  oneOf: [{ required: ['url'] }, { required: ['urls'] }, { required: ['lookup'] }],
};

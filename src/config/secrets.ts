import type { SecretsConfig } from './config.js';
import { fieldRuleAt } from './deploy.js';
import { fieldRule, secret } from './schema-parts.js';
import { UNREAD, type Settings } from './settings.js';

/** Shorter ones are guessed by trying. */
const SHORTEST_KEY = 16;

/** `secrets` of towline.yaml. */
export const secrets = {
  type: 'object',
  additionalProperties: false,
  description: 'What of the jobs is secret: it is planned, shown and recorded as a keyed digest only.',
  properties: {
    key: secret('use keyFile or TOWLINE_SECRETS_KEY'),
    keyFile: {
      type: 'string',
      minLength: 1,
      description:
        'File that holds the key of the digests, the same for all machines; or set TOWLINE_SECRETS_KEY. Default: one that is made in the store.',
    },
    values: {
      type: 'array',
      description: 'Fields whose texts are secret. * also stands for a piece of a name: /env/*_PASSWORD.',
      items: {
        ...fieldRule,
        properties: {
          ...fieldRule.properties,
          fields: {
            ...fieldRule.properties.fields,
            examples: [['/env/*_PASSWORD', '/environmentVariables/*_TOKEN/value']],
            description:
              'JSON pointers; * stands for any characters of one part, a name for the list entry of that name.',
          },
        },
      },
    },
  },
};

export async function secretsConfig(settings: Settings): Promise<SecretsConfig> {
  const file = settings.text('/secrets/keyFile');
  const variable = settings.variable('TOWLINE_SECRETS_KEY');
  const key = variable?.value ?? (await settings.secret(file));
  const origin = variable?.origin ?? file?.origin;
  if (key !== undefined && key !== UNREAD && key.length < SHORTEST_KEY && origin !== undefined)
    settings.problem(
      origin,
      `the key is shorter than ${SHORTEST_KEY} characters`,
      'Make one with: openssl rand -hex 32',
    );
  return {
    ...(key === undefined ? {} : { key }),
    values: settings
      .items('/secrets/values')
      .map((_, index) => fieldRuleAt(settings, `/secrets/values/${index}`)),
  };
}

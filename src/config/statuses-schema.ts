import { STATUS_KINDS } from './defaults.js';
import { secret } from './schema-parts.js';

const text = { type: 'string', minLength: 1 };

/** The part of the schema for forges that are told how revisions stand. */
export const statuses = {
  type: 'array',
  description: 'Forges that are told how each revision stands in each environment.',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['kind', 'url', 'project'],
    properties: {
      kind: { type: 'string', enum: [...STATUS_KINDS] },
      url: {
        ...text,
        description: 'https://api.github.com, https://HOST/api/v3, or the address of GitLab or Gitea.',
      },
      project: { ...text, description: 'OWNER/NAME; of GitLab the path with all groups, or the number.' },
      token: secret('use tokenFile or TOWLINE_STATUS_<KIND>_TOKEN'),
      tokenFile: {
        ...text,
        description: 'File that holds the token; or TOWLINE_STATUS_<KIND>_TOKEN.',
      },
      targetUrl: { ...text, description: 'Where a status leads to when it is clicked.' },
    },
  },
};

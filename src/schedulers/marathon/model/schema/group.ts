import { id } from './shared.js';

/** JSON Schema of a group's own attributes; its apps and groups are checked one by one. */
export const groupSchema = {
  $id: 'https://towline.dev/schemas/marathon-group.json',
  title: 'Marathon group',
  type: 'object',
  required: ['id'],
  additionalProperties: false,
  properties: {
    id,
    apps: { type: 'array', items: { type: 'object' } },
    groups: { type: 'array', items: { type: 'object' } },
    pods: {
      type: 'array',
      maxItems: 0,
      explain: 'pods can not be stated inside a group; give each a manifest of its own',
    },
    dependencies: { type: 'array', items: { type: 'string', minLength: 1 } },
    enforceRole: { type: 'boolean' },
  },
} as const;

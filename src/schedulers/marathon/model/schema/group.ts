import { dependencies, DRAFT, id } from './shared.js';

const apps = { type: 'array', items: { type: 'object' }, description: 'Apps, in full; each is a job.' };
const groups = { type: 'array', items: { type: 'object' }, description: 'Groups in this group.' };

/** JSON Schema of a group's own attributes. Its apps and groups are checked one by one. */
export const groupSchema = {
  $schema: DRAFT,
  $id: 'https://towline.dev/schemas/marathon-group.json',
  title: 'Marathon group',
  type: 'object',
  additionalProperties: false,
  properties: {
    id,
    apps,
    groups,
    pods: {
      type: 'array',
      maxItems: 0,
      description: 'Not taken: give each pod a manifest of its own.',
      explain: 'a group does not take pods, Marathon would drop them; give each a manifest of its own',
    },
    dependencies,
    enforceRole: {
      type: 'boolean',
      description:
        'Every app below has the role that the group is named after (top-level groups, 1.9 and later).',
    },
  },
} as const;

/** The same with what stands in it, for editors. */
export const wholeGroupSchema = {
  ...groupSchema,
  properties: {
    ...groupSchema.properties,
    apps: { ...apps, items: { $ref: 'marathon-app.json' } },
    groups: { ...groups, items: { $ref: 'marathon-group.json' } },
  },
} as const;

/** Settings that people look for here. They are refused with the way to do it. */
export const secret = (instead: string): object => ({
  not: {},
  explain: `secrets never stand in this file: ${instead}`,
  description: `Not allowed here: ${instead}.`,
});

export const seconds = { type: 'number', exclusiveMinimum: 0, maximum: 86400 };

/** Fields of some jobs. */
export const fieldRule = {
  type: 'object',
  additionalProperties: false,
  required: ['fields'],
  properties: {
    fields: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'string',
        pattern: '^(/[^/]+)+$',
        explain: 'a field is written as a JSON pointer, for example /instances or /env/*',
      },
      examples: [['/instances']],
      description: 'JSON pointers; * stands for one part.',
    },
    jobs: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      examples: [['/shop/*']],
      description: 'Ids of the jobs, with patterns. Default: all.',
    },
    files: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      description: 'Manifests that state them, with patterns. Default: all.',
    },
  },
};

/** JSON Schema of the value of `releases/IMAGE`; published as schemas/release.json. */
export const releaseSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'https://towline.dev/schemas/release.json',
  title: 'Towline release',
  description: 'This image exists, built from this commit by this build.',
  type: 'object',
  required: ['image', 'tag'],
  properties: {
    image: {
      type: 'string',
      minLength: 1,
      description: 'Image name with registry, without tag; the same as in the key.',
    },
    tag: { type: 'string', pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$' },
    digest: { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' },
    sourceCommit: { type: 'string', description: 'Commit that it was built from.' },
    sourceRepository: { type: 'string' },
    sourceBranch: {
      type: 'string',
      description: 'Branch that it was built from; rules of promotions may ask for it.',
    },
    buildUrl: { type: 'string' },
    by: { type: 'string', description: 'Who announced it.' },
    at: { type: 'string', description: 'When, ISO 8601.' },
  },
} as const;

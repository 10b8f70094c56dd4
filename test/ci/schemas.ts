// What the documentation of GitLab and GitHub says of the parts that the templates use; nothing else is allowed in them.
const text = { type: 'string', minLength: 1 };
const texts = { type: 'array', minItems: 1, items: text };
const variables = { type: 'object', additionalProperties: { type: 'string' } };
const closed = (properties: object, required: string[] = []): object => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
});
const map = (of: object): object => ({ type: 'object', minProperties: 1, additionalProperties: of });

/** docs.gitlab.com, "CI/CD inputs": the first document of a component. */
export const COMPONENT_HEADER = closed(
  {
    spec: closed(
      {
        inputs: map(
          closed({
            description: text,
            default: { type: 'string' },
            type: { enum: ['string', 'number', 'boolean', 'array'] },
            options: texts,
            regex: text,
          }),
        ),
      },
      ['inputs'],
    ),
  },
  ['spec'],
);

const reports = closed({ codequality: text, junit: text, dotenv: text });
const job = {
  image: text,
  stage: text,
  extends: text,
  needs: texts,
  variables,
  before_script: texts,
  script: texts,
  artifacts: closed({ when: { enum: ['on_success', 'on_failure', 'always'] }, reports }, ['reports']),
  rules: { type: 'array', minItems: 1, items: closed({ if: text, when: text }, ['if']) },
};
/** docs.gitlab.com, "CI/CD YAML syntax reference": jobs; a hidden one (with a dot) needs no script. */
export const COMPONENT = {
  type: 'object',
  additionalProperties: false,
  patternProperties: { '^\\.[a-z-]+$': closed(job), '^[a-z-]+$': closed(job, ['script', 'stage']) },
};
export const PIPELINE = closed(
  {
    include: {
      type: 'array',
      items: closed(
        {
          component: { type: 'string', pattern: '^\\$CI_SERVER_FQDN/[\\w-]+/[\\w-]+/[\\w-]+@[\\w.-]+$' },
          inputs: map(text),
        },
        ['component'],
      ),
    },
    stages: texts,
  },
  ['include'],
);

/** docs.github.com, "Metadata syntax for GitHub Actions": every run of a composite action names its shell. */
export const ACTION = closed(
  {
    name: text,
    description: text,
    inputs: map(
      closed({ description: text, required: { type: 'boolean' }, default: { type: 'string' } }, [
        'description',
      ]),
    ),
    outputs: map(closed({ description: text, value: text }, ['description', 'value'])),
    runs: closed(
      {
        using: { const: 'composite' },
        steps: {
          type: 'array',
          minItems: 1,
          items: closed({ name: text, id: text, if: text, shell: text, env: variables, run: text }, [
            'run',
            'shell',
          ]),
        },
      },
      ['using', 'steps'],
    ),
  },
  ['name', 'description', 'runs'],
);

const step = {
  ...closed({
    name: text,
    id: text,
    if: text,
    uses: { type: 'string', pattern: '^[\\w.-]+/[\\w./-]+@[\\w.-]+$' },
    run: text,
    with: map({ type: ['string', 'number', 'boolean'] }),
    env: variables,
  }),
  oneOf: [{ required: ['uses'] }, { required: ['run'] }],
};
const access = { enum: ['read', 'write', 'none'] };
/** docs.github.com, "Workflow syntax". */
export const WORKFLOW = closed(
  {
    name: text,
    on: map({ type: ['object', 'null'] }),
    permissions: closed({ contents: access, 'pull-requests': access, packages: access }),
    env: variables,
    jobs: map(
      closed({ if: text, 'runs-on': text, steps: { type: 'array', minItems: 1, items: step } }, [
        'runs-on',
        'steps',
      ]),
    ),
  },
  ['on', 'jobs'],
);

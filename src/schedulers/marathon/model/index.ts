import type { Job } from '../../../domain/job/job.js';
import type { ModelContext, SchedulerModel } from '../../../domain/job/scheduler-model.js';
import { schemaCheck } from '../../../domain/job/validate/schema-check.js';
import type { Diagnostic } from '../../../domain/source/diagnostic.js';
import type { Pointer } from '../../../domain/source/json.js';
import { compare } from './compare.js';
import { dependencies } from './dependencies.js';
import { isCopy } from './digest.js';
import { exported } from './exported.js';
import { absoluteId } from './ids.js';
import { jobsOf } from './jobs-of.js';
import { DIGEST_LABEL } from './normalise/index.js';
import { asRead } from './read.js';
import { recognise, SHAPES } from './recognise.js';
import { APP_RULES } from './rules/app/index.js';
import { CATALOGUE } from './rules/catalogue.js';
import { GROUP_RULES } from './rules/group.js';
import { POD_RULES } from './rules/pod/index.js';
import { objectAt, objectsAt, runRules, textAt } from './rules/rule.js';
import { setFacts, validateSet } from './rules/set/index.js';
import { appSchema } from './schema/app.js';
import { groupSchema, wholeGroupSchema } from './schema/group.js';
import { podSchema } from './schema/pod.js';
import { nullFindings } from './server-form.js';

const KINDS = {
  app: { schema: appSchema, check: schemaCheck(appSchema, 'marathon'), rules: APP_RULES },
  pod: { schema: podSchema, check: schemaCheck(podSchema, 'marathon'), rules: POD_RULES },
  group: { schema: groupSchema, check: schemaCheck(groupSchema, 'marathon'), rules: GROUP_RULES },
} as const;

/**
 * Everything that can be known of Marathon's apps, groups and pods (API 1.5 to 1.11, deprecated input included) without
 * talking to it. Of the settings of an environment it understands `mesosRole`, `features` (names with commas between) and
 * `defaultNetworkName`; what is not set is not judged.
 */
export const marathonModel: SchedulerModel = {
  kind: 'marathon',
  shapes: SHAPES,
  kinds: ['app', 'pod', 'group'],
  schemas: [
    { name: 'marathon-pod', schema: podSchema, when: { required: ['containers'] }, anyCase: true },
    {
      name: 'marathon-group',
      schema: wholeGroupSchema,
      when: { anyOf: ['apps', 'groups', 'enforceRole'].map((member) => ({ required: [member] })) },
      anyCase: true,
    },
    { name: 'marathon-app', schema: appSchema, when: { required: ['id'] }, rest: true, anyCase: true },
  ],
  naming: { member: 'id', canonical: (id) => absoluteId(id) },
  rules: CATALOGUE,
  recognise,
  jobsOf,
  validate,
  validateSet: (jobs) => validateSet(jobs),
  setFacts,
  dependencies,
  compare,
  setKinds: ['app'],
  restartKinds: ['app'],
  scaled,
  isCopy,
  secrets: {
    // The names by which the job itself uses them stay: they say nothing outside of it.
    references: [
      '/secrets/*',
      '/container/volumes/*/external/options/nodeStageSecret/*',
      '/container/volumes/*/external/options/nodePublishSecret/*',
    ],
    digests: [`/labels/${DIGEST_LABEL}`],
    twins: [['/uris/*', '/fetch/*/uri']],
  },
  exported,
  images,
};

function validate(job: Job, context: ModelContext): Diagnostic[] {
  const { schema, check, rules } = job.kind === 'app' || job.kind === 'pod' ? KINDS[job.kind] : KINDS.group;
  const { value, nulls } = asRead(job.spec, schema);
  return [
    ...nullFindings(nulls, job.source.placeOf),
    ...check(value, job.source.placeOf),
    ...runRules(rules, value, job, context),
  ];
}

function scaled(
  { kind, spec }: Pick<Job, 'kind' | 'spec'>,
  instances: number,
): ReturnType<NonNullable<SchedulerModel['scaled']>> {
  if (kind === 'app') return { pointer: '/instances', value: instances };
  if (kind !== 'pod') return undefined;
  return objectAt(spec, 'scaling') === undefined
    ? { pointer: '/scaling', value: { kind: 'fixed', instances } }
    : { pointer: '/scaling/instances', value: instances };
}

function images({ kind, spec }: Pick<Job, 'kind' | 'spec'>): Pointer[] {
  if (kind === 'group') return [];
  if (kind === 'pod')
    return objectsAt(spec, 'containers').flatMap((container, at): Pointer[] =>
      textAt(objectAt(container, 'image'), 'id') === undefined ? [] : [`/containers/${at}/image/id`],
    );
  const image = textAt(objectAt(objectAt(spec, 'container'), 'docker'), 'image');
  return image === undefined ? [] : ['/container/docker/image'];
}

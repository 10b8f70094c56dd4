import type { Job } from '../../../domain/job/job.js';
import type { SchedulerModel } from '../../../domain/job/scheduler-model.js';
import { schemaCheck } from '../../../domain/job/validate/schema-check.js';
import type { Diagnostic } from '../../../domain/source/diagnostic.js';
import { isObject, type Json, type Pointer } from '../../../domain/source/json.js';
import { compare } from './compare.js';
import { dependencies } from './dependencies.js';
import { jobsOf, recognise } from './jobs-of.js';
import { APP_RULES } from './rules/app-rules.js';
import { POD_RULES } from './rules/pod-rules.js';
import { objectAt, objectsAt, runRules, textAt } from './rules/rule.js';
import { SET_RULES, validateSet } from './rules/set-rules.js';
import { appSchema } from './schema/app.js';
import { podSchema } from './schema/pod.js';

const checkApp = schemaCheck(appSchema, 'marathon');
const checkPod = schemaCheck(podSchema, 'marathon');

/** Everything that can be known of Marathon's apps, groups and pods without talking to it. */
export const marathonModel: SchedulerModel = {
  kind: 'marathon',
  shapes: 'a Marathon app has "id", a group "apps" or "groups", a pod "containers"',
  rules: [...APP_RULES, ...POD_RULES, ...SET_RULES].map(({ code, summary }) => ({ code, summary })),
  recognise,
  jobsOf,
  validate(job, context) {
    const schema = job.kind === 'app' ? checkApp : job.kind === 'pod' ? checkPod : undefined;
    const rules = job.kind === 'app' ? APP_RULES : job.kind === 'pod' ? POD_RULES : [];
    return [
      ...nulls(job),
      ...(schema?.(withoutNulls(job.spec), job.source.placeOf) ?? []),
      ...runRules(rules, job, context),
    ];
  },
  validateSet: (jobs) => validateSet(jobs),
  dependencies,
  compare,
  images(job) {
    if (job.kind === 'pod')
      return objectsAt(job.spec, 'containers').flatMap((c, at): Pointer[] =>
        textAt(objectAt(c, 'image'), 'id') === undefined ? [] : [`/containers/${at}/image/id`],
      );
    const image = textAt(objectAt(objectAt(job.spec, 'container') ?? {}, 'docker'), 'image');
    return image === undefined ? [] : ['/container/docker/image'];
  },
};

/** Null means absent to Marathon (reference: marathon.md §1.1); in a manifest it is mostly a slip. */
function nulls(job: Job): Diagnostic[] {
  return Object.entries(job.spec)
    .filter(([, value]) => value === null)
    .map(([name]) => ({
      code: 'marathon/null',
      severity: 'warning',
      message: `"${name}" is null, which counts as absent`,
      fix: 'Remove it.',
      place: job.source.placeOf(`/${name}`, 'key'),
    }));
}

/** The definition with every null gone, at any depth: that is how the server reads it. */
function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([name, member]) => [name, withoutNulls(member)]),
  );
}

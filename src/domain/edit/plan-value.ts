import { imageRefText, parseImageRef } from '../job/image-ref.js';
import type { JobPlace } from '../job/validate/job-places.js';
import { ownedElsewhere } from '../plan/field-rules.js';
import {
  isObject,
  pointer as pointerOf,
  segments,
  valueAt,
  type Json,
  type Pointer,
} from '../source/json.js';
import { empty, refusedPlan, type EditObserved, type EditPlan } from './edit-plan.js';
import type { EditRequest } from './request.js';

/** Another number of instances. */
export function planScale(observed: EditObserved, place: JobPlace, instances: number): EditPlan {
  const { job } = place;
  const scaled = observed.models.get(job.scheduler)?.model.scaled?.(job, instances);
  const plan = { ...empty(observed), jobs: [job.ref], subject: `Scale ${job.ref} to ${instances}` };
  if (scaled === undefined)
    return refusedPlan(plan, `${job.ref} has no instances`, 'Only apps and pods of Marathon are scaled.');
  if (ownedElsewhere(job, observed.ignoreFields).some((field) => covers(field, scaled.pointer)))
    return refusedPlan(
      plan,
      `${scaled.pointer} of ${job.ref} is left to others here (deploy.ignoreFields), so Git does not say it`,
      'Scale it where that is done, or take the field out of deploy.ignoreFields.',
    );
  return withValue(plan, observed, place, scaled);
}

/** Whether a job runs by its schedule. */
export function planSwitch(observed: EditObserved, place: JobPlace, on: boolean): EditPlan {
  const { job } = place;
  const switched = observed.models.get(job.scheduler)?.model.switched?.(job, on);
  const plan = {
    ...empty(observed),
    jobs: [job.ref],
    subject: `${on ? 'Resume' : 'Pause'} the runs of ${job.ref}`,
  };
  if (switched === undefined)
    return refusedPlan(
      plan,
      `${job.ref} does not run now and then`,
      'Only jobs of Chronos do; towline scale stops what runs all the time.',
    );
  return withValue(plan, observed, place, switched);
}

/** Another image. */
export function planImage(
  observed: EditObserved,
  place: JobPlace,
  { image, from }: Extract<EditRequest, { verb: 'set image' }>,
): EditPlan {
  const { job } = place;
  const plan = { ...empty(observed), jobs: [job.ref], subject: `Set the image of ${job.ref} to ${image}` };
  const wanted = parseImageRef(image);
  if (wanted === undefined || (wanted.tag === undefined && wanted.digest === undefined))
    return refusedPlan(
      plan,
      `"${image}" is no image reference with a tag`,
      'Write it as NAME:TAG, for example shop/web:1.4.2.',
    );
  const all = (observed.models.get(job.scheduler)?.model.images(job) ?? []).map((at) => ({
    at,
    is: String(valueAt(job.spec, at)),
  }));
  const names = [...new Set(all.map(({ is }) => parseImageRef(is)?.name ?? is))];
  const name = from ?? (names.includes(wanted.name) || names.length !== 1 ? wanted.name : names[0]);
  const meant = all.filter(({ is }) => (parseImageRef(is)?.name ?? is) === name);
  if (meant.length === 0)
    return refusedPlan(
      plan,
      names.length === 0
        ? `${job.ref} names no image`
        : `${job.ref} has ${names.join(', ')} and no ${name ?? ''}`,
      names.length === 0 ? 'Give it one by hand.' : 'Say with --from which of them it takes the place of.',
    );
  return meant.reduce(
    (sum, { at }) => withValue(sum, observed, place, { pointer: at, value: imageRefText(wanted) }),
    plan,
  );
}

/** The plan with one more value to be written, where the last layer of the environment can say it. */
function withValue(
  plan: EditPlan,
  { own }: EditObserved,
  { job, document }: JobPlace,
  { pointer, value }: { pointer: Pointer; value: Json },
): EditPlan {
  if (plan.refused !== undefined) return plan;
  const at = job.source.pointer + pointer;
  const before = valueAt(document.value, at);
  if (JSON.stringify(before) === JSON.stringify(value)) return plan;
  const origin = document.originOf(at);
  const last = document.origins.at(-1);
  const replaced = before !== undefined && own.has(origin.file);
  if (!replaced && (last === undefined || !own.has(last.file)))
    return refusedPlan(
      plan,
      `${job.ref} stands in ${origin.file}, which other environments may share`,
      "State it in the environment's last folder, under the same path.",
    );
  const target = replaced || last === undefined ? origin : last;
  const place = replaced ? { pointer: at, value } : missing(last?.value, at, value);
  if (place === undefined)
    return refusedPlan(
      plan,
      `${at} of ${job.ref} is part of a list, of which a layer can only state the whole`,
      `State the list in ${target.file}.`,
    );
  return {
    ...plan,
    edits: [...plan.edits, { path: target.file, document: target.document, add: !replaced, ...place }],
    lines: [...plan.lines, `${target.file}: ${at} ${text(before)} -> ${text(value)}`],
  };
}

/** The place and value that add a value to a document that has only part of the way to it. */
function missing(
  document: Json | undefined,
  at: Pointer,
  value: Json,
): { pointer: Pointer; value: Json } | undefined {
  const path = segments(at);
  for (let depth = path.length - 1; depth >= 0; depth--) {
    const parent = pointerOf(...path.slice(0, depth));
    const there = valueAt(document, parent);
    if (there === undefined) continue;
    if (!isObject(there)) return undefined;
    const rest = path.slice(depth + 1);
    if (rest.some((part) => /^\d+$/.test(part))) return undefined;
    const inner = rest.reduceRight<Json>((sum, part) => ({ [part]: sum }), value);
    return { pointer: pointerOf(...path.slice(0, depth + 1)), value: inner };
  }
  return undefined;
}

function covers(rule: Pointer, field: Pointer): boolean {
  return rule === field || field.startsWith(`${rule}/`) || rule.startsWith(`${field}/`);
}

function text(value: Json | undefined): string {
  return value === undefined ? '(not stated)' : JSON.stringify(value);
}

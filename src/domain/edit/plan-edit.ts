import { oneLine } from '../source/one-line.js';
import { isCalled } from '../job/job-ref.js';
import { unknownJob, type EditObserved, type EditPlan } from './edit-plan.js';
import { planRollback } from './plan-rollback.js';
import { planImage, planScale, planSwitch } from './plan-value.js';
import type { EditRequest } from './request.js';

/** What a request comes to in the manifests. */
export function planEdit(observed: EditObserved): EditPlan {
  const { request } = observed;
  if (request.verb === 'rollback') return planRollback(observed, request);
  const found = observed.places.filter(({ job }) => isCalled(job, request.job));
  const [place] = found;
  if (place === undefined || found.length > 1) return unknownJob(observed, request.job, found);
  if (request.verb === 'scale') return planScale(observed, place, request.instances);
  if (request.verb === 'set image') return planImage(observed, place, request);
  return planSwitch(observed, place, request.verb === 'resume runs');
}

/** Message of the commit: a subject and what changes for people, trailers for tools. */
export function editMessage(plan: EditPlan, { asked, verb }: EditRequest): string {
  const { by, reason } = asked;
  const lines = [
    plan.subject,
    '',
    ...(reason === undefined ? [] : [reason, '']),
    ...plan.lines,
    '',
    `Towline-Command: ${verb}`,
    `Towline-Environment: ${plan.environment}`,
    ...plan.jobs.map((ref) => `Towline-Job: ${ref}`),
    `Towline-By: ${by}`,
  ];
  return `${lines.map(oneLine).join('\n')}\n`;
}

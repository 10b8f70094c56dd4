import type { ModelContext } from '../../../../../domain/job/scheduler-model.js';
import type { JsonObject } from '../../../../../domain/source/json.js';
import { topGroup } from '../../ids.js';
import { olderThan, textAt, textsAt, type Report } from '../rule.js';

/** Roles that a job may have: Marathon's own and, below the root, the name of its top-level group (reference: marathon.md §3). */
export function checkRole(spec: JsonObject, report: Report, { settings }: ModelContext): void {
  const role = textAt(spec, 'role');
  const own = settings['mesosRole'];
  if (role === undefined || own === undefined) return;
  const group = topGroup(textAt(spec, 'id') ?? '')?.slice(1);
  const allowed = group === undefined ? [own] : [own, group];
  if (!allowed.includes(role))
    report(
      '/role',
      `the role ${JSON.stringify(role)} is not open to this job`,
      `Write ${allowed.map((r) => JSON.stringify(r)).join(' or ')}, or leave it out.`,
    );
}

/** Offers can only be taken of the job's role and of "*"; 1.9 strips others, later versions refuse them. */
export function checkAcceptedRoles(
  spec: { job: JsonObject; accepted: JsonObject | undefined; at: string },
  report: Report,
  context: ModelContext,
): void {
  const role = textAt(spec.job, 'role');
  textsAt(spec.accepted, 'acceptedResourceRoles').forEach((accepted, index) => {
    const at = `${spec.at}/${index}`;
    const bad = roleProblem(accepted);
    if (bad !== undefined) return report(at, `${JSON.stringify(accepted)} is no role: ${bad}`, 'Correct it.');
    if (role !== undefined && accepted !== '*' && accepted !== role && !olderThan(context, 1, 9))
      report(
        at,
        `a job of role ${JSON.stringify(role)} accepts offers of that role and of "*" only`,
        `Use "*" and ${JSON.stringify(role)}, or change the role.`,
      );
  });
}

/** Jobs with persistent volumes reserve resources, which "*" can not be reserved for. */
export function checkResidentRoles(
  spec: { job: JsonObject; accepted: JsonObject | undefined; at: string },
  report: Report,
  { settings }: ModelContext,
): void {
  const accepted = textsAt(spec.accepted, 'acceptedResourceRoles');
  if (accepted.some((role) => role !== '*'))
    report(spec.at, 'with persistent volumes only ["*"] is accepted here', 'Write ["*"], or leave it out.');
  const role = textAt(spec.job, 'role') ?? settings['mesosRole'];
  if (role === '*')
    report(
      textAt(spec.job, 'role') === undefined ? '' : '/role',
      'a job with persistent volumes can not have the role "*"',
      'Give it a role that resources can be reserved for.',
    );
}

function roleProblem(role: string): string | undefined {
  if (role === '' || role === '.' || role === '..') return 'it is empty or a dot';
  if (role.startsWith('-')) return 'it begins with "-"';
  return /[\t-\r /\x7f]/.test(role) ? 'it holds a space or a slash' : undefined;
}

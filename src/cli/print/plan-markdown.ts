import type { Change } from '../../domain/plan/plan.js';
import type { GateDecision } from '../../domain/plan/policy.js';
import { placeText } from '../../domain/source/diagnostic.js';
import { short } from '../../domain/source/revision.js';
import type { Planned } from '../planned.js';
import { code, diffBlock, htmlCode } from './markdown.js';
import { planSummary } from './plan.js';

export interface MarkdownOptions {
  /** Characters that the page may have. */
  limit: number;
  /** What the page begins with. */
  marker: string;
}

/** Fields and findings shown of one thing; the rest is counted. */
const MOST_FIELDS = 40;
const MOST_FINDINGS = 20;
const MOST_GATES = 20;
const MOST_VALUE = 400;
/** Kept free for what is said of what was left out. */
const NOTE = 400;

/**
 * A plan as a page for a merge request: what is done, what holds it and what opens that, and the fields of each change,
 * folded. Every word that comes from a manifest, a scheduler or a person stands as code: it can't mention anybody, link or
 * become a part of the page's own form. What does not fit is counted.
 */
export function planMarkdown(planned: Planned, { limit, marker }: MarkdownOptions): string {
  const { plan } = planned;
  const changes = plan.changes.filter(({ action, unresolved }) => action !== 'none' || unresolved);
  const lines = [
    marker,
    `### Plan for ${code(plan.environment)}`,
    '',
    changes.length === 0
      ? `**Nothing to do**: all jobs are as in Git at ${code(short(plan.revision))}.`
      : `**${planSummary(plan)}** at ${code(short(plan.revision))}, plan ${code(plan.id)}`,
    ...troubles(planned),
    ...gates(plan.decisions, plan.id, plan.environment),
  ];
  // Half a pair of a character that was cut is no text.
  return withChanges(`${lines.join('\n')}\n`, changes, limit).replace(/\p{Surrogate}/gu, '�');
}

/** Whole changes while they fit, then those without their fields, then their number. */
function withChanges(head: string, changes: readonly Change[], limit: number): string {
  let page = head;
  let [shortened, omitted] = [0, 0];
  for (const change of changes) {
    const fits = (text: string): boolean => page.length + text.length <= limit - NOTE;
    const [whole, line] = [section(change, true), section(change, false)];
    if (omitted === 0 && shortened === 0 && fits(whole)) page += whole;
    else if (omitted === 0 && fits(line)) {
      page += line;
      shortened += 1;
    } else omitted += 1;
  }
  if (shortened + omitted === 0) return page;
  const cut = [
    ...(shortened === 0 ? [] : [`${shortened} changes are shown without their fields`]),
    ...(omitted === 0 ? [] : [`${omitted} are not shown`]),
  ].join(', ');
  return `${page}\n*A comment has no room for all of it: ${cut}. The log of the build has the whole plan.*\n`;
}

function section(change: Change, whole: boolean): string {
  const { action, wanted, ref, reason, effect, fields, desired } = change;
  const what = action === 'blocked' && wanted !== undefined ? `blocked (${wanted})` : action;
  const title = `${what} ${htmlCode(ref)}`;
  if (!whole) return `\n- ${what} ${code(ref)}\n`;
  const why = [reason, effect]
    .filter((text) => text !== undefined && text !== '')
    .map((text) => code(text ?? ''));
  const file = desired === undefined ? [] : [`in ${code(desired.source.file)}`];
  const rest = fields.length - MOST_FIELDS;
  return [
    '',
    `<details><summary>${title}</summary>`,
    '',
    [...why, ...file].join(', '),
    ...(fields.length === 0 ? [] : ['', diffBlock(fields.slice(0, MOST_FIELDS).flatMap(fieldLines))]),
    ...(rest > 0 ? ['', `and ${rest} more fields`] : []),
    '',
    '</details>',
    '',
  ].join('\n');
}

function fieldLines({ pointer, before, after, by }: Change['fields'][number]): string[] {
  const who = by === 'hand' ? ' (changed by hand)' : by === 'both' ? ' (changed in Git and by hand)' : '';
  return [
    `  ${pointer || '/'}${who}`,
    ...(before === undefined ? [] : [`- ${valueText(before)}`]),
    ...(after === undefined ? [] : [`+ ${valueText(after)}`]),
  ];
}

function valueText(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > MOST_VALUE ? `${text.slice(0, MOST_VALUE)}…` : text;
}

function troubles({ diagnostics, unreadable }: Planned): string[] {
  if (diagnostics.length === 0 && unreadable.length === 0) return [];
  const rest = diagnostics.length - MOST_FINDINGS;
  return [
    '',
    ...unreadable.map((text) => `- could not be read: ${code(text)}`),
    ...diagnostics
      .slice(0, MOST_FINDINGS)
      .map(({ severity, place, message }) => `- ${severity} at ${code(placeText(place))}: ${code(message)}`),
    ...(rest > 0 ? [`- and ${rest} more findings`] : []),
  ];
}

function gates(decisions: readonly GateDecision[], plan: string, environment: string): string[] {
  if (decisions.length === 0) return [];
  const rest = decisions.length - MOST_GATES;
  return [
    '',
    ...decisions.slice(0, MOST_GATES).map((decision) => {
      const { gate, name, verdict, refs, reason, opensAt } = decision;
      const jobs = `${refs.length} ${refs.length === 1 ? 'job' : 'jobs'}`;
      const opens = opensAt === undefined ? '' : `; opens by itself ${code(opensAt)}`;
      const how = verdict === 'held' ? opener(decision, plan, environment) : undefined;
      const todo = how === undefined ? '' : `; opened by ${code(how)}`;
      return `- **${verdict}** by ${gate} ${code(name)}, ${jobs}: ${code(reason)}${opens}${todo}`;
    }),
    ...(rest > 0 ? [`- and ${rest} more decisions of gates`] : []),
  ];
}

/** The command that opens a gate which holds; a freeze opens by the clock. */
function opener({ gate, name }: GateDecision, plan: string, environment: string): string | undefined {
  const where = `--env ${environment}`;
  if (gate === 'approval' || gate === 'radius' || gate === 'prune') return `towline approve ${plan} ${where}`;
  if (gate === 'pause') return `towline resume ${name === '*' ? '' : `${name} `}${where}`;
  if (gate === 'veto') return `towline lift ${name} ${where}`;
  return undefined;
}

import { counted } from '../../source/one-line.js';
import type { Change } from '../plan.js';
import type { Approval, ApprovalRule, GateDecision } from '../policy.js';
import { aboutJobs, refsOf, type Asking } from './sent.js';

/** What counts, and what does not, of the approvals of a plan. */
export interface Answer {
  enough: boolean;
  /** Distinct people. */
  by: string[];
  /** `ann@example.org wrote one of the commits`. */
  refused: string[];
}

type Demand = Pick<ApprovalRule, 'required' | 'from' | 'signed' | 'authorMayApprove'>;

/** Where no rule says who may let more pass than a budget allows. */
const ANYBODY: Demand = { required: 1, from: [], signed: false, authorMayApprove: true };

/** The rules that the plan needs the approval of people by. */
export function approvals(sent: readonly Change[], asking: Asking): GateDecision[] {
  return asking.policy.approvals.flatMap((rule): GateDecision[] => {
    const concerned = concernedBy(rule, sent);
    if (concerned.length === 0) return [];
    const answer = answerTo(rule, asking);
    return [
      {
        gate: 'approval',
        name: rule.name,
        verdict: answer.enough ? 'passed' : 'held',
        refs: refsOf(concerned),
        reason: answer.enough ? approvedText(answer, asking) : neededText(rule, answer, asking),
      },
    ];
  });
}

/** The changes for which a rule asks; none where it does not apply to the plan. */
function concernedBy({ jobs, actions, minChanges }: ApprovalRule, sent: readonly Change[]): Change[] {
  const isAbout = aboutJobs(jobs);
  const concerned = sent.filter(
    (change) => isAbout(change) && (actions.length === 0 || actions.includes(change.action)),
  );
  return concerned.length < minChanges ? [] : concerned;
}

/** What people have to agree to where a budget is exceeded: the strictest rule that there is. */
export function strictest(rules: readonly ApprovalRule[]): Demand {
  const [first] = [...rules].sort(
    (a, b) =>
      b.required - a.required ||
      Number(b.signed) - Number(a.signed) ||
      Number(a.authorMayApprove) - Number(b.authorMayApprove) ||
      breadth(a) - breadth(b),
  );
  return first ?? ANYBODY;
}

function breadth({ from }: Demand): number {
  return from.length === 0 ? Infinity : from.length;
}

/** Of the approvals of exactly this plan: who of them counts for a demand. */
export function answerTo(demand: Demand, { input: { facts }, digest }: Asking): Answer {
  const may = new Set(demand.from.map(personOf));
  const authors = new Set(facts.authors.map(personOf));
  const by = new Map<string, string>();
  const refused = new Map<string, string>();
  for (const approval of facts.approvals) {
    if (approval.plan !== digest) continue;
    const person = personOf(approval.by);
    const why = refusal(approval, person, { demand, may, authors });
    if (why === undefined) by.set(person, by.get(person) ?? approval.by);
    else refused.set(person, `${approval.by} ${why}`);
  }
  return {
    enough: by.size >= demand.required,
    by: [...by.values()].sort(),
    refused: [...refused].flatMap(([person, text]) => (by.has(person) ? [] : [text])).sort(),
  };
}

function refusal(
  { signed }: Approval,
  person: string,
  { demand, may, authors }: { demand: Demand; may: ReadonlySet<string>; authors: ReadonlySet<string> },
): string | undefined {
  if (demand.signed && !signed) return 'has not signed';
  if (may.size > 0 && !may.has(person)) return 'is none of those who may';
  if (!demand.authorMayApprove && authors.has(person)) return 'wrote one of the commits';
  return undefined;
}

/** `Ann <Ann@Example.org>` and `ann@example.org` are one person. */
function personOf(text: string): string {
  const address = /<([^<>]*)>\s*$/.exec(text)?.[1];
  return (address ?? text).trim().toLowerCase();
}

export function approvedText({ by }: Answer, { id }: Asking): string {
  return `plan ${id} is approved by ${by.join(', ')}`;
}

/** `needs 2 approvals of plan 1a2b3c4d5e6f by ann@x, bob@y; has 1 (ann@x): towline approve 1a2b3c4d5e6f`. */
export function neededText(demand: Demand, { by, refused }: Answer, { id }: Asking): string {
  const whose = demand.from.length === 0 ? '' : ` by ${demand.from.join(', ')}`;
  const has = by.length === 0 ? 'none' : `${by.length} (${by.join(', ')})`;
  const not = refused.length === 0 ? '' : `; ${refused.join(', ')}`;
  const signed = demand.signed ? 'signed ' : '';
  return `needs ${counted(demand.required, `${signed}approval`)} of plan ${id}${whose}; has ${has}${not}: towline approve ${id}`;
}

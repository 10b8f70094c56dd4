import type { GateDecision, Veto } from '../plan/policy.js';
import { counted, oneLine } from '../source/one-line.js';
import { short, type Revision } from '../source/revision.js';
import type { Appended } from './appended.js';
import { vetoKey } from './gate-orders.js';
import type { LedgerEntry, LedgerState, MirrorEntry } from './ledger-entry.js';
import type { Order, OrderEntry } from './orders.js';
import type { Outcome } from './outcome.js';

/** The commit message of an entry: a subject and a line for each job for people, trailers for tools. */
export function entryMessage(entry: Appended): string {
  if (entry.phase === 'order') return orderMessage(entry);
  if (entry.phase === 'mirror') return mirrorMessage(entry);
  const lines = [subjectOf(entry), ''];
  for (const { ref, action, state, message } of entry.outcomes)
    lines.push(`${lineOf(ref)}: ${action} ${state}. ${lineOf(message)}`);
  if (entry.phase === 'intent')
    for (const { ref, action } of entry.state.intents) lines.push(`${lineOf(ref)}: ${action} announced`);
  for (const { gate, name, verdict, reason } of entry.decisions)
    lines.push(`${verdict} by ${gate} ${lineOf(name)}: ${lineOf(reason)}`);
  lines.push('', ...trailersOf(entry));
  return `${lines.join('\n')}\n`;
}

/** `Pause marathon:/shop/web of production`, with who and why. */
function orderMessage({ environment, order, state }: OrderEntry): string {
  const { verb, refs, by, reason, args, plan, vetoes = [], until } = order;
  const optional = (key: string, value: string | undefined): [string, string][] =>
    value === undefined ? [] : [[key, value]];
  const lines = [
    lineOf(orderSubject(environment, order)),
    '',
    ...(reason === undefined ? [] : [lineOf(reason), '']),
    ...trailerLines([
      ['Towline-Environment', environment],
      ['Towline-Phase', 'order'],
      ...sequenceOf(state),
      ['Towline-Order', verb],
      ['Towline-Revision', state.revision],
      ['Towline-By', by],
      ...refs.map((ref): [string, string] => ['Towline-Job', `${ref} ${verb} ordered`]),
      ...optional('Towline-Approves', plan),
      ...vetoes.map((veto): [string, string] => ['Towline-Veto', vetoKey(veto)]),
      ...optional('Towline-Until', until),
      ...optional('Towline-Arguments', args),
      ...optional('Towline-Reason', reason),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

/** `Veto release shop/web:1.1.0 in production`. */
function orderSubject(environment: string, { verb, refs, plan = '', vetoes = [], until }: Order): string {
  switch (verb) {
    case 'approve':
      return `Approve plan ${plan.replace(/^sha256:/, '').slice(0, 12)} of ${environment}`;
    case 'veto':
      return `Veto ${vetoesText(vetoes)} in ${environment}`;
    case 'lift':
      return `Lift the veto of ${vetoesText(vetoes)} in ${environment}`;
    case 'break-glass':
      return `Break the glass of ${environment} until ${until ?? ''}`;
    case 'seal':
      return `Seal ${environment} again`;
    default: {
      const what = refs.length === 0 ? environment : `${refs.join(', ')} of ${environment}`;
      const end = until === undefined ? '' : ` until ${until}`;
      return `${verb[0]?.toUpperCase() ?? ''}${verb.slice(1)} ${what}${end}`;
    }
  }
}

/** The first of them, and how many there are: the trailers name all. */
function vetoesText(vetoes: readonly Veto[]): string {
  const [first] = vetoes;
  if (first === undefined) return 'nothing';
  const { kind, name } = first;
  const more = vetoes.length - 1;
  return `${kind} ${kind === 'revision' ? short(name) : name}${more === 0 ? '' : ` and ${more} more`}`;
}

/** `Mirror production at 1234567890: 3 written`. */
function mirrorMessage(entry: MirrorEntry): string {
  const { environment, trigger, actor, written, deleted, repaired, record, state } = entry;
  const did = [
    [written, 'written'],
    [deleted, 'deleted'],
    [repaired, 'repaired'],
  ].flatMap(([n, word]) => (n === 0 ? [] : [`${n} ${word}`]));
  const lines = [
    `Mirror ${lineOf(environment)} at ${short(record.revision)}: ${did.length === 0 ? 'as it was' : did.join(', ')}`,
    '',
    ...trailerLines([
      ['Towline-Environment', environment],
      ['Towline-Phase', 'mirror'],
      ...sequenceOf(state),
      ['Towline-Pass', record.pass],
      ['Towline-Revision', record.revision],
      ...treeTrailers(record.trees),
      ['Towline-Mirror-Index', String(record.index)],
      ['Towline-Trigger', trigger],
      ['Towline-Actor', actor],
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

/** What a subject is made of. */
export interface SubjectFacts {
  phase: LedgerEntry['phase'];
  environment: string;
  revision: Revision;
  outcomes: readonly { state: string }[];
  state: { intents: readonly unknown[] };
}

/** `Deploy 2 changes of production at 1234567890: 1 applied, 1 failed`. */
export function subjectOf({ phase, environment, revision, outcomes, state }: SubjectFacts): string {
  if (phase === 'intent')
    return `Begin ${counted(state.intents.length, 'change')} of ${environment} at ${short(revision)}`;
  const states = [...new Set(outcomes.map((o) => o.state))].sort();
  const ends = states.map((s) => `${outcomes.filter((o) => o.state === s).length} ${s}`).join(', ');
  return `Deploy ${counted(outcomes.length, 'change')} of ${environment} at ${short(revision)}${ends === '' ? '' : `: ${ends}`}`;
}

function trailersOf(entry: LedgerEntry): string[] {
  const { environment, phase, pass, planDigest, revision, trees, trigger, actor, outcomes, state } = entry;
  const { mirrorIndex, plan, decisions, flags = [] } = entry;
  const jobs =
    phase === 'intent'
      ? state.intents.map((i) => `${i.ref} ${i.action} announced`)
      : outcomes.map(outcomeText);
  return trailerLines([
    ['Towline-Environment', environment],
    ['Towline-Phase', phase],
    ...sequenceOf(state),
    ['Towline-Pass', pass],
    ['Towline-Plan', planDigest],
    ...(plan === undefined ? [] : ([['Towline-Input', plan.inputDigest]] as [string, string][])),
    ['Towline-Revision', revision],
    ...treeTrailers(trees),
    ...(mirrorIndex === undefined
      ? []
      : ([['Towline-Mirror-Index', String(mirrorIndex)]] as [string, string][])),
    ['Towline-Trigger', trigger],
    ['Towline-Actor', actor],
    ...flags.map((flag): [string, string] => ['Towline-Flag', flag]),
    ...(entry.late === true ? ([['Towline-Late', 'true']] as [string, string][]) : []),
    ...decisions.map((decision): [string, string] => ['Towline-Gate', decisionText(decision)]),
    ...(phase === 'outcome' ? ([['Towline-Outcome', overall(outcomes)]] as [string, string][]) : []),
    ...jobs.map((job): [string, string] => ['Towline-Job', job]),
  ]);
}

/** `marathon:/shop/web update applied http=200 deployment=… version=… from=… to=…`: the first three words are always there. */
export function outcomeText(
  outcome: Pick<Outcome, 'ref' | 'action' | 'state' | 'httpStatus' | 'deploymentId' | 'version'> &
    Partial<Pick<Outcome, 'startedAt' | 'endedAt'>>,
): string {
  const { ref, action, state, httpStatus, deploymentId, version, startedAt, endedAt } = outcome;
  const facts = {
    http: httpStatus,
    deployment: deploymentId,
    version,
    from: startedAt,
    to: endedAt,
  };
  const more = Object.entries(facts).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [`${name}=${String(value).replace(/\s+/g, '_')}`],
  );
  return [ref, action, state, ...more].join(' ');
}

/** `held freeze weekend (3 jobs): until Monday`. */
function decisionText({ verdict, gate, name, refs, reason }: GateDecision): string {
  return `${verdict} ${gate} ${oneLine(name).replace(/\s+/g, '-')} (${counted(refs.length, 'job')}): ${reason}`;
}

function sequenceOf({ sequence }: LedgerState): [string, string][] {
  return sequence === undefined ? [] : [['Towline-Sequence', String(sequence)]];
}

function treeTrailers(trees: LedgerState['trees']): [string, string][] {
  return trees.map(({ folder, tree }): [string, string] => ['Towline-Tree', `${tree} ${folder}`]);
}

function trailerLines(trailers: readonly (readonly [key: string, value: string])[]): string[] {
  return trailers.map(([key, value]) => `${key}: ${lineOf(value)}`);
}

/** How the pass ended as a whole. */
export function overall(
  outcomes: readonly { state: string }[],
): 'applied' | 'partial' | 'failed' | 'blocked' | 'unknown' {
  const states = new Set(outcomes.map((o) => o.state));
  if (states.size === 0 || (states.size === 1 && states.has('applied'))) return 'applied';
  if (states.has('applied')) return 'partial';
  if (states.has('unknown')) return 'unknown';
  return states.size === 1 && states.has('blocked') ? 'blocked' : 'failed';
}

/** Messages can be long; what is lost of one is in the log. */
export function lineOf(text: string): string {
  return oneLine(text).slice(0, 1000);
}

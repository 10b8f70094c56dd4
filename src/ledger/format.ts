import type { OrderEntry } from '../domain/record/orders.js';
import type { LedgerEntry, LedgerState } from '../domain/record/ledger-entry.js';
import type { Outcome } from '../domain/record/outcome.js';
import { oneLine } from '../domain/source/one-line.js';
import { isObject, sortKeys, type Json } from '../domain/source/json.js';
import { parseObjectId, parseRevision, short } from '../domain/source/revision.js';

/** Path of the state in the ledger's tree. */
export const STATE_FILE = 'state.json';
/** Path of the announcement of a pass; there is one only until its end is on record. */
export const INTENTS_FILE = 'intents.json';

/** A document of the ledger's tree: readable, and equal bytes for equal values. */
export function documentText(value: Json): string {
  return `${JSON.stringify(sortKeys(value), null, 2)}\n`;
}

/** The commit message of an entry: a subject and a line for each job for people, trailers for tools. */
export function entryMessage(entry: LedgerEntry | OrderEntry): string {
  if (entry.phase === 'order') return orderMessage(entry);
  const lines = [subjectOf(entry), ''];
  for (const { ref, action, state, message } of entry.outcomes)
    lines.push(`${lineOf(ref)}: ${action} ${state}. ${lineOf(message)}`);
  if (entry.phase === 'intent')
    for (const { ref, action } of entry.state.intents) lines.push(`${lineOf(ref)}: ${action} announced`);
  lines.push('', ...trailersOf(entry));
  return `${lines.join('\n')}\n`;
}

/** `Pause marathon:/shop/web of production`, with who and why. */
function orderMessage({ environment, order, state }: OrderEntry): string {
  const { verb, refs, by, reason, args } = order;
  const what = refs.length === 0 ? environment : `${refs.join(', ')} of ${environment}`;
  const lines = [
    `${verb[0]?.toUpperCase() ?? ''}${verb.slice(1)} ${lineOf(what)}`,
    '',
    ...(reason === undefined ? [] : [lineOf(reason), '']),
    ...trailerLines([
      ['Towline-Environment', environment],
      ['Towline-Phase', 'order'],
      ['Towline-Order', verb],
      ['Towline-Revision', state.revision],
      ['Towline-By', by],
      ...refs.map((ref): [string, string] => ['Towline-Job', `${ref} ${verb} ordered`]),
      ...(args === undefined ? [] : [['Towline-Arguments', args] as [string, string]]),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

function subjectOf({ phase, environment, revision, outcomes, state }: LedgerEntry): string {
  if (phase === 'intent')
    return `Begin ${count(state.intents.length, 'change')} of ${environment} at ${short(revision)}`;
  const states = [...new Set(outcomes.map((o) => o.state))].sort();
  const ends = states.map((s) => `${outcomes.filter((o) => o.state === s).length} ${s}`).join(', ');
  return `Deploy ${count(outcomes.length, 'change')} of ${environment} at ${short(revision)}${ends === '' ? '' : `: ${ends}`}`;
}

function trailersOf(entry: LedgerEntry): string[] {
  const { environment, phase, pass, planId, revision, trees, trigger, outcomes, state } = entry;
  const jobs =
    phase === 'intent'
      ? state.intents.map((i) => `${i.ref} ${i.action} announced`)
      : outcomes.map((o) => `${o.ref} ${o.action} ${o.state}`);
  return trailerLines([
    ['Towline-Environment', environment],
    ['Towline-Phase', phase],
    ['Towline-Pass', pass],
    ['Towline-Plan', planId],
    ['Towline-Revision', revision],
    ...trees.map(({ folder, tree }): [string, string] => ['Towline-Tree', `${tree} ${folder}`]),
    ['Towline-Trigger', trigger],
    ...(phase === 'outcome' ? ([['Towline-Outcome', overall(outcomes)]] as [string, string][]) : []),
    ...jobs.map((job): [string, string] => ['Towline-Job', job]),
  ]);
}

function trailerLines(trailers: readonly (readonly [key: string, value: string])[]): string[] {
  return trailers.map(([key, value]) => `${key}: ${lineOf(value)}`);
}

/** How the pass ended as a whole. */
export function overall(
  outcomes: readonly Outcome[],
): 'applied' | 'partial' | 'failed' | 'blocked' | 'unknown' {
  const states = new Set(outcomes.map((o) => o.state));
  if (states.size === 0 || (states.size === 1 && states.has('applied'))) return 'applied';
  if (states.has('applied')) return 'partial';
  if (states.has('unknown')) return 'unknown';
  return states.size === 1 && states.has('blocked') ? 'blocked' : 'failed';
}

/** Messages can be long; what is lost of one is in the log. */
function lineOf(text: string): string {
  return oneLine(text).slice(0, 1000);
}

/** What a pass announces before its first call. */
export function intentsOf({ revision, trees, pass, intents }: LedgerState): Json {
  return { revision, trees, pass, intents } as unknown as Json;
}

/** The state of a ledger from its two files: how the last pass ended, and what the one after it has announced. */
export function parseLedger(
  environment: string,
  state: string | undefined,
  intents: string | undefined,
): { state: LedgerState } | { reason: string } {
  if (intents === undefined)
    return state === undefined
      ? { reason: `${STATE_FILE} is not there` }
      : within(STATE_FILE, parseState(state));
  // Nothing has ended yet where there is only an announcement.
  const before = state === undefined ? { version: 1, environment, jobs: {} } : jsonOf(state);
  const announced = jsonOf(intents);
  if (!isObject(before)) return { reason: `${STATE_FILE} is not a JSON object` };
  if (!isObject(announced)) return { reason: `${INTENTS_FILE} is not a JSON object` };
  const { revision, trees, pass, intents: list } = announced;
  const named = {
    revision: revision ?? null,
    trees: trees ?? null,
    pass: pass ?? null,
    intents: list ?? null,
  };
  return within(`${STATE_FILE} with ${INTENTS_FILE}`, parseStateOf({ ...before, ...named }));
}

function within<T>(file: string, parsed: T | { reason: string }): T | { reason: string } {
  return typeof parsed === 'object' && parsed !== null && 'reason' in parsed
    ? { reason: `${file}: ${parsed.reason}` }
    : parsed;
}

function jsonOf(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** `state.json` read back. The ledger is a branch that people can push to: it is checked like any input. */
export function parseState(text: string): { state: LedgerState } | { reason: string } {
  const value = jsonOf(text);
  return value === undefined ? { reason: 'it is not valid JSON' } : parseStateOf(value);
}

function parseStateOf(value: Json): { state: LedgerState } | { reason: string } {
  if (!isObject(value)) return { reason: 'it is not a JSON object' };
  const { version, environment, revision, trees, pass, jobs, intents } = value;
  if (version !== 1) return { reason: `its version is ${JSON.stringify(version)}, expected 1` };
  if (typeof environment !== 'string' || typeof pass !== 'string')
    return { reason: 'it names no environment or no pass' };
  if (typeof revision !== 'string' || parseRevision(revision) === undefined)
    return { reason: 'its revision is not a full commit id' };
  if (!Array.isArray(trees) || trees.length === 0 || !trees.every(isLayerTree))
    return { reason: 'one of its trees is not complete' };
  if (!isObject(jobs) || !Object.values(jobs).every(isLedgerJob))
    return { reason: 'one of its jobs is not complete' };
  if (!Array.isArray(intents) || !intents.every(isIntent))
    return { reason: 'one of its intents is not complete' };
  const asked = [value['paused'], value['restarts'], value['runs']].flatMap((all) =>
    all === undefined ? [] : [all],
  );
  if (!asked.every((all) => isObject(all) && Object.values(all).every(isAsked)))
    return { reason: 'one of its orders is not complete' };
  return { state: value as unknown as LedgerState };
}

function isLayerTree(value: Json): boolean {
  return (
    isObject(value) &&
    typeof value['folder'] === 'string' &&
    typeof value['tree'] === 'string' &&
    parseObjectId(value['tree']) !== undefined
  );
}

function isLedgerJob(value: Json): boolean {
  if (!isObject(value)) return false;
  const required = ['scheduler', 'kind', 'id', 'revision', 'outcome', 'message', 'at'];
  const optional = ['file', 'version', 'deploymentId', 'failedDigest'];
  return (
    required.every((k) => typeof value[k] === 'string') &&
    optional.every((k) => value[k] === undefined || typeof value[k] === 'string')
  );
}

function isIntent(value: Json): boolean {
  return (
    isObject(value) &&
    ['ref', 'scheduler', 'kind', 'id', 'action'].every((k) => typeof value[k] === 'string') &&
    ['desiredDigest', 'liveVersion'].every((k) => value[k] === undefined || typeof value[k] === 'string')
  );
}

function isAsked(value: Json): boolean {
  return (
    isObject(value) &&
    typeof value['by'] === 'string' &&
    typeof value['at'] === 'string' &&
    (value['reason'] === undefined || typeof value['reason'] === 'string')
  );
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

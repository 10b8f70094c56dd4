import { isObject, sortKeys, type Json, type JsonObject } from '../source/json.js';
import { parseObjectId, parseRevision } from '../source/revision.js';
import { PLAN_FILE, type LedgerState } from './ledger-entry.js';

/** Path of the state in the ledger's tree. */
export const STATE_FILE = 'state.json';
/** Path of the announcement of a pass; there is one only until its end is on record. */
export const INTENTS_FILE = 'intents.json';
/** Path of what the mirror wrote last. */
export const MIRROR_FILE = 'mirror.json';
export { PLAN_FILE };

/** A document of the ledger's tree: readable, and equal bytes for equal values. */
export function documentText(value: Json): string {
  return `${JSON.stringify(sortKeys(value), null, 2)}\n`;
}

/** Texts of single jobs as they stand in the state: they are replaced, never changed, and most stay the same from entry to entry. */
const JOB_TEXTS = new WeakMap<object, string>();

/** `documentText(stateOf(state))`, where only what is new of ten thousand jobs is made into text again. */
export function stateText(state: LedgerState): string {
  const { jobs, ...rest } = stateOf(state) as JsonObject & { jobs: JsonObject };
  const members = Object.keys(jobs)
    .sort()
    .map((ref) => `    ${JSON.stringify(ref)}: ${jobText(jobs[ref] ?? null)}`);
  // The place of the jobs among the other members is that of the alphabet, which an empty list keeps.
  const text = documentText({ ...rest, jobs: {} });
  if (members.length === 0) return text;
  const mark = '\n  "jobs": {}';
  const at = text.indexOf(mark) + mark.length - 1;
  return `${text.slice(0, at)}\n${members.join(',\n')}\n  ${text.slice(at)}`;
}

function jobText(job: Json): string {
  if (!isObject(job)) return JSON.stringify(job);
  const known = JOB_TEXTS.get(job);
  if (known !== undefined) return known;
  const text = JSON.stringify(sortKeys(job), null, 2).replaceAll('\n', '\n    ');
  JOB_TEXTS.set(job, text);
  return text;
}

/** What a pass announces before its first call. */
export function intentsOf({ sequence, revision, trees, pass, intents }: LedgerState): Json {
  return { sequence, revision, trees, pass, intents } as unknown as Json;
}

/** What the mirror did last, in a file of its own for the same reason. */
export function mirrorOf({ sequence, mirror }: LedgerState): Json {
  return { sequence, ...mirror } as unknown as Json;
}

/** How the last pass ended, and all that people have said. */
export function stateOf({ mirror: _mirror, ...state }: LedgerState): Json {
  return state as unknown as Json;
}

/** The texts of the files of the ledger's tree that a state is made of. */
export interface StateTexts {
  state: string | undefined;
  intents: string | undefined;
  mirror: string | undefined;
  /** How a text is read, where somebody keeps what was read before. */
  parse?: (text: string) => Json | undefined;
}

/** The state of a ledger: how the last pass ended, what the one after it has announced, and what the mirror holds. */
export function parseLedger(
  environment: string,
  { state, intents, mirror, parse = parseJson }: StateTexts,
): { state: LedgerState } | { reason: string } {
  const read = (text: string | undefined): Json | undefined =>
    text === undefined ? undefined : (parse(text) ?? null);
  return parseLedgerValues(environment, { state: read(state), intents: read(intents), mirror: read(mirror) });
}

/** The same of what was read from the three files; undefined: it is not there, null: it is no JSON. */
export function parseLedgerValues(
  environment: string,
  { state, intents, mirror }: Record<'state' | 'intents' | 'mirror', Json | undefined>,
): { state: LedgerState } | { reason: string } {
  if (state === undefined && intents === undefined && mirror === undefined)
    return { reason: `${STATE_FILE} is not there` };
  const read: [name: string, value: Json | undefined][] = [
    [STATE_FILE, state],
    [INTENTS_FILE, intents],
    [MIRROR_FILE, mirror],
  ];
  const objects: (JsonObject | undefined)[] = [];
  for (const [name, value] of read) {
    if (value !== undefined && !isObject(value)) return { reason: `${name} is not a JSON object` };
    objects.push(value);
  }
  const [ended, announced, mirrored] = objects;
  const merged: JsonObject = {
    // Nothing has ended yet where there is only an announcement, or only a mirror.
    ...(ended ?? { version: 1, environment, jobs: {}, intents: [], pass: '' }),
    ...(ended !== undefined || mirrored === undefined ? {} : named(mirrored, ['revision', 'trees'])),
    ...(announced === undefined ? {} : named(announced, ['revision', 'trees', 'pass', 'intents'])),
    // Whichever of them was written last.
    ...latestOf(objects),
    ...(mirrored === undefined
      ? {}
      : { mirror: named(mirrored, ['revision', 'trees', 'index', 'pass', 'at']) }),
  };
  const parsed = parseStateOf(merged);
  const files = read.flatMap(([name, value]) => (value === undefined ? [] : [name])).join(' with ');
  return 'reason' in parsed ? { reason: `${files}: ${parsed.reason}` } : parsed;
}

function named(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, object[name] ?? null]));
}

function latestOf(objects: readonly (JsonObject | undefined)[]): { sequence?: number } {
  const known = objects.map((each) => each?.['sequence']).filter((each) => typeof each === 'number');
  return known.length === 0 ? {} : { sequence: Math.max(...known) };
}

/** Undefined for what is no JSON. */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** `state.json` read back. The ledger is a branch that people can push to: it is checked like any input. */
export function parseState(text: string): { state: LedgerState } | { reason: string } {
  const value = parseJson(text);
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
  const problem = gatesProblem(value) ?? mirrorProblem(value['mirror'], value['sequence']);
  if (problem !== undefined) return { reason: problem };
  return { state: value as unknown as LedgerState };
}

function gatesProblem({ approvals, vetoes, breakGlass }: JsonObject): string | undefined {
  const approvalsHold =
    approvals === undefined ||
    (Array.isArray(approvals) &&
      approvals.every((each) => isAsked(each) && isObject(each) && typeof each['plan'] === 'string'));
  if (!approvalsHold) return 'one of its approvals is not complete';
  const isVeto = (each: Json): boolean =>
    isAsked(each) &&
    isObject(each) &&
    ['revision', 'release', 'job'].includes(String(each['kind'])) &&
    typeof each['name'] === 'string' &&
    Array.isArray(each['digests']) &&
    each['digests'].every((id) => typeof id === 'string');
  if (vetoes !== undefined && !(isObject(vetoes) && Object.values(vetoes).every(isVeto)))
    return 'one of its vetoes is not complete';
  const glass = breakGlass;
  const glassHolds =
    glass === undefined ||
    (isAsked(glass) &&
      isObject(glass) &&
      ['until', 'reason'].every((name) => typeof glass[name] === 'string'));
  return glassHolds ? undefined : 'its breaking of the glass is not complete';
}

function mirrorProblem(mirror: Json | undefined, sequence: Json | undefined): string | undefined {
  if (sequence !== undefined && !(typeof sequence === 'number' && Number.isSafeInteger(sequence)))
    return 'its sequence is no number';
  if (mirror === undefined) return undefined;
  const holds =
    isObject(mirror) &&
    ['revision', 'pass', 'at'].every((name) => typeof mirror[name] === 'string') &&
    parseRevision(String(mirror['revision'])) !== undefined &&
    typeof mirror['index'] === 'number' &&
    Array.isArray(mirror['trees']) &&
    mirror['trees'].every(isLayerTree);
  return holds ? undefined : 'what it says of the mirror is not complete';
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
    ['reason', 'until'].every((name) => value[name] === undefined || typeof value[name] === 'string')
  );
}

import { isObject, type Json, type JsonObject } from '../source/json.js';
import { parseRevision } from '../source/revision.js';
import { matcher } from './pattern.js';
import { actionOf, branchOf, tagOf, type PushedRef, type RefAction } from './pushed-ref.js';

/** One ref of an event. */
export interface EventRef extends PushedRef {
  action: RefAction;
  /** The commit that it names now; of an annotated tag the one below it. Absent where it is deleted. */
  commit?: string;
  /** What the ref had is not in the history of what it has now. */
  forced: boolean;
}

/** What a build system is told of a push. At least once: who must not do it twice looks at the id. */
export interface PushEvent {
  id: string;
  /** ISO 8601. */
  at: string;
  /** Name of the repository's folder, without `.git`. */
  repository: string;
  /** One, or all together where a push has very many. */
  refs: [EventRef, ...EventRef[]];
}

/** Which refs a target is told of. */
export interface EventFilter {
  /** Patterns of branches. */
  branches: readonly string[];
  /** Patterns of tags. */
  tags: readonly string[];
  /** Also of refs that are deleted. */
  deletes: boolean;
}

const TIME = /^\d{4}-\d\d-\d\dT[\d:.]{8,12}Z$/;

/** Pushes with more refs are told of in one event. */
export const MOST_EVENTS = 20;

export function isWanted({ name, action }: EventRef, { branches, tags, deletes }: EventFilter): boolean {
  if (action === 'delete' && !deletes) return false;
  const [branch, tag] = [branchOf(name), tagOf(name)];
  if (branch !== undefined) return matcher(branches)(branch);
  return tag !== undefined && matcher(tags)(tag);
}

/** The events of a push for one target: one a ref, or a single one for all where there are too many. */
export function eventsOf(
  refs: readonly EventRef[],
  filter: EventFilter,
  common: { at: string; repository: string; newId: () => string },
): PushEvent[] {
  const { newId, ...rest } = common;
  const wanted = refs.filter((ref) => isWanted(ref, filter));
  const [first, ...others] = wanted;
  if (first === undefined) return [];
  if (wanted.length > MOST_EVENTS) return [{ id: newId(), ...rest, refs: [first, ...others] }];
  return wanted.map((ref) => ({ id: newId(), ...rest, refs: [ref] }));
}

export function eventRef(ref: PushedRef, more: { commit?: string; forced: boolean }): EventRef {
  return { ...ref, action: actionOf(ref), ...more };
}

/** An event of a file, or undefined for what is none. */
export function parsePushEvent(value: Json): PushEvent | undefined {
  if (!isObject(value)) return undefined;
  const { id, at, repository, refs } = value;
  if (typeof id !== 'string' || typeof at !== 'string' || typeof repository !== 'string') return undefined;
  if (!/^[\w-]{8,64}$/.test(id) || !TIME.test(at) || !Array.isArray(refs)) return undefined;
  const read = refs.map((ref) => (isObject(ref) ? parseRef(ref) : undefined));
  const [first, ...others] = read.filter((ref) => ref !== undefined);
  if (first === undefined || others.length + 1 !== refs.length) return undefined;
  return { id, at, repository, refs: [first, ...others] };
}

function parseRef({ from, to, name, commit, forced }: JsonObject): EventRef | undefined {
  if (typeof from !== 'string' || typeof to !== 'string' || typeof name !== 'string') return undefined;
  if (parseRevision(from) === undefined || parseRevision(to) === undefined) return undefined;
  if (commit !== undefined && (typeof commit !== 'string' || parseRevision(commit) === undefined))
    return undefined;
  const more = { forced: forced === true, ...(commit === undefined ? {} : { commit }) };
  return eventRef({ from, to, name }, more);
}

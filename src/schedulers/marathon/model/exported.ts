import { isObject, type Json, type JsonObject } from '../../../domain/source/json.js';
import type { JobKind } from '../../../domain/job/job.js';
import { compare } from './compare.js';
import { ownLabels } from './normalise/values.js';
import { SERVER_FIELDS } from './server-form.js';

/**
 * A live definition as a person would have written it: without what only a server writes, and without every default. A
 * field is left out where the manifest without it is the same to Marathon, so the result plans nothing, by construction.
 * Ports stay as they are: others may rely on the numbers.
 */
export function exported(live: { kind: JobKind; spec: JsonObject }): JsonObject {
  const { kind, spec } = live;
  const own = Object.fromEntries(
    Object.entries(spec).filter(
      ([name, value]) => !SERVER_FIELDS.has(name) && name !== 'residency' && value !== null,
    ),
  );
  const labelled: JsonObject = isObject(own['labels']) ? { ...own, labels: ownLabels(own['labels']) } : own;
  const isSame = (candidate: JsonObject): boolean =>
    compare({ kind, spec: candidate }, live, { settings: {} }).action === 'none';
  let result = labelled;
  const tryWith = (candidate: JsonObject): boolean => {
    if (!isSame(candidate)) return false;
    result = candidate;
    return true;
  };
  for (const path of membersOf(labelled)) tryWith(without(result, path));
  // What it is about comes first.
  const { id, ...rest } = result;
  return id === undefined ? rest : { id, ...rest };
}

/** Never left out: what names a job, numbers that somebody else may know, and a container, without which ports are others. */
const KEPT =
  /^(id|name|container|port|ports|servicePort|hostPort|containerPort|portIndex|portDefinitions|portMappings|endpoints|cmd|args|image)$/;
/** Whole or not at all: their members need each other. */
const WHOLE = new Set([
  'upgradeStrategy',
  'unreachableStrategy',
  'upgrade',
  'backoff',
  'command',
  'exec',
  'scaling',
]);

type Path = readonly (string | number)[];

/** Every member of the document that may be left out, the outer ones first. */
function membersOf(value: Json, at: Path = []): Path[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => membersOf(item, [...at, index]));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const here: Path = [...at, name];
    const own = KEPT.test(name) ? [] : [here];
    return WHOLE.has(name) ? own : [...own, ...membersOf(member, here)];
  });
}

/** A copy without the member at a path; the same where it is gone already. */
function without(value: JsonObject, path: Path): JsonObject {
  const removed = removedFrom(value, path);
  return isObject(removed) ? removed : value;
}

function removedFrom(value: Json, [first, ...rest]: Path): Json {
  if (Array.isArray(value)) return value.map((item, at) => (at === first ? removedFrom(item, rest) : item));
  if (!isObject(value) || first === undefined || !Object.hasOwn(value, first)) return value;
  const { [String(first)]: member, ...others } = value;
  return rest.length === 0 ? others : { ...value, [String(first)]: removedFrom(member ?? null, rest) };
}

import { canonicalJson, isObject, type Json, type JsonObject } from '../../source/json.js';

/** How something was decided then and is decided now. Undefined: there was, or is, no such decision. */
export interface DecisionDiff {
  /** A change of a job, what a gate said, or a member of the plan itself. */
  about: 'change' | 'gate' | 'plan';
  /** The job's reference, the gate with its rule (`freeze weekend`), or the name of the member. */
  name: string;
  before?: JsonObject;
  now?: JsonObject;
  /** Members of the decision that are not the same. */
  members: string[];
}

/** What is decided otherwise in two plans, as they are on record. */
export function decisionDiff(before: JsonObject, now: JsonObject): DecisionDiff[] {
  const differences = [
    ...compared('change', listOf(before['changes']), listOf(now['changes']), ({ ref }) => String(ref)),
    ...compared(
      'gate',
      listOf(before['decisions']),
      listOf(now['decisions']),
      ({ gate, name }) => `${String(gate)} ${String(name)}`,
    ),
  ];
  const names = ['environment', 'revision', 'trees', 'omitted', 'digest'];
  const others = names.filter((name) => !same(before[name], now[name]));
  const rest = others.map((name): DecisionDiff => member(name, before, now));
  if (differences.length + rest.length > 0) return [...differences, ...rest];
  return [{ about: 'plan', name: 'order', members: ['order'] }];
}

function compared(
  about: DecisionDiff['about'],
  before: readonly JsonObject[],
  now: readonly JsonObject[],
  nameOf: (each: JsonObject) => string,
): DecisionDiff[] {
  const [old, made] = [before, now].map((list) => new Map(list.map((each) => [nameOf(each), each])));
  const names = [...new Set([...(old?.keys() ?? []), ...(made?.keys() ?? [])])].sort();
  return names.flatMap((name): DecisionDiff[] => {
    const [then, present] = [old?.get(name), made?.get(name)];
    if (same(then, present)) return [];
    return [
      {
        about,
        name,
        ...(then === undefined ? {} : { before: then }),
        ...(present === undefined ? {} : { now: present }),
        members: membersOf(then ?? {}, present ?? {}),
      },
    ];
  });
}

function member(name: string, before: JsonObject, now: JsonObject): DecisionDiff {
  const pick = (plan: JsonObject): JsonObject => (plan[name] === undefined ? {} : { [name]: plan[name] });
  return { about: 'plan', name, before: pick(before), now: pick(now), members: [name] };
}

function membersOf(before: JsonObject, now: JsonObject): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  return names.filter((name) => !same(before[name], now[name]));
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return canonicalJson(a) === canonicalJson(b);
}

function listOf(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

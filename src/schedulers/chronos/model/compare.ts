import type { FieldDiff, SchedulerModel } from '../../../domain/job/scheduler-model.js';
import { canonicalJson, isObject, pointer, type Json, type JsonObject } from '../../../domain/source/json.js';
import { effectOf } from './effect.js';
import { isSameSchedule } from './life.js';
import { OLD_FIELDS, OWN_FIELDS, STATE_FIELDS } from './fields.js';
import { parentsOf } from './rules.js';

/** State, what is compared in a way of its own, and what is never sent. */
const SKIPPED = new Set([...STATE_FIELDS, ...OLD_FIELDS, ...OWN_FIELDS, 'schedule', 'uris']);
/** The server fills in its own flags where these are 0 or absent; then any value is right. */
const SERVER_DEFAULTS = new Set(['cpus', 'mem', 'disk', 'runAsUser']);
/** Not every version knows them; one that does not drops them without a word. */
const VERSIONED = new Set(['taskInfoData', 'concurrent', 'maxCompletionTime', 'fetch']);

/** Compares a job of Git with the live one, whose schedule has moved on and whose defaults were filled in. */
export const compare: SchedulerModel['compare'] = (desired, live, _context, lastApplied) => {
  const fields = [
    ...scheduleDiff(desired.spec, live.spec, lastApplied),
    ...fieldDiffs(desired.spec, live.spec, lastApplied),
  ];
  if (fields.length === 0) return { fields, action: 'none' };
  return { fields, action: 'update', effect: effectOf(fields, desired.spec, live.spec, lastApplied) };
};

/** A job with defaults, sets and maps in one form, without schedule and state. */
export function normaliseJob(spec: JsonObject): JsonObject {
  const { uris, fetch, environmentVariables, parents, constraints, container } = spec;
  const legacy = list(uris).map((uri): JsonObject => ({ uri }));
  const all = [...list(fetch).filter(isObject), ...(list(fetch).length > 0 ? [] : legacy)];
  return clean({
    ...Object.fromEntries(Object.entries(spec).filter(([name]) => !SKIPPED.has(name))),
    shell: spec['shell'] ?? true,
    arguments: list(spec['arguments']),
    disabled: spec['disabled'] ?? null,
    concurrent: spec['concurrent'] ?? false,
    softError: spec['softError'] ?? false,
    highPriority: spec['highPriority'] ?? false,
    dataProcessingJobType: spec['dataProcessingJobType'] ?? false,
    retries: Number(spec['retries'] ?? 2),
    maxCompletionTime: amount(spec['maxCompletionTime']),
    cpus: amount(spec['cpus']),
    mem: amount(spec['mem']),
    disk: amount(spec['disk']),
    fetch: all.map((f) =>
      clean({ extract: true, executable: false, cache: false, ...f, output_file: f['output_file'] ?? '' }),
    ),
    environmentVariables: environment(environmentVariables),
    parents: parents === undefined ? null : [...new Set(parentsOf(spec))].sort(),
    constraints: list(constraints).map((c) => c),
    container: isObject(container) ? containerOf(container) : null,
  });
}

function containerOf(container: JsonObject): JsonObject {
  return clean({
    ...container,
    type: String(container['type'] ?? 'DOCKER').toUpperCase(),
    network: container['network'] ?? 'HOST',
    forcePullImage: container['forcePullImage'] ?? false,
    volumes: list(container['volumes']).map((v) =>
      isObject(v) ? clean({ ...v, mode: String(v['mode'] ?? 'RW').toUpperCase(), persistent: null }) : v,
    ),
    parameters: list(container['parameters']),
    networkInfos: list(container['networkInfos']).map((info) => (isObject(info) ? networkOf(info) : info)),
  });
}

/** Ports are shown as text. */
function networkOf(info: JsonObject): JsonObject {
  const mappings = list(info['portMappings']).map((mapping) =>
    isObject(mapping)
      ? Object.fromEntries(Object.entries(mapping).map(([name, port]) => [name, String(port)]))
      : mapping,
  );
  return clean({ ...info, portMappings: mappings });
}

/** Of duplicates the first wins. */
function environment(value: Json | undefined): JsonObject {
  const result: JsonObject = {};
  for (const item of list(value))
    if (isObject(item) && typeof item['name'] === 'string' && !Object.hasOwn(result, item['name']))
      result[item['name']] = item['value'] ?? '';
  return result;
}

/** Numbers may be strings; 0 stands for the server's default. */
function amount(value: Json | undefined): Json {
  const number = Number(value ?? 0);
  return Number.isFinite(number) && number !== 0 ? number : null;
}

function fieldDiffs(wanted: JsonObject, found: JsonObject, lastApplied: JsonObject | undefined): FieldDiff[] {
  const [desired, live] = [normaliseJob(wanted), normaliseJob(found)];
  for (const name of OLD_FIELDS) {
    // Only 2.x shows them, and fills them in where Git is silent.
    const [after, before] = [wanted[name], found[name]];
    if (after !== undefined && before !== undefined) [desired[name], live[name]] = [after, before];
  }
  const isExhausted = String(found['schedule'] ?? '').startsWith('R0/');
  const isAnswer = 'successCount' in found;
  const names = [...new Set([...Object.keys(desired), ...Object.keys(live)])].sort();
  return names.flatMap((name): FieldDiff[] => {
    const [after, before] = [desired[name], live[name]];
    // The switch of an operator is kept where Git does not name it; a job that has run out is off in any case.
    if (name === 'disabled' && (after === undefined || isExhausted)) return [];
    if (after === undefined && SERVER_DEFAULTS.has(name) && !wasTakenOut(name, lastApplied)) return [];
    if (VERSIONED.has(name) && isAnswer && !(name in found) && !(name === 'fetch' && 'uris' in found))
      return [];
    if (canonicalJson(after ?? null) === canonicalJson(before ?? null)) return [];
    return [
      {
        pointer: pointer(name),
        ...(before === undefined ? {} : { before }),
        ...(after === undefined ? {} : { after }),
      },
    ];
  });
}

/** True where Git stated a value at the last send, and now leaves it to the server. */
function wasTakenOut(name: string, lastApplied: JsonObject | undefined): boolean {
  const before = lastApplied?.[name];
  return before !== undefined && (name === 'runAsUser' || amount(before) !== null);
}

function scheduleDiff(
  desired: JsonObject,
  live: JsonObject,
  lastApplied: JsonObject | undefined,
): FieldDiff[] {
  const [after, before] = [desired['schedule'], live['schedule']];
  if (after === undefined && before === undefined) return [];
  const differs: FieldDiff[] = [
    {
      pointer: '/schedule',
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    },
  ];
  if (typeof after !== 'string' || typeof before !== 'string') return differs;
  return isSameSchedule(desired, live, lastApplied) ? [] : differs;
}

function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

/** Empty and absent are the same, but for runAsUser. */
function clean(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value).filter(([name, v]) => {
      if (v === null || v === undefined) return false;
      if (v === '' && name !== 'runAsUser') return false;
      if (Array.isArray(v)) return v.length > 0;
      return !(isObject(v) && Object.keys(v).length === 0);
    }),
  );
}

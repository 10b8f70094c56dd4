import type { Comparison, FieldDiff, SchedulerModel } from '../../../domain/job/scheduler-model.js';
import { canonicalJson, isObject, pointer, type Json, type JsonObject } from '../../../domain/source/json.js';
import { parentsOf, STATE_FIELDS } from './rules.js';
import { isLaterForm, parseSchedule, zoneOf } from './schedule.js';

/** Known only to 2.x, not echoed by 3.x; and what 3.x adds by itself. */
const SKIPPED = new Set([...STATE_FIELDS, 'epsilon', 'async', 'schedule', 'uris']);
/** The server fills in its own flags where these are 0 or absent; then any value is right. */
const SERVER_DEFAULTS = new Set([
  'cpus',
  'mem',
  'disk',
  'runAsUser',
  'retries',
  'taskInfoData',
  'maxCompletionTime',
]);

/** Compares a job of Git with the live one, whose schedule has moved on and whose defaults were filled in. */
export const compare: SchedulerModel['compare'] = (desired, live) => {
  const fields = [
    ...scheduleDiff(desired.spec, live.spec),
    ...fieldDiffs(normaliseJob(desired.spec), normaliseJob(live.spec)),
  ];
  if (fields.length === 0) return { fields, action: 'none' };
  return { fields, action: 'update', effect: effectOf(fields, desired.spec, live.spec) } satisfies Comparison;
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
    networkInfos: list(container['networkInfos']),
  });
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

function fieldDiffs(desired: JsonObject, live: JsonObject): FieldDiff[] {
  const names = [...new Set([...Object.keys(desired), ...Object.keys(live)])].sort();
  return names.flatMap((name): FieldDiff[] => {
    const [after, before] = [desired[name], live[name]];
    // Absent in Git: the server's own value, or an operator's switch, is kept.
    if (after === undefined && (SERVER_DEFAULTS.has(name) || name === 'disabled')) return [];
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

function scheduleDiff(desired: JsonObject, live: JsonObject): FieldDiff[] {
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
  const wanted = parseSchedule(after, zoneOf(desired));
  if ('problem' in wanted) return after === before ? [] : differs;
  const found = parseSchedule(before.replace(/^R0\//, 'R1/'), zoneOf(live));
  if ('problem' in found) return differs;
  // An exhausted job stands there as R0: it is the last form of its life and no difference.
  return isLaterForm(wanted.schedule, found.schedule) ? [] : differs;
}

function effectOf(fields: readonly FieldDiff[], desired: JsonObject, live: JsonObject): string {
  const repeats = /^R(\d+)\//;
  const [all, left] = [desired['schedule'], live['schedule']].map((s) =>
    typeof s === 'string' ? repeats.exec(s)?.[1] : undefined,
  );
  const kept =
    all !== undefined && left !== undefined && !fields.some((f) => f.pointer === '/schedule')
      ? `; ${left} of ${all} runs are left`
      : '';
  return `takes effect at the next run, running tasks go on${kept}`;
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

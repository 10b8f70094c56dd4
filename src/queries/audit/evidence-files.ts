import type { JobRef } from '../../domain/job/job-ref.js';
import type { LiveJob } from '../../domain/plan/plan.js';
import { isObject, sortKeys, type Json, type JsonObject } from '../../domain/source/json.js';
import { kvKey } from '../../domain/source/kv-layout.js';
import type { Evidence, EvidenceEntry } from './evidence.js';

/** Path of what names every value: keys of Consul need not be names of files. */
const INDEX_FILE = 'kv/index.json';
const TAKEN_FILE = 'taken.json';

const SINGLE = { ref: 'kv/.ref', changes: 'kv/.changes', anchor: 'kv/.ledger' } as const;
type Single = keyof typeof SINGLE;

/**
 * Evidence as files: `kv/` has the values as they were, each with its key, flags and index in `index.json`; `releases/`
 * the releases; `live/SCHEDULER.json` the jobs of a scheduler; `taken.json` says when, by whom and by what.
 */
export function evidenceFiles(
  evidence: Evidence,
  taken: { at: string; by: string; version: string },
): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const index: Json[] = [];
  const keep = (path: string, { key, value, flags, modifyIndex }: EvidenceEntry): void => {
    files.set(path, value);
    index.push({ path, key: String(key), flags, modifyIndex });
  };
  for (const name of Object.keys(SINGLE) as Single[]) {
    const entry = evidence[name];
    if (entry !== undefined) keep(SINGLE[name], entry);
  }
  evidence.values.forEach((entry, at) => keep(`kv/config/${at}`, entry));
  files.set(INDEX_FILE, bytesOf(index));
  const releases = evidence.releases.map(({ image, value }, at) => {
    files.set(`releases/${at}`, value);
    return { path: `releases/${at}`, image };
  });
  files.set('releases/index.json', bytesOf(releases));
  const bySchedulers = new Map<string, Json[]>();
  for (const job of evidence.live) {
    const scheduler = job.ref.slice(0, job.ref.indexOf(':'));
    bySchedulers.set(scheduler, [...(bySchedulers.get(scheduler) ?? []), job as unknown as Json]);
  }
  for (const [scheduler, jobs] of bySchedulers) files.set(`live/${scheduler}.json`, bytesOf(jobs));
  files.set(TAKEN_FILE, bytesOf({ ...taken, unreadable: Object.fromEntries(evidence.unreadable) }));
  return files;
}

/** Evidence from its files, or why it is none. A bundle comes from outside: everything is checked. */
export function parseEvidence(
  files: ReadonlyMap<string, Uint8Array>,
): { evidence: Evidence } | { reason: string } {
  const taken = jsonOf(files.get(TAKEN_FILE));
  const index = jsonOf(files.get(INDEX_FILE));
  const releases = jsonOf(files.get('releases/index.json'));
  if (!isObject(taken) || !Array.isArray(index) || !Array.isArray(releases))
    return { reason: `${TAKEN_FILE} or an index is not there` };
  const { at, by, unreadable } = taken;
  if (typeof at !== 'string' || typeof by !== 'string' || !isObject(unreadable))
    return { reason: `${TAKEN_FILE} is not complete` };
  const evidence: Evidence = {
    ref: undefined,
    changes: undefined,
    anchor: undefined,
    values: [],
    releases: [],
    live: [],
    unreadable: new Map(Object.entries(unreadable).map(([name, reason]) => [name, String(reason)])),
    taken: { at, by },
  };
  for (const line of index) {
    const entry = entryOf(line, files);
    if (entry === undefined) return { reason: `${INDEX_FILE} names a value that is not there` };
    const single = (Object.keys(SINGLE) as Single[]).find((name) => SINGLE[name] === entry.path);
    if (single === undefined) evidence.values.push(entry.entry);
    else evidence[single] = entry.entry;
  }
  for (const line of releases) {
    const value = isObject(line) && typeof line['path'] === 'string' ? files.get(line['path']) : undefined;
    if (!isObject(line) || typeof line['image'] !== 'string' || value === undefined)
      return { reason: 'releases/index.json names a release that is not there' };
    evidence.releases.push({ image: line['image'], value });
  }
  for (const [path, bytes] of files) {
    if (!/^live\/.+\.json$/.test(path)) continue;
    const jobs = jsonOf(bytes);
    if (!Array.isArray(jobs) || !jobs.every(isLiveJob)) return { reason: `${path} is not a list of jobs` };
    evidence.live.push(...jobs.map(liveJobOf));
  }
  return { evidence };
}

function entryOf(
  line: Json,
  files: ReadonlyMap<string, Uint8Array>,
): { path: string; entry: EvidenceEntry } | undefined {
  if (!isObject(line)) return undefined;
  const { path, key, flags, modifyIndex } = line;
  const value = typeof path === 'string' ? files.get(path) : undefined;
  if (typeof path !== 'string' || value === undefined || typeof key !== 'string') return undefined;
  if (typeof flags !== 'number' || typeof modifyIndex !== 'number') return undefined;
  return { path, entry: { key: kvKey(key), value, flags, modifyIndex } };
}

function isLiveJob(value: Json): value is JsonObject {
  return (
    isObject(value) &&
    ['ref', 'kind', 'id'].every((name) => typeof value[name] === 'string') &&
    isObject(value['spec'])
  );
}

function liveJobOf(value: JsonObject): LiveJob {
  const { ref, kind, id, spec, version, ownerLabel, beside, deploying } = value;
  return {
    ref: String(ref) as JobRef,
    kind: String(kind),
    id: String(id),
    spec: isObject(spec) ? spec : {},
    ...(typeof version === 'string' ? { version } : {}),
    ...(typeof ownerLabel === 'string' ? { ownerLabel } : {}),
    ...(typeof beside === 'string' ? { beside: beside as JobRef } : {}),
    ...(deploying === true ? { deploying } : {}),
  };
}

function bytesOf(value: Json): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(sortKeys(value), null, 2)}\n`);
}

function jsonOf(bytes: Uint8Array | undefined): Json | undefined {
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Json;
  } catch {
    return undefined;
  }
}

import { parseImageRef } from '../domain/job/image-ref.js';
import { jobRef, type JobRef } from '../domain/job/job-ref.js';
import type { LedgerJob } from '../domain/record/ledger-entry.js';
import { parseRelease, releaseText } from '../domain/release/parse-release.js';
import type { Release } from '../domain/release/release.js';
import type { JsonObject, Pointer } from '../domain/source/json.js';
import { valueAt } from '../domain/source/json.js';
import { kvKey, type KvLayout } from '../domain/source/kv-layout.js';
import type { CommitInfo, JobRepository } from '../ports/job-repository.js';
import type { KvStore } from '../ports/kv-store.js';
import type { Ledger } from '../ports/ledger.js';
import type { LiveTask, Scheduler } from '../ports/scheduler.js';
import { declaredJobs, mirroredLayers, type Models } from './declared.js';
import { readMirror } from './desired.js';
import { toEntry, type HistoryEntry } from './history.js';
import { readLedger } from './known.js';

/** One link of the chain from what runs back to who wanted it. `missing` says why it could not be found. */
export interface WhyLink {
  link:
    | 'task'
    | 'version'
    | 'deployment'
    | 'ledger'
    | 'mirror'
    | 'revision'
    | 'manifest'
    | 'promotion'
    | 'release'
    | 'build'
    | 'source';
  text: string;
  id?: string;
  by?: string;
  at?: string;
  missing?: boolean;
}

export interface WhyAnswer {
  ref: JobRef;
  environment: string;
  links: WhyLink[];
}

export interface WhySources {
  layout: KvLayout;
  releasesPrefix: string;
  branch: string;
  kv: KvStore;
  ledger: Ledger;
  repository: JobRepository;
  schedulers: readonly Scheduler[];
  models: Models;
}

/**
 * Why something runs: `question` is a job reference, a job id, or a task id. Undefined where this environment knows no
 * such thing. Every link is looked up; none is guessed.
 */
export async function readWhy(
  question: string,
  sources: WhySources,
  signal: AbortSignal,
): Promise<WhyAnswer | undefined> {
  const subject = await findSubject(question, sources, signal);
  if (subject === undefined) return undefined;
  const { ref, record, document, task } = subject;
  const entry = await lastEntry(ref, sources, signal);
  const links: WhyLink[] = [
    taskLink(task, ref),
    versionLink(task, record),
    deploymentLink(record),
    ledgerLink(entry),
  ];
  links.push(await mirrorLink(record, sources, signal));
  const history = await commitsOf(ref, record, sources, signal);
  links.push(history.revision, history.manifest);
  links.push(...(await releaseLinks(ref, record, document, sources, signal)));
  return { ref, environment: sources.layout.environment, links };
}

interface Subject {
  ref: JobRef;
  record: LedgerJob | undefined;
  document: JsonObject | undefined;
  task: LiveTask | undefined;
}

async function findSubject(
  question: string,
  sources: WhySources,
  signal: AbortSignal,
): Promise<Subject | undefined> {
  const { state, known } = await readLedger(sources.ledger, signal);
  const subject = (ref: JobRef, task: LiveTask | undefined): Subject => ({
    ref,
    record: state?.jobs[ref],
    document: known.get(ref)?.document,
    task,
  });
  for (const scheduler of sources.schedulers) {
    const prefix = `${scheduler.name}:`;
    const id = question.startsWith(prefix) ? question.slice(prefix.length) : question;
    for (const candidate of [id, `/${id}`]) {
      const ref = jobRef(scheduler.name, candidate);
      if (known.has(ref)) return subject(ref, (await tasksOf(scheduler, candidate, signal))[0]);
    }
  }
  for (const [ref, { scheduler: name, id }] of known) {
    const scheduler = sources.schedulers.find((s) => s.name === name);
    if (scheduler === undefined) continue;
    const task = (await tasksOf(scheduler, id, signal)).find((t) => isAskedFor(t, question));
    if (task !== undefined) return subject(ref, task);
  }
  return undefined;
}

function isAskedFor(task: LiveTask, question: string): boolean {
  return task.id === question || task.ports.some((port) => `${task.host ?? ''}:${port}` === question);
}

/** Tasks are one link; a scheduler that does not answer leaves it missing and the rest of the chain readable. */
async function tasksOf(scheduler: Scheduler, id: string, signal: AbortSignal): Promise<LiveTask[]> {
  try {
    return await scheduler.tasks(id, { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    return [];
  }
}

function taskLink(task: LiveTask | undefined, ref: JobRef): WhyLink {
  if (task === undefined) return { link: 'task', text: `no running task of ${ref} was found`, missing: true };
  const where = task.ports.map((port) => `${task.host ?? '?'}:${port}`).join(', ');
  const health = task.healthy === undefined ? '' : task.healthy ? ', healthy' : ', not healthy';
  return {
    link: 'task',
    id: task.id,
    text: `${task.id} ${where === '' ? (task.host ?? '') : `at ${where}`} (${task.state}${health})`,
    ...(task.startedAt === undefined ? {} : { at: task.startedAt }),
  };
}

function versionLink(task: LiveTask | undefined, record: LedgerJob | undefined): WhyLink {
  const version = task?.version ?? record?.version;
  if (version === undefined)
    return { link: 'version', text: 'this scheduler keeps no versions', missing: true };
  const foreign =
    record?.version !== undefined && task?.version !== undefined && record.version !== task.version;
  return {
    link: 'version',
    id: version,
    text: foreign ? `${version}, not the one on record (${record.version ?? ''})` : version,
  };
}

function deploymentLink(record: LedgerJob | undefined): WhyLink {
  if (record?.deploymentId === undefined)
    return { link: 'deployment', text: 'no deployment is on record', missing: true };
  return { link: 'deployment', id: record.deploymentId, text: record.deploymentId, at: record.at };
}

async function lastEntry(
  ref: JobRef,
  { ledger }: WhySources,
  signal: AbortSignal,
): Promise<HistoryEntry | undefined> {
  const records = await ledger.history({ signal, limit: 10, jobRef: ref });
  return records.map(toEntry).find((entry) => entry.phase === 'outcome');
}

function ledgerLink(entry: HistoryEntry | undefined): WhyLink {
  if (entry === undefined) return { link: 'ledger', text: 'the ledger has no entry of it', missing: true };
  return {
    link: 'ledger',
    id: entry.commit,
    text: `${entry.subject} (pass ${entry.pass}, by ${entry.trigger})`,
    at: entry.at,
  };
}

async function mirrorLink(
  record: LedgerJob | undefined,
  { kv, layout }: WhySources,
  signal: AbortSignal,
): Promise<WhyLink> {
  const ref = await kv.get(layout.ref, { signal });
  if (ref === undefined) return { link: 'mirror', text: `${layout.ref} does not exist`, missing: true };
  const current = record !== undefined && new TextDecoder().decode(ref.value).includes(record.revision);
  return {
    link: 'mirror',
    id: String(ref.modifyIndex),
    text: `${layout.ref} at KV index ${ref.modifyIndex}${current ? '' : ', a later revision by now'}`,
  };
}

async function commitsOf(
  ref: JobRef,
  record: LedgerJob | undefined,
  sources: WhySources,
  signal: AbortSignal,
): Promise<{ revision: WhyLink; manifest: WhyLink }> {
  const none = { link: 'revision', text: 'no revision is on record', missing: true } as const;
  if (record === undefined) return { revision: none, manifest: { ...none, link: 'manifest' } };
  const [applied] = await sources.repository.log(record.revision, { signal, limit: 1 });
  const revision = applied === undefined ? none : commitLink('revision', applied, applied.subject);
  const files = await filesOf(ref, sources, signal);
  if (files === undefined)
    return {
      revision,
      manifest: { link: 'manifest', text: 'its manifest is not in the mirror now', missing: true },
    };
  const [touched] = await sources.repository.log(record.revision, { signal, limit: 1, paths: files });
  const named = files.join(' and ');
  const manifest: WhyLink =
    touched === undefined
      ? { link: 'manifest', text: `${named} has no commit at ${record.revision}`, missing: true }
      : commitLink('manifest', touched, `${named}, last changed by "${touched.subject}"`);
  return { revision, manifest };
}

function commitLink(link: WhyLink['link'], commit: CommitInfo, text: string): WhyLink {
  return {
    link,
    id: commit.revision,
    text,
    by: `${commit.author.name} <${commit.author.email}>`,
    at: commit.at,
  };
}

async function filesOf(
  ref: JobRef,
  { kv, layout, models }: WhySources,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const mirror = await readMirror(kv, layout, { signal });
  if (mirror.kind !== 'whole') return undefined;
  const { jobs } = declaredJobs(mirroredLayers(mirror.mirrorRef.folders, mirror.files), models);
  return jobs.find((job) => job.ref === ref)?.source.files;
}

async function releaseLinks(
  ref: JobRef,
  record: LedgerJob | undefined,
  document: JsonObject | undefined,
  sources: WhySources,
  signal: AbortSignal,
): Promise<WhyLink[]> {
  const image = imageOf(record, document, sources.models);
  if (image === undefined) return [{ link: 'release', text: 'the job names no image', missing: true }];
  const promotion = await promotionOf(image, ref, record, sources, signal);
  const release = await releaseOf(image, sources, signal);
  const from = promotion?.trailers ?? [];
  const trailer = (key: string): string | undefined => from.find((t) => t.key === key)?.value;
  const build = release?.buildUrl ?? trailer('Towline-Build');
  const source = release?.sourceCommit ?? trailer('Towline-Source-Commit');
  const by = release?.by ?? trailer('Towline-Released-By');
  const at = release?.at ?? trailer('Towline-Released-At');
  return [
    promotion === undefined
      ? {
          link: 'promotion',
          text: `no promotion commit put ${image} there; it was written by hand`,
          missing: true,
        }
      : commitLink('promotion', promotion, promotion.subject),
    release === undefined && promotion === undefined
      ? { link: 'release', text: `KV holds no release ${image}`, missing: true }
      : {
          link: 'release',
          id: image,
          text: image,
          ...(by === undefined ? {} : { by }),
          ...(at === undefined ? {} : { at }),
        },
    build === undefined
      ? { link: 'build', text: 'the release names no build', missing: true }
      : { link: 'build', id: build, text: build },
    source === undefined
      ? { link: 'source', text: 'the release names no source commit', missing: true }
      : { link: 'source', id: source, text: source },
  ];
}

function imageOf(
  record: LedgerJob | undefined,
  document: JsonObject | undefined,
  models: Models,
): string | undefined {
  const model = record === undefined ? undefined : models.get(record.scheduler)?.model;
  if (record === undefined || document === undefined || model === undefined) return undefined;
  const pointers: Pointer[] = model.images({ kind: record.kind, spec: document });
  const image = pointers.map((at) => valueAt(document, at)).find((value) => typeof value === 'string');
  return typeof image === 'string' ? image : undefined;
}

async function promotionOf(
  image: string,
  ref: JobRef,
  record: LedgerJob | undefined,
  { repository }: WhySources,
  signal: AbortSignal,
): Promise<CommitInfo | undefined> {
  if (record === undefined) return undefined;
  const commits = await repository.log(record.revision, { signal, limit: 500, grep: 'Towline-Release:' });
  return commits.find(
    ({ trailers }) =>
      trailers.some((t) => t.key === 'Towline-Release' && sameImage(t.value, image)) &&
      trailers.some((t) => t.key === 'Towline-Job' && t.value === ref),
  );
}

async function releaseOf(
  image: string,
  { kv, releasesPrefix }: WhySources,
  signal: AbortSignal,
): Promise<Release | undefined> {
  const name = parseImageRef(image)?.name;
  if (name === undefined) return undefined;
  const entry = await kv.get(kvKey(releasesPrefix + name), { signal });
  const parsed = entry === undefined ? undefined : parseRelease(name, entry.value);
  if (parsed === undefined || !('release' in parsed)) return undefined;
  return sameImage(releaseText(parsed.release), image) ? parsed.release : undefined;
}

/** Same name and tag; digests must be equal only where both name one. */
function sameImage(a: string, b: string): boolean {
  const [left, right] = [parseImageRef(a), parseImageRef(b)];
  if (left === undefined || right === undefined || left.name !== right.name || left.tag !== right.tag)
    return false;
  return left.digest === undefined || right.digest === undefined || left.digest === right.digest;
}

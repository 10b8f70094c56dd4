import type { JobRef } from '../domain/job/job-ref.js';
import { counted } from '../domain/source/one-line.js';
import { sameJson } from '../domain/source/compare-json.js';
import {
  isObject,
  pointer,
  valueAt,
  type Json,
  type JsonObject,
  type Pointer,
} from '../domain/source/json.js';
import { short, type Revision } from '../domain/source/revision.js';
import type { CommitInfo } from '../ports/job-repository.js';
import { messageOf } from '../runtime/errors.js';
import { beginLooking, type WhySources } from './why/sources.js';
import { consentLinks } from './why/pass-links.js';
import { namedJob } from './why/find-tasks.js';
import { documentIn, sentOf, type Sent } from './why/sent.js';

/** Who gave a field of a job the value that was sent last. */
export interface BlamedField {
  pointer: Pointer;
  value: Json;
  /** The first entry of the ledger that sent this value, and none other since. */
  entry?: { commit: string; subject: string; at: string; by: string; revision: string };
  /** Who approved that pass. */
  approvals: { by: string; at: string; commit: string }[];
  /** The commit of the job repository that states the value. */
  commit?: { revision: Revision; subject: string; by: string; at: string };
  /** Why there is no such commit: Git does not state the field, or it can't be told which one it was. */
  unstated?: string;
}

export interface Blame {
  ref: JobRef;
  environment: string;
  /** The newest entry that sent a document of the job. */
  fields: BlamedField[];
}

/**
 * For each field of what was last sent for a job, or those below one pointer: the entry that sent the value first, and
 * the commit and the approvals behind it. Undefined where the job, or the field, is not on record.
 */
export async function readBlame(
  { job, at = '' }: { job: string; at?: Pointer },
  sources: WhySources,
  signal: AbortSignal,
): Promise<Blame | undefined> {
  const looking = await beginLooking(sources, signal);
  const ref = namedJob(job, looking);
  if (ref === undefined || looking.head.commit === undefined) return undefined;
  const path = looking.head.state?.jobs[ref]?.file;
  const documents =
    path === undefined ? undefined : await looking.ledger.documents(looking.head.commit, [path], { signal });
  const document = path === undefined ? undefined : documents?.get(path);
  const chosen = document === undefined ? undefined : valueAt(document, at);
  if (document === undefined || chosen === undefined) return undefined;
  const senders = await sendersOf(leavesOf(chosen, at), ref, looking);
  const fields: BlamedField[] = [];
  for (const [pointer, sent] of senders) {
    const value = valueAt(document, pointer) ?? null;
    fields.push({ pointer, value, ...(await behind(pointer, value, sent, ref, looking)) });
  }
  return { ref, environment: sources.layout.environment, fields };
}

type Looking = Awaited<ReturnType<typeof beginLooking>>;

/** Walks back through what was sent for the job, until each value was another one, or not there. */
async function sendersOf(
  pointers: readonly Pointer[],
  ref: JobRef,
  looking: Looking,
): Promise<Map<Pointer, Sent | undefined>> {
  const senders = new Map<Pointer, Sent | undefined>(pointers.map((each) => [each, undefined]));
  const open = new Set(pointers);
  let newest: JsonObject | undefined;
  for await (const sent of sentOf(ref, looking)) {
    if (open.size === 0) break;
    const document = await documentIn(sent, ref, looking);
    newest ??= document;
    for (const each of open) {
      if (document !== undefined && sameJson(valueAt(document, each), valueAt(newest, each)))
        senders.set(each, sent);
      else if (newest !== undefined) open.delete(each);
    }
  }
  return senders;
}

async function behind(
  at: Pointer,
  value: Json,
  sent: Sent | undefined,
  ref: JobRef,
  looking: Looking,
): Promise<Omit<BlamedField, 'pointer' | 'value'>> {
  if (sent === undefined) return { approvals: [], unstated: 'no entry on record sent it' };
  const { commit, subject, at: time, by, revision } = sent.entry;
  const links = (await consentsOf(sent, looking)).filter(({ link }) => link === 'approval');
  return {
    entry: { commit, subject, at: time, by, revision },
    approvals: links.flatMap(({ id, by: who = '', at: when = '', missing }) =>
      missing === true || id === undefined ? [] : [{ by: who, at: when, commit: id }],
    ),
    ...(await statedBy(at, value, ref, revision as Revision, looking)),
  };
}

const CONSENTS = new WeakMap<object, ReturnType<typeof consentLinks>>();

/** Asked once for all fields that came with the same entry. */
function consentsOf(sent: Sent, looking: Looking): ReturnType<typeof consentLinks> {
  const known = CONSENTS.get(sent) ?? consentLinks(sent, looking);
  CONSENTS.set(sent, known);
  return known;
}

async function statedBy(
  at: Pointer,
  value: Json,
  ref: JobRef,
  revision: Revision,
  { stated, repository, signal }: Looking,
): Promise<Pick<BlamedField, 'commit' | 'unstated'>> {
  try {
    const job = await stated.job(ref, revision, signal);
    if (job === undefined) {
      const isThere = (await repository.treeId(revision, '', { signal })) !== undefined;
      const told = isThere ? 'does not state the job' : 'is not in the job repository any more';
      return { unstated: `${short(revision)} ${told}` };
    }
    const written = valueAt(job.spec, at);
    if (written === undefined) return { unstated: 'not stated in Git: Towline or the scheduler added it' };
    if (!sameJson(written, value)) return { unstated: 'another value is stated in Git' };
    const setter = await stated.setter(ref, revision, ({ spec }) => valueAt(spec, at), signal);
    return setter?.kind === 'commit'
      ? { commit: told(setter.commit) }
      : {
          unstated: `can't be decided: ${counted(setter?.commits ?? 0, 'commit was', 'commits were')} looked at`,
        };
  } catch (error) {
    if (signal.aborted) throw error;
    return { unstated: `${short(revision)} can't be read: ${messageOf(error)}` };
  }
}

function told({ revision, subject, author, at }: CommitInfo): NonNullable<BlamedField['commit']> {
  return { revision, subject, by: `${author.name} <${author.email}>`, at };
}

/** Pointers of the values that hold no others; empty lists and objects are values as well. */
function leavesOf(value: Json, at: Pointer): Pointer[] {
  const members = Array.isArray(value) ? [...value.entries()] : isObject(value) ? Object.entries(value) : [];
  if (members.length === 0) return [at];
  return members.flatMap(([name, member]) => leavesOf(member, at + pointer(name)));
}

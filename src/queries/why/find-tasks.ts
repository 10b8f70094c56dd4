import { jobRef, type JobRef } from '../../domain/job/job-ref.js';
import type { LiveTask, Scheduler } from '../../ports/scheduler.js';
import { messageOf } from '../../runtime/errors.js';
import type { Subject } from './chain.js';
import type { Looking } from './sources.js';

/** Jobs whose tasks are asked for at once. */
const AT_ONCE = 16;

/** A job with one of its tasks: one that runs what was put on record last, where there is one. */
export async function jobSubject(ref: JobRef, looking: Looking): Promise<Subject> {
  const scheduler = looking.schedulers.find(({ name }) => ref.startsWith(`${name}:`));
  const record = looking.head.state?.jobs[ref];
  if (scheduler === undefined || record === undefined) return { ref, task: undefined };
  const [{ tasks, silence }, live] = await Promise.all([
    tasksOf(scheduler, record.id, looking.signal),
    liveVersion(scheduler, record, looking.signal),
  ]);
  const task = tasks.find(({ version }) => version === record.version) ?? tasks[0];
  return {
    ref,
    task,
    others: Math.max(0, tasks.length - 1),
    ...(live === undefined ? {} : { version: live }),
    ...(silence === undefined ? {} : { silence }),
  };
}

/** The task that is meant by its id, the id of its container, or an address of it. */
export async function taskSubject(
  question: string,
  { schedulers, head, signal }: Looking,
): Promise<{ subject?: Subject; unanswered: string[] }> {
  const unanswered = new Set<string>();
  const jobs = Object.entries(head.state?.jobs ?? {}).map(([ref, job]) => ({ ref: ref as JobRef, ...job }));
  // Mesos' ids begin with the job's: those come first, and only the scheduler says whether it is so.
  const likely = (id: string): boolean => question.includes(id.replace(/^\//, '').replaceAll('/', '_'));
  const ordered = [...jobs.filter(({ id }) => likely(id)), ...jobs.filter(({ id }) => !likely(id))];
  for (let at = 0; at < ordered.length; at += AT_ONCE) {
    const found = await Promise.all(
      ordered.slice(at, at + AT_ONCE).map(async ({ ref, scheduler: name, id }) => {
        const scheduler = schedulers.find((each) => each.name === name);
        if (scheduler === undefined || unanswered.has(name)) return undefined;
        const { tasks, silence } = await tasksOf(scheduler, id, signal);
        if (silence !== undefined) unanswered.add(name);
        const task = tasks.find((each) => isAskedFor(each, question));
        return task === undefined ? undefined : { ref, task };
      }),
    );
    const subject = found.find((each) => each !== undefined);
    if (subject !== undefined) return { subject, unanswered: [...unanswered] };
  }
  return { unanswered: [...unanswered] };
}

/** A job by its reference or its id, with or without a leading slash, of what is on record now. */
export function namedJob(question: string, { schedulers, head }: Looking): JobRef | undefined {
  const known = head.state?.jobs ?? {};
  for (const { name } of schedulers) {
    const id = question.startsWith(`${name}:`) ? question.slice(name.length + 1) : question;
    const ref = [id, `/${id}`].map((each) => jobRef(name, each)).find((each) => Object.hasOwn(known, each));
    if (ref !== undefined) return ref;
  }
  return undefined;
}

function isAskedFor({ id, host = '', ports, containerIds = [] }: LiveTask, question: string): boolean {
  return (
    id === question || containerIds.includes(question) || ports.some((port) => `${host}:${port}` === question)
  );
}

/** A scheduler that does not answer leaves one link missing, and the rest of the chain readable. */
async function tasksOf(
  scheduler: Scheduler,
  id: string,
  signal: AbortSignal,
): Promise<{ tasks: LiveTask[]; silence?: string }> {
  try {
    return { tasks: await scheduler.tasks(id, { signal }) };
  } catch (error) {
    if (signal.aborted) throw error;
    return { tasks: [], silence: `${scheduler.name} does not tell: ${messageOf(error)}` };
  }
}

async function liveVersion(
  scheduler: Scheduler,
  job: { kind: string; id: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return (await scheduler.find?.(job, { signal }))?.version;
  } catch (error) {
    if (signal.aborted) throw error;
    return undefined;
  }
}

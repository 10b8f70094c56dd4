import type { ContainerFacts } from '../../ports/containers.js';
import { messageOf } from '../../runtime/errors.js';
import type { Subject } from './chain.js';
import { jobSubject, namedJob, taskSubject } from './find-tasks.js';
import type { Looking } from './sources.js';

/** What Mesos and Marathon tell a container of itself. Nothing else of its environment is looked at. */
const [TASK, APP] = ['MESOS_TASK_ID', 'MARATHON_APP_ID'];

/** Mesos calls containers `mesos-UUID`; people also give the first digits of their ids. */
const CONTAINER = /^(?:[0-9a-f]{8,64}|mesos-[0-9a-zA-Z.-]+)$/;

/** The task that a container runs, as the container engine of this machine tells it. */
export async function containerSubject(
  question: string,
  looking: Looking,
): Promise<{ subject?: Subject; unanswered: string[] }> {
  if (looking.containers === undefined || !CONTAINER.test(question)) return { unanswered: [] };
  let facts: ContainerFacts | undefined;
  try {
    const containers = await looking.containers();
    facts = await containers.inspect(question, { signal: looking.signal, names: [TASK, APP] });
  } catch (error) {
    if (looking.signal.aborted) throw error;
    return { unanswered: [messageOf(error)] };
  }
  const [task, app] = [facts?.values[TASK], facts?.values[APP]];
  if (task !== undefined) {
    const found = await taskSubject(task, looking);
    if (found.subject !== undefined) return found;
  }
  // It is no task of now: all that is sure is whose it was.
  const ref = app === undefined ? undefined : namedJob(app, looking);
  if (ref === undefined) return { unanswered: [] };
  const { version, others } = await jobSubject(ref, looking);
  const silence = `the container ran ${task ?? 'no task that it names'}, which its scheduler does not know now`;
  return {
    subject: {
      ref,
      task: undefined,
      silence,
      ...(version === undefined ? {} : { version }),
      others: others ?? 0,
    },
    unanswered: [],
  };
}

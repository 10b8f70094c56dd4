import type { JobOfPass, WhyAnswer } from './answer.js';
import { chainOf, type Subject } from './chain.js';
import { containerSubject } from './find-container.js';
import { jobSubject, namedJob, taskSubject } from './find-tasks.js';
import { goneAnswer } from './gone.js';
import { imageAnswers, releasedAnswer } from './image.js';
import type { WhyLink } from './link.js';
import { passAnswers } from './pass.js';
import { beginLooking, type Looking, type WhySources } from './sources.js';

export type { JobOfPass, WhyAnswer, WhyLink, WhySources };

export interface Why {
  /** Empty: this environment knows no such thing. */
  answers: WhyAnswer[];
  /** Who was asked and did not answer. */
  unanswered: string[];
}

/**
 * Why something runs: a job, a task by its id or an address, a container, an image or a release, or an entry of the
 * ledger. Every link is looked up; none is guessed.
 */
export async function readWhy(question: string, sources: WhySources, signal: AbortSignal): Promise<Why> {
  const looking = await beginLooking(sources, signal);
  const found = (...answers: WhyAnswer[]): Why => ({ answers, unanswered: [] });
  const ref = namedJob(question, looking);
  if (ref !== undefined) return found(await answerOf('job', await jobSubject(ref, looking), looking));
  const pass = await passAnswers(question, looking);
  if (pass.length > 0) return found(...pass);
  const images = await imageAnswers(question, looking);
  if (images.length > 0) return found(...images);
  const { subject, unanswered } = await taskSubject(question, looking);
  if (subject !== undefined) return found(await answerOf('task', subject, looking));
  const contained = await containerSubject(question, looking);
  if (contained.subject !== undefined) return found(await answerOf('container', contained.subject, looking));
  const gone = (await releasedAnswer(question, looking)) ?? (await goneAnswer(question, looking));
  return {
    answers: gone === undefined ? [] : [gone],
    unanswered: [...unanswered, ...contained.unanswered],
  };
}

async function answerOf(
  subject: 'job' | 'task' | 'container',
  found: Subject,
  looking: Looking,
): Promise<WhyAnswer> {
  const { ref } = found;
  const { environment } = looking.layout;
  return { subject, name: ref, ref, environment, links: await chainOf(found, looking) };
}

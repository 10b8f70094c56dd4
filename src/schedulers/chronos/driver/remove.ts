import type { Change } from '../../../domain/plan/plan.js';
import type { ApplyOptions } from '../../../ports/scheduler.js';
import { kindOf, messageOf } from '../../../runtime/errors.js';
import { mayBeProxy } from './api/answers.js';
import { childrenIn } from './body.js';
import type { Driving } from './driving.js';
import type { End } from './end.js';
import { rejected } from './rejected.js';
import { readBack } from './read-back.js';

/** How long a deletion may take to be seen. */
const GONE_MS = 60_000;

/** Deletes a job, leaf first only: Chronos would rewrite its children (reference: chronos.md §3). */
export async function remove(
  { id }: Pick<Change, 'id'>,
  { client, reading, clock, pollMs }: Driving,
  { signal, deadlineMs }: Pick<ApplyOptions, 'signal' | 'deadlineMs'>,
): Promise<End> {
  if ((await reading.findSurely(id, signal)) === undefined)
    return { state: 'applied', message: 'it was gone already' };
  // The graph in memory counts: it may have edges that no job shows any more.
  const children = childrenIn((await client.read('/graph/csv', signal)).text, id);
  if (children.length > 0) {
    const gone = await reading.missing(children, signal);
    return { state: 'blocked', message: childrenText(children, gone) };
  }
  const until = clock.now() + Math.min(GONE_MS, deadlineMs);
  let doubt: string | undefined;
  let answered: Pick<End, 'httpStatus'> = {};
  try {
    const answer = await client.write('DELETE', `/job/${encodeURIComponent(id)}`, undefined, signal);
    answered = { httpStatus: answer.status };
    // 400: it is not there any more, or was not loaded yet; both are seen below.
    if (mayBeProxy(answer) || answer.status === 400) doubt = `was answered with ${answer.status}`;
    else if (answer.status !== 204 && answer.status !== 200) return rejected(answer, {});
  } catch (error) {
    if (kindOf(error) === 'unavailable') return { state: 'blocked', message: messageOf(error) };
    if (kindOf(error) !== 'unknown-outcome') throw error;
    doubt = 'got no answer';
  }
  const isGone = async (): Promise<true | undefined> =>
    (await reading.findSurely(id, signal)) === undefined ? true : undefined;
  if ((await readBack(isGone, { clock, pollMs, until, signal })) === true)
    return { state: 'applied', message: 'deleted', ...answered };
  if (doubt !== undefined)
    return {
      state: 'blocked',
      message: `the request ${doubt}, and nothing came of it; it is sent again later`,
      ...answered,
    };
  return {
    state: 'failed',
    message: 'it is still there: Chronos may not have stored the deletion',
    ...answered,
  };
}

function childrenText(children: readonly string[], gone: readonly string[]): string {
  const names = children.join(', ');
  return gone.length === children.length
    ? `the graph of Chronos still has children of it that are gone (${names}): its leader has to be started again first`
    : `it has children (${names}), which Chronos would rewrite; delete them, or their parent in them, first`;
}

import type { Change } from '../../../domain/plan/plan.js';
import type { Verdict } from './judge/index.js';
import type { Sending } from './current.js';
import type { Accepted } from './send.js';

/**
 * Stops a failing deployment where it stands, so that Marathon takes no more of the old tasks away. The new definition
 * stays stored and the tasks mixed (reference: marathon.md §4): a person looks at it, and the next commit goes on.
 */
export async function hold(
  { kind }: Pick<Change, 'kind'>,
  verdict: Extract<Verdict, { kind: 'bad' }>,
  { deploymentId }: Accepted,
  { client, options }: Sending,
): Promise<Verdict> {
  if (deploymentId === undefined || kind === 'group') return verdict;
  const path = `/v2/deployments/${encodeURIComponent(deploymentId)}?force=true`;
  const answer = await client.write({ method: 'DELETE', path }, options.signal);
  // 404: it is over, so there is nothing left to stop.
  const stopped = answer.status < 300 || answer.status === 404;
  const end = stopped
    ? 'stopped where it stands: what still runs of the old version goes on running'
    : `it could not be stopped (${answer.status})`;
  return { ...verdict, message: `${verdict.message}; ${end}` };
}

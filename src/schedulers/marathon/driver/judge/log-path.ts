import { isObject } from '../../../../domain/source/json.js';
import type { Sending } from '../current.js';
import type { Loss } from './losses.js';

/**
 * Where a task's output is on its machine: Mesos keeps it below the agent's work folder, by agent, framework and
 * executor; a task without an executor of its own has one with its own id. Undefined where not enough is known.
 */
export async function logOf(
  { taskId, agentId }: Loss,
  { client, options, mesosWorkDir }: Sending,
): Promise<string | undefined> {
  if (taskId === '' || agentId === '') return undefined;
  const info = await client.read('/v2/info', options.signal).catch(() => undefined);
  options.signal.throwIfAborted();
  const framework = isObject(info) ? info['frameworkId'] : undefined;
  if (typeof framework !== 'string') return undefined;
  return `${mesosWorkDir}/slaves/${agentId}/frameworks/${framework}/executors/${taskId}/runs/latest/stderr`;
}

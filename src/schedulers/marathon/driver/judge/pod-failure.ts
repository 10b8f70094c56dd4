import type { Json, JsonObject } from '../../../../domain/source/json.js';
import { numberAt, objectAt, objectsAt, textAt } from '../../model/rules/rule.js';

/**
 * The newest instance that ended by itself since a change was sent, in the form of an app's last failure. Instances of
 * before end as well while they are replaced, and a kill is somebody's wish: neither is a failure of the new definition.
 */
export function podFailure(
  terminated: readonly JsonObject[],
  { startedAt, version }: { startedAt: number; version: string | undefined },
): Json | undefined {
  const own = terminated.filter(
    (each) =>
      Date.parse(textAt(each, 'startedAt') ?? '') >= startedAt - 1000 &&
      textAt(objectsAt(each, 'containers')[0], 'lastKnownState') !== 'TASK_KILLED',
  );
  const newest = own.sort((a, b) =>
    (textAt(a, 'terminatedAt') ?? '') < (textAt(b, 'terminatedAt') ?? '') ? 1 : -1,
  )[0];
  if (newest === undefined) return undefined;
  const container = objectsAt(newest, 'containers')[0];
  const termination = objectAt(container, 'termination');
  const code = numberAt(termination, 'exitCode');
  return {
    taskId: textAt(newest, 'instanceID') ?? '',
    timestamp: textAt(newest, 'terminatedAt') ?? '',
    state: textAt(container, 'lastKnownState') ?? 'TASK_FAILED',
    host: '',
    message:
      textAt(termination, 'message') ??
      textAt(newest, 'message') ??
      (code === undefined ? '' : `exit code ${code}`),
    version: version ?? '',
  };
}

import type { JsonObject } from '../../../../domain/source/json.js';
import { absoluteId } from '../ids.js';
import { listAt, textAt } from '../rules/rule.js';
import { asSet, clean, withoutNulls } from './values.js';

/** A group's own attributes. Its apps, pods and groups are jobs of their own; their dependencies see from the group. */
export function normaliseGroup(given: JsonObject): JsonObject {
  const group = withoutNulls(given);
  const id = absoluteId(textAt(group, 'id') ?? '');
  return clean({
    id,
    dependencies: asSet(
      listAt(group, 'dependencies').map((d) => (typeof d === 'string' ? absoluteId(d, id) : d)),
    ),
    enforceRole: group['enforceRole'],
  });
}

import type picocolors from 'picocolors';
import type { FieldDiff } from '../../../domain/job/scheduler-model.js';
import { plainText, valueText } from '../plain-text.js';

/** `/instances: 2 -> 3`, in the colours of what goes and what comes. */
export function fieldText(
  { pointer, before, after }: Pick<FieldDiff, 'pointer' | 'before' | 'after'>,
  { red, green }: Pick<ReturnType<typeof picocolors.createColors>, 'red' | 'green'>,
): string {
  return `${plainText(pointer) || '/'}: ${red(valueText(before))} -> ${green(valueText(after))}`;
}

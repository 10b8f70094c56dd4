import type { JsonObject } from '../../../../../domain/source/json.js';
import { numberAt, objectAt, textAt, type Report } from '../rule.js';

/** When an unreachable instance is replaced, and when it is given up. */
export function checkUnreachable(of: JsonObject | undefined, at: string, report: Report): void {
  const strategy = objectAt(of, 'unreachableStrategy');
  const [inactive, expunge] = [
    numberAt(strategy, 'inactiveAfterSeconds') ?? 0,
    numberAt(strategy, 'expungeAfterSeconds') ?? 0,
  ];
  if (inactive > expunge)
    report(
      `${at}/unreachableStrategy`,
      `inactiveAfterSeconds (${inactive}) is larger than expungeAfterSeconds (${expunge})`,
      `Write "expungeAfterSeconds": ${inactive} or more.`,
    );
}

/** Any text counts as "disabled", also one that was meant to say the opposite (reference: marathon.md §1.1). */
export function checkUnreachableText(of: JsonObject | undefined, at: string, report: Report): void {
  const text = textAt(of, 'unreachableStrategy');
  if (text !== undefined && text !== 'disabled')
    report(
      `${at}/unreachableStrategy`,
      `Marathon reads ${JSON.stringify(text)} as "disabled"`,
      'Write "disabled", or {"inactiveAfterSeconds": N, "expungeAfterSeconds": N}.',
    );
}

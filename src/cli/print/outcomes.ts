import picocolors from 'picocolors';
import type { Outcome } from '../../domain/record/outcome.js';
import { writeLine, type Io } from '../io.js';
import { plainText, visibleText } from './plain-text.js';

const COLORS = {
  applied: 'green',
  failed: 'red',
  'rolled-back': 'red',
  blocked: 'magenta',
  unknown: 'yellow',
} as const;

/** Prints how each change ended. */
export function printOutcomes(outcomes: readonly Outcome[], stdout: Io['stdout']): void {
  const colors = picocolors.createColors(stdout.isTTY === true);
  for (const { ref, action, state, message, startedAt, endedAt } of outcomes) {
    const seconds = ((Date.parse(endedAt) - Date.parse(startedAt)) / 1000).toFixed(1);
    writeLine(
      stdout,
      `  ${colors[COLORS[state]](state)} ${action === 'none' ? 'as it was' : action} ${colors.bold(plainText(ref))} ${colors.dim(`${seconds} s`)}  ${visibleText(message)}`,
    );
  }
}

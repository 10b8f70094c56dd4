import picocolors from 'picocolors';
import { placeText, type Diagnostic } from '../../domain/source/diagnostic.js';
import { writeLine, type Io } from '../io.js';
import { visibleText } from './plain-text.js';

/** Prints findings as compilers do, one line each that editors can follow, with the fix below. */
export function printDiagnostics(diagnostics: readonly Diagnostic[], stream: Io['stdout']): void {
  const colors = picocolors.createColors(stream.isTTY === true);
  for (const { place, severity, message, code, fix } of diagnostics) {
    const word = severity === 'error' ? colors.red('error') : colors.yellow('warning');
    const at =
      place.pointer === undefined || place.pointer === '' ? '' : ` ${colors.dim(visibleText(place.pointer))}`;
    writeLine(
      stream,
      `${colors.bold(visibleText(placeText(place)))}: ${word} ${visibleText(message)}${at} ${colors.dim(`[${code}]`)}`,
    );
    if (fix !== undefined) writeLine(stream, `    ${colors.cyan('fix')}: ${visibleText(fix)}`);
  }
}

/** `3 errors, 1 warning`. */
export function countText(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter((d) => d.severity === 'error').length;
  const warnings = diagnostics.length - errors;
  return `${errors} ${errors === 1 ? 'error' : 'errors'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`;
}

import type { Checked } from './checked.js';

/** Workflow commands: GitHub shows each finding at its line of the pull request. */
export function githubReport(sets: readonly Checked[]): string {
  return sets
    .flatMap(({ diagnostics }) => diagnostics)
    .map(({ severity, place, code, message, fix }) => {
      const properties = [
        ['file', place.file],
        ...(place.line === undefined ? [] : [['line', String(place.line)]]),
        ...(place.column === undefined ? [] : [['col', String(place.column)]]),
        ['title', code],
      ].map(([name, value]) => `${name ?? ''}=${property(value ?? '')}`);
      const text = fix === undefined ? message : `${message}\n${fix}`;
      return `::${severity} ${properties.join(',')}::${data(text)}\n`;
    })
    .join('');
}

/** A message could else begin a command of its own on a new line. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

import { placeText, type Diagnostic } from '../../../domain/source/diagnostic.js';
import type { Checked } from './checked.js';

/** One suite for each set, one case for each file; a file with errors is a failed case, warnings are its output. */
export function junitReport(sets: readonly Checked[]): string {
  const suites = sets.map((set) => {
    // A finding can be about a file that holds no jobs (a configuration, say): it has its case as well.
    const files = [...new Set([...set.files, ...set.diagnostics.map((d) => d.place.file)])].sort();
    const cases = files.map((file) =>
      caseOf(
        set.name,
        file,
        set.diagnostics.filter((d) => d.place.file === file),
      ),
    );
    const failures = cases.filter(({ failed }) => failed).length;
    const name = attribute(set.name);
    return `  <testsuite name="${name}" tests="${cases.length}" failures="${failures}" errors="0">\n${cases.map(({ xml }) => xml).join('')}  </testsuite>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="towline validate">\n${suites.join('')}</testsuites>\n`;
}

function caseOf(suite: string, file: string, found: readonly Diagnostic[]): { failed: boolean; xml: string } {
  const errors = found.filter(({ severity }) => severity === 'error');
  const warnings = found.filter(({ severity }) => severity === 'warning');
  const [first] = errors;
  const failure =
    first === undefined
      ? ''
      : `      <failure type="${attribute(first.code)}" message="${attribute(first.message)}">${text(lines(errors))}</failure>\n`;
  const output = warnings.length === 0 ? '' : `      <system-out>${text(lines(warnings))}</system-out>\n`;
  const head = `    <testcase classname="${attribute(suite)}" name="${attribute(file)}" file="${attribute(file)}"`;
  const body = `${failure}${output}`;
  return {
    failed: first !== undefined,
    xml: body === '' ? `${head}/>\n` : `${head}>\n${body}    </testcase>\n`,
  };
}

function lines(found: readonly Diagnostic[]): string {
  return found
    .map(({ place, severity, message, code, fix }) => {
      const help = fix === undefined ? '' : `\n    fix: ${fix}`;
      return `${placeText(place)}: ${severity} ${message} [${code}]${help}`;
    })
    .join('\n');
}

/** Characters that XML can't hold at all, and halves of pairs. */
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;

function text(value: string): string {
  return value
    .replace(NOT_XML, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

function attribute(value: string): string {
  return text(value)
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;')
    .replaceAll('\r', '&#13;')
    .replaceAll('\t', '&#9;');
}

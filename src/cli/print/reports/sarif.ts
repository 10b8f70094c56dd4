import type { Diagnostic } from '../../../domain/source/diagnostic.js';
import type { Checked } from './checked.js';

/** SARIF 2.1.0, as code scanning and editors read it. */
export function sarifReport(sets: readonly Checked[]): string {
  const all = sets.flatMap(({ name, diagnostics }) =>
    diagnostics.map((diagnostic) => ({ name, diagnostic })),
  );
  const codes = [...new Set(all.map(({ diagnostic }) => diagnostic.code))].sort();
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: { name: 'towline', rules: codes.map((id) => ({ id, shortDescription: { text: id } })) },
        },
        columnKind: 'utf16CodeUnits',
        results: all.map(({ name, diagnostic }) => resultOf(name, diagnostic, codes)),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function resultOf(
  set: string,
  { code, severity, message, fix, place }: Diagnostic,
  codes: readonly string[],
): object {
  const { file, line, column, pointer } = place;
  return {
    ruleId: code,
    ruleIndex: codes.indexOf(code),
    level: severity,
    message: { text: fix === undefined ? message : `${message}. ${fix}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: file.split('/').map(encodeURIComponent).join('/') },
          ...(line === undefined
            ? {}
            : { region: { startLine: line, ...(column === undefined ? {} : { startColumn: column }) } }),
        },
        ...(pointer === undefined ? {} : { logicalLocations: [{ fullyQualifiedName: pointer }] }),
      },
    ],
    properties: { environment: set },
  };
}

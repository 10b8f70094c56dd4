import { createHash } from 'node:crypto';
import type { Checked } from './checked.js';

/** GitLab's code quality report. The fingerprint stays when lines above a finding move, so that it is not new then. */
export function gitlabReport(sets: readonly Checked[]): string {
  const seen = new Map<string, number>();
  const findings = sets
    .flatMap(({ diagnostics }) => diagnostics)
    .map(({ code, severity, message, fix, place }) => {
      const same = `${code}\n${place.file}\n${place.pointer ?? ''}\n${message}`;
      const count = seen.get(same) ?? 0;
      seen.set(same, count + 1);
      return {
        description: fix === undefined ? message : `${message}. ${fix}`,
        check_name: code,
        fingerprint: createHash('sha256').update(`${same}\n${count}`).digest('hex'),
        severity: severity === 'error' ? 'major' : 'minor',
        location: { path: place.file, lines: { begin: place.line ?? 1 } },
      };
    });
  return `${JSON.stringify(findings, null, 2)}\n`;
}

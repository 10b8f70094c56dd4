import type { Checked } from './checked.js';
import { githubReport } from './github.js';
import { gitlabReport } from './gitlab.js';
import { junitReport } from './junit.js';
import { sarifReport } from './sarif.js';

export type { Checked };

/** Forms in which machines read findings; `text` is for people. */
export const REPORTS = {
  json: (sets: readonly Checked[]) => `${JSON.stringify(sets, null, 2)}\n`,
  junit: junitReport,
  sarif: sarifReport,
  github: githubReport,
  gitlab: gitlabReport,
} as const;

export type ReportForm = keyof typeof REPORTS;

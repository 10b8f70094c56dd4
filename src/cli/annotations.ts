import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, TowlineError } from '../runtime/errors.js';
import { writeLine, type Io } from './io.js';
import { REPORTS, type Checked, type ReportForm } from './print/reports/index.js';

export type AnnotateFor = 'github' | 'gitlab' | 'auto';

/** What is written of findings beside the text. */
export interface ReportsAsked {
  /** Workflow commands on standard output. */
  commands: boolean;
  files: { file: string; form: ReportForm }[];
}

/** Where GitLab's own examples put a code quality report. */
const QUALITY_FILE = 'gl-code-quality-report.json';

/** Throws `report-form` for a file whose name does not say what it holds. */
export function reportsAsked(
  { annotate, report = [] }: { annotate?: AnnotateFor; report?: readonly string[] },
  env: Io['env'],
): ReportsAsked {
  const files = report.map((file) => ({ file, form: formOf(file) }));
  const where = annotate === 'auto' ? whereIn(env) : annotate;
  if (where === 'gitlab' && !files.some(({ form }) => form === 'gitlab'))
    files.push({ file: QUALITY_FILE, form: 'gitlab' });
  return { commands: where === 'github', files };
}

/** Gitea and Forgejo run the actions of GitHub, and say so. */
function whereIn(env: Io['env']): 'github' | 'gitlab' | undefined {
  if (env['GITHUB_ACTIONS'] === 'true') return 'github';
  return env['GITLAB_CI'] === 'true' ? 'gitlab' : undefined;
}

function formOf(file: string): ReportForm {
  if (file.endsWith('.xml')) return 'junit';
  if (file.endsWith('.sarif') || file.endsWith('.sarif.json')) return 'sarif';
  if (file.endsWith('.json')) return 'gitlab';
  throw new TowlineError('report-form', 'invalid', `"${file}" does not say what kind of report it is`, {
    help: 'Let its name end in .xml (JUnit), .sarif, or .json (code quality of GitLab).',
  });
}

/**
 * Prints text, and findings as workflow commands after it where they are asked for. Meanwhile the runner takes no
 * commands: the text holds names of files and other words from outside.
 */
export function withCommands(
  asked: boolean,
  sets: readonly Checked[],
  { stdout }: Io,
  print: () => void,
): void {
  if (!asked) return print();
  const token = randomUUID();
  writeLine(stdout, `::stop-commands::${token}`);
  print();
  writeLine(stdout, `::${token}::`);
  stdout.write(REPORTS.github(sets));
}

/** Throws `report-unwritable`. */
export async function writeReports(
  files: ReportsAsked['files'],
  sets: readonly Checked[],
  { cwd }: Pick<Io, 'cwd'>,
): Promise<void> {
  for (const { file, form } of files) {
    try {
      await writeFile(path.resolve(cwd, file), REPORTS[form](sets));
    } catch (cause) {
      throw new TowlineError(
        'report-unwritable',
        'invalid',
        `${file} can't be written: ${messageOf(cause)}`,
        {
          help: 'Its folder has to be there, and writable.',
          cause,
        },
      );
    }
  }
}

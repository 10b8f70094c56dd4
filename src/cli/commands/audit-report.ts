import { readReport, type Report } from '../../queries/report.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { withSession } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { jsonText } from '../print/plain-text.js';
import { reportMarkdown } from '../print/answers/report-markdown.js';
import { checkPeriod } from '../when.js';

interface Flags extends GlobalFlags {
  env?: string;
  since: number;
  until?: number;
  format: 'markdown' | 'json';
}

/** What happened in a time, for people who have to answer for it. */
export async function run(_args: string[], flags: Flags, io: Io): Promise<number> {
  const time = { since: flags.since, until: flags.until ?? Date.now() };
  checkPeriod(time);
  return withSession(flags, io, async (session) => {
    const reports: Report[] = [];
    for (const environment of session.environments(flags.env === undefined ? [] : [flags.env])) {
      const sources = {
        environment: environment.name,
        ledger: await session.ledger(environment),
        repository: await session.repository(),
      };
      reports.push(await readReport(time, sources, io.signal));
    }
    if (flags.format === 'json') writeLine(io.stdout, jsonText(reports, 2));
    else writeLine(io.stdout, reports.map(reportMarkdown).join('\n\n'));
    return EXIT.done;
  });
}

import { jobRef } from '../../domain/job/job-ref.js';
import type { Revision } from '../../domain/source/revision.js';
import { toEntry } from '../history.js';
import { walkLedger } from '../walk-ledger.js';
import { commitOf } from './commit-links.js';
import type { WhyAnswer } from './answer.js';
import { commitLink, missing, type WhyLink } from './link.js';
import { mirrorLink } from './mirror-link.js';
import { consentLinks, ledgerLink } from './pass-links.js';
import type { Looking } from './sources.js';

/** A job that is on record no more: what ended it. */
export async function goneAnswer(question: string, looking: Looking): Promise<WhyAnswer | undefined> {
  const { schedulers, ledger, head, signal, layout, repository } = looking;
  if (head.commit === undefined || /\s/.test(question)) return undefined;
  for (const { name } of schedulers) {
    const isRef = question.startsWith(`${name}:`);
    const ids = isRef
      ? [question.slice(name.length + 1)]
      : question.startsWith('/')
        ? [question]
        : [question, `/${question}`];
    for (const ref of ids.map((id) => jobRef(name, id))) {
      for await (const record of walkLedger(ledger, { signal, from: head.commit, jobRef: ref })) {
        const entry = toEntry(record);
        const job = entry.phase === 'outcome' ? entry.jobs.find((each) => each.ref === ref) : undefined;
        if (job === undefined) continue;
        const applied = await commitOf(entry.revision as Revision, { repository, signal });
        const ended = job.action === 'delete' && job.state === 'applied';
        const links: WhyLink[] = [
          missing('task', ended ? 'it was deleted' : 'it is not on record now'),
          ledgerLink({ entry }),
          ...(await consentLinks({ record, entry }, looking)),
          await mirrorLink({ record, entry }, looking),
          typeof applied === 'string'
            ? missing('revision', `${repository.location} has no revision ${entry.revision}: ${applied}`)
            : commitLink('revision', applied, applied.subject),
        ];
        return { subject: 'job', name: ref, ref, environment: layout.environment, links };
      }
    }
  }
  return undefined;
}

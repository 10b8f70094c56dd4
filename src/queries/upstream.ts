import { parseImageRef } from '../domain/job/image-ref.js';
import type { LedgerJob, LedgerState } from '../domain/record/ledger-entry.js';
import type { RunningImage, Upstream } from '../domain/release/upstream.js';
import type { JobRepository } from '../ports/job-repository.js';
import type { Ledger } from '../ports/ledger.js';
import { branchTip } from './branch-tip.js';
import type { Models } from './declared.js';
import { promotionsOf } from './promotions.js';
import { imagesOf } from './why/release-links.js';

/** An environment whose releases are looked at, to promote them into another one. */
export interface UpstreamSources {
  environment: string;
  branch: string;
  repository: JobRepository;
  ledger: Ledger;
  models: Models;
}

/**
 * What runs in an environment, as its ledger has it on record, and what was promoted into it. Throws where the ledger can't be
 * read: nobody knows then what runs.
 */
export async function upstreamOf(sources: UpstreamSources, signal: AbortSignal): Promise<Upstream> {
  const { environment, branch, repository } = sources;
  const [running, revision] = [
    await runningImages(sources, signal),
    await branchTip(repository, branch, signal),
  ];
  const history = await promotionsOf(repository, { revision, environment }, signal);
  return { environment, running, history };
}

async function runningImages(
  { ledger, models }: Pick<UpstreamSources, 'ledger' | 'models'>,
  signal: AbortSignal,
): Promise<RunningImage[]> {
  const { commit, state } = await ledger.head({ signal });
  if (commit === undefined || state === undefined) return [];
  const jobs = Object.entries(state.jobs);
  const paths = jobs.flatMap(([, { file }]) => file ?? []);
  const documents = paths.length === 0 ? undefined : await ledger.documents(commit, paths, { signal });
  return jobs.flatMap(([jobRef, job]) => {
    const document = job.file === undefined ? undefined : documents?.get(job.file);
    const problem = problemOf(jobRef, job, state);
    return imagesOf(job, document, models).flatMap(({ image }): RunningImage[] => {
      const { name, tag, digest } = parseImageRef(image) ?? {};
      const known = tag ?? (digest === undefined ? 'latest' : undefined);
      if (name === undefined || known === undefined) return [];
      return [
        {
          image: name,
          tag: known,
          ...(digest === undefined ? {} : { digest }),
          jobRef,
          ...(problem === undefined ? {} : { problem }),
          since: Date.parse(job.at),
        },
      ];
    });
  });
}

const PROBLEMS: Record<Exclude<LedgerJob['outcome'], 'applied'>, string> = {
  failed: 'failed to run it',
  'rolled-back': 'failed to run it and was rolled back',
  blocked: 'is held back',
  unknown: 'was sent it, and nobody can tell yet how it runs',
};

function problemOf(ref: string, { outcome }: LedgerJob, { intents }: LedgerState): string | undefined {
  if (intents.some((intent) => intent.ref === ref)) return 'is being changed now';
  return outcome === 'applied' ? undefined : PROBLEMS[outcome];
}

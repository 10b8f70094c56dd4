import { parseImageRef } from '../../domain/job/image-ref.js';
import type { JobRef } from '../../domain/job/job-ref.js';
import type { JsonObject } from '../../domain/source/json.js';
import { short } from '../../domain/source/revision.js';
import type { CommitInfo } from '../../ports/job-repository.js';
import { chainOf } from './chain.js';
import { jobSubject } from './find-tasks.js';
import type { WhyAnswer } from './answer.js';
import { commitLink, missing, type WhyLink } from './link.js';
import { imagesOf, originLinks } from './release-links.js';
import { documentIn, sentOf, type Sent } from './sent.js';
import type { Looking } from './sources.js';

/** Promotions of a release that are told. */
const PROMOTIONS = 20;

/** An image, by name, tag or digest: each job that runs it now. */
export async function imageAnswers(question: string, looking: Looking): Promise<WhyAnswer[]> {
  const asked = askedImage(question);
  if (asked === undefined) return [];
  const using = await jobsWith(asked, looking);
  const { environment } = looking.layout;
  return Promise.all(
    using.map(async (ref): Promise<WhyAnswer> => {
      const [links, first] = await Promise.all([
        jobSubject(ref, looking).then((subject) => chainOf(subject, looking)),
        firstSent(ref, asked, looking),
      ]);
      return {
        subject: 'image',
        name: question,
        ref,
        environment,
        links: [...links, firstLink(first, question)],
      };
    }),
  );
}

/** A release that nothing runs: who made it, and which commits promoted it. */
export async function releasedAnswer(question: string, looking: Looking): Promise<WhyAnswer | undefined> {
  const asked = askedImage(question);
  if (asked === undefined) return undefined;
  const { repository, branch, signal, layout } = looking;
  const tip = await repository.resolve(branch, { signal });
  const isIt = ({ trailers }: CommitInfo): boolean =>
    trailers.some((t) => t.key === 'Towline-Release' && (asked(t.value) || asked(withoutDigest(t.value))));
  const grep = `Towline-Release: ${question.startsWith('sha256:') ? '' : question}`;
  const found =
    tip === undefined ? [] : (await repository.log(tip, { signal, limit: PROMOTIONS, grep })).filter(isIt);
  const [promotion] = found;
  const links = await originLinks(question, promotion, looking);
  const release = links.find(({ link }) => link === 'release');
  if (promotion === undefined && release?.missing === true) return undefined;
  return {
    subject: 'image',
    name: question,
    environment: layout.environment,
    links: [
      missing('task', `no job on record in ${layout.environment} names it now`),
      ...(found.length === 0
        ? [missing('promotion', `no commit of ${branch} promoted it`)]
        : found.map((commit) => commitLink('promotion', commit, commit.subject))),
      ...links,
    ],
  };
}

type AskedImage = (image: string) => boolean;

/** A digest alone, or an image reference: what it does not name may be anything. Undefined: it is neither. */
function askedImage(question: string): AskedImage | undefined {
  if (/^sha256:[0-9a-f]{64}$/.test(question)) return (image) => parseImageRef(image)?.digest === question;
  const asked = parseImageRef(question);
  if (asked === undefined) return undefined;
  return (image) => {
    const named = parseImageRef(image);
    return (
      named !== undefined &&
      named.name === asked.name &&
      (asked.tag === undefined || named.tag === asked.tag) &&
      (asked.digest === undefined || named.digest === asked.digest)
    );
  };
}

async function jobsWith(asked: AskedImage, { head, ledger, models, signal }: Looking): Promise<JobRef[]> {
  const jobs = Object.entries(head.state?.jobs ?? {});
  if (head.commit === undefined || jobs.length === 0) return [];
  const paths = jobs.flatMap(([, { file }]) => file ?? []);
  const documents = await ledger.documents(head.commit, paths, { signal });
  const names = (job: { scheduler: string; kind: string; file?: string }): boolean => {
    const document: JsonObject | undefined = job.file === undefined ? undefined : documents.get(job.file);
    return imagesOf(job, document, models).some(({ image }) => asked(image));
  };
  return jobs.filter(([, job]) => names(job)).map(([ref]) => ref as JobRef);
}

/** The earliest entry whose document of the job names the image. */
async function firstSent(ref: JobRef, asked: AskedImage, looking: Looking): Promise<Sent | undefined> {
  const job = looking.head.state?.jobs[ref];
  let first: Sent | undefined;
  if (job === undefined) return undefined;
  for await (const sent of sentOf(ref, looking)) {
    const images = imagesOf(job, await documentIn(sent, ref, looking), looking.models);
    if (images.some(({ image }) => asked(image))) first = sent;
  }
  return first;
}

function firstLink(first: Sent | undefined, question: string): WhyLink {
  if (first === undefined) return missing('first', `no entry on record sent ${question}`);
  const { commit, subject, at, by } = first.entry;
  const text = `${short(commit)}: ${subject}`;
  return { link: 'first', id: commit, text, ...(by === '' ? {} : { by }), at };
}

function withoutDigest(image: string): string {
  return image.replace(/@.*$/, '');
}

import { digest } from '../source/digest.js';
import type { Revision } from '../source/revision.js';

/** A merge or pull request of a forge, as far as promotions look at one. */
export interface MergeRequest {
  /** What the forge's own addresses name it by. */
  id: number;
  url: string;
  state: 'open' | 'merged' | 'closed';
  title: string;
  body: string;
}

/** The branch of a proposal as it is now. */
export interface ProposalBranch {
  branch: string;
  /** Absent: there is no such branch. */
  tip?: { revision: Revision; message: string; ours: boolean };
  /** Of this branch into that of the environment, newest first; undefined where nobody can be asked. */
  requests?: readonly MergeRequest[];
}

/** What has to be done so that a promotion stands as a proposal. */
export interface Proposal {
  branch: string;
  /** What the branch is moved from; absent: it is made. */
  expected?: Revision;
  /** False: the branch proposes this already. */
  push: boolean;
  /** The request that is brought up to date; absent: one is made, where there is a forge to ask. */
  request?: MergeRequest;
}

const LONGEST = 120;

/**
 * Name of the branch on which a release of an image is proposed: `towline/promote/production/shop/web`. What no branch can
 * be named by is replaced, and a digest keeps two such names apart.
 */
export function proposalBranch(environment: string, image: string): string {
  const plain = image
    .replace(/[^a-z0-9/_-]+/g, '-')
    .replace(/^[-/]+|[-/]+$/g, '')
    .slice(0, LONGEST);
  // A branch can't be a folder of others: shop/web and shop/web/api would clash, so slashes go too.
  const flat = plain.replaceAll('/', '-');
  const own = digest(image).replace(/^.*:/, '').slice(0, 8);
  return `towline/promote/${environment}/${flat === '' ? own : `${flat}-${own}`}`;
}

/** The lines of a promotion's message that say what it does; when and by which pass does not matter. */
export function proposalKey(message: string): string {
  return message
    .split('\n')
    .filter((line) => line.startsWith('Towline-Release:') || line.includes(' -> '))
    .join('\n');
}

/** Whether a request is about this release. */
export function isAbout({ body }: Pick<MergeRequest, 'body'>, release: string): boolean {
  return body.split(/\r?\n/).some((line) => line.trim() === `Towline-Release: ${release}`);
}

/**
 * What becomes of a promotion that is to be proposed: a proposal, or why none is made (the end of a sentence). `stands`: since
 * it is there already.
 */
export function propose(
  { message, release, asked }: { message: string; release: string; asked: boolean },
  { branch, tip, requests }: ProposalBranch,
): Proposal | { why: string; stands?: true } {
  if (tip?.ours === false)
    return { why: `somebody else has committed to ${branch}; merge it, or delete the branch` };
  const open = requests?.find(({ state }) => state === 'open');
  const ended = requests?.find((each) => each.state !== 'open' && isAbout(each, release));
  if (open === undefined && ended !== undefined && !asked)
    return {
      why:
        ended.state === 'closed'
          ? `${ended.url} proposed it and was closed: a person said no; to propose it again, use towline promote`
          : `${ended.url} brought it in, and it was taken back since; to propose it again, use towline promote`,
    };
  const push = tip === undefined || proposalKey(tip.message) !== proposalKey(message);
  if (!push && requests === undefined)
    return { why: `it is proposed on ${branch}, and waits to be merged`, stands: true };
  if (!push && open !== undefined && isAbout(open, release))
    return { why: `it is proposed in ${open.url}, and waits to be merged`, stands: true };
  return {
    branch,
    push,
    ...(tip === undefined ? {} : { expected: tip.revision }),
    ...(open === undefined ? {} : { request: open }),
  };
}

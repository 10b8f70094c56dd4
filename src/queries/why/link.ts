import type { CommitInfo } from '../../ports/job-repository.js';

/** The links of the chain, from what runs back to who wanted it. */
export type LinkName =
  | 'task'
  | 'version'
  | 'deployment'
  | 'ledger'
  | 'definition'
  | 'first'
  | 'approval'
  | 'gate'
  | 'mirror'
  | 'revision'
  | 'manifest'
  | 'promotion'
  | 'release'
  | 'build'
  | 'source';

/** One link of the chain. */
export interface WhyLink {
  link: LinkName;
  text: string;
  id?: string;
  by?: string;
  /** ISO 8601. */
  at?: string;
  /** It could not be found; `text` says why. */
  missing?: boolean;
  /** Of one that is missing only because another one is: that one. */
  because?: LinkName;
}

/** A link that is not there, and why. */
export function missing(link: LinkName, text: string): WhyLink {
  return { link, text, missing: true };
}

/** A link that can't be looked up because the one that leads to it is missing. */
export function beyond(link: LinkName, because: LinkName): WhyLink {
  return { link, text: `not known without the ${because}`, missing: true, because };
}

export function commitLink(link: LinkName, commit: CommitInfo, text: string): WhyLink {
  return { link, id: commit.revision, text, by: personOf(commit), at: commit.at };
}

export function personOf({ author }: Pick<CommitInfo, 'author'>): string {
  return `${author.name} <${author.email}>`;
}

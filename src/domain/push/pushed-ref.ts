import { isZeroId, parseRevision } from '../source/revision.js';

/** One ref of a push, as git tells it to hooks: what it pointed to, what it points to, and its full name. */
export interface PushedRef {
  /** All zeros: the ref is new. */
  from: string;
  /** All zeros: the ref is deleted. */
  to: string;
  /** `refs/heads/main`. */
  name: string;
}

export type RefAction = 'create' | 'update' | 'delete';

/** The lines `OLD NEW REF` that `pre-receive` and `post-receive` get. A line that is none of these counts for nothing. */
export function parsePushedRefs(text: string): PushedRef[] {
  return text.split('\n').flatMap((line) => {
    const [from = '', to = '', ...rest] = line.split(' ');
    const name = rest.join(' ');
    if (name === '' || parseRevision(from) === undefined || parseRevision(to) === undefined) return [];
    return [{ from, to, name }];
  });
}

export function actionOf({ from, to }: Pick<PushedRef, 'from' | 'to'>): RefAction {
  if (isZeroId(to)) return 'delete';
  return isZeroId(from) ? 'create' : 'update';
}

/** `main` of `refs/heads/main`; undefined for what is no branch. */
export function branchOf(name: string): string | undefined {
  return after('refs/heads/', name);
}

/** `v1` of `refs/tags/v1`; undefined for what is no tag. */
export function tagOf(name: string): string | undefined {
  return after('refs/tags/', name);
}

function after(start: string, name: string): string | undefined {
  return name.startsWith(start) && name.length > start.length ? name.slice(start.length) : undefined;
}

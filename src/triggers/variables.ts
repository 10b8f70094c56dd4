import { branchOf, tagOf, type PushEvent } from '../domain/push/index.js';

/** Longer lists of refs are cut: build systems have limits for a parameter. */
const MOST_LETTERS = 8000;

/** What a build is told of a push, as parameters or variables. Values are text from outside: quote them. */
export function variablesOf({ id, repository, refs }: PushEvent): Record<string, string> {
  const [ref] = refs;
  const branch = branchOf(ref.name);
  const tag = tagOf(ref.name);
  return {
    TOWLINE_EVENT: id,
    TOWLINE_REPOSITORY: repository,
    TOWLINE_REF: ref.name,
    ...(branch === undefined ? {} : { TOWLINE_BRANCH: branch }),
    ...(tag === undefined ? {} : { TOWLINE_TAG: tag }),
    TOWLINE_ACTION: ref.action,
    TOWLINE_REVISION: ref.commit ?? ref.to,
    TOWLINE_BEFORE: ref.from,
    ...(refs.length === 1 ? {} : { TOWLINE_REFS: listed(refs.map(({ name }) => name)) }),
  };
}

/** `main` of a branch or tag, as build systems call it. */
export function shortName({ refs: [{ name }] }: PushEvent): string {
  return branchOf(name) ?? tagOf(name) ?? name;
}

/** Names of refs have no spaces. */
function listed(names: readonly string[]): string {
  let text = '';
  for (const name of names) {
    if (text.length + name.length > MOST_LETTERS) return `${text} ...`;
    text = text === '' ? name : `${text} ${name}`;
  }
  return text;
}

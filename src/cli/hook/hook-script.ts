const MARK = '# written by towline hook install';

export interface HookScript {
  /** Path of node. */
  node: string;
  program: string;
  config: string | undefined;
  notify: string | undefined;
  /** What the name of a hook that was there before ends with. */
  before: string;
}

/** True of a hook that `hook install` wrote, now or in an older version. */
export function isOurs(text: string): boolean {
  return text.includes(MARK);
}

/**
 * The text of a hook for a POSIX shell. A hook that was there before is run first, with the same arguments, input and
 * variables, if git itself would have run it. Where it refuses a push, that is the answer; after a push nothing can be
 * refused, and both are run.
 */
export function hookScript(
  name: 'pre-receive' | 'post-receive',
  { node, program, config, notify, before }: HookScript,
): string {
  const words = [node, program, ...(config === undefined ? [] : ['--config', config]), 'hook', name];
  if (name === 'post-receive' && notify !== undefined) words.push('--notify', notify);
  const chained =
    name === 'pre-receive'
      ? `printf '%s' "$refs" | "$before" "$@" || exit $?`
      : `printf '%s' "$refs" | "$before" "$@" || code=$?`;
  return [
    '#!/bin/sh',
    MARK,
    'code=0',
    // The mark keeps the line breaks at the end, which a shell would take away.
    'refs=$(cat; echo .)',
    'refs=${refs%.}',
    `before=$0${before}`,
    'if [ -f "$before" ] && [ -x "$before" ]; then',
    `  ${chained}`,
    'fi',
    `printf '%s' "$refs" | ${words.map(quoted).join(' ')} || code=$?`,
    'exit $code',
    '',
  ].join('\n');
}

/** A word for a POSIX shell; nothing in it is special inside single quotes but the quote itself. */
function quoted(word: string): string {
  return /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

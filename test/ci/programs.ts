import type { Command } from 'commander';
import { PassThrough } from 'node:stream';
import { buildProgram } from '../../src/cli/program.js';

/** The towline command as commander knows it, for looking up commands and flags. */
export function towlineProgram(): Command {
  const stream = new PassThrough();
  return buildProgram(
    {
      stdin: stream,
      stdout: stream,
      stderr: stream,
      env: {},
      cwd: '/',
      signal: new AbortController().signal,
    },
    () => undefined,
  );
}

/** The command that words begin with (`image push`), and the words that are left. */
export function commandOf(
  program: Command,
  words: readonly string[],
): { command: Command; rest: string[] } | undefined {
  let command = program;
  let at = 0;
  for (; at < words.length; at++) {
    const next = command.commands.find((each) => each.name() === words[at]);
    if (next === undefined) break;
    command = next;
  }
  return command === program ? undefined : { command, rest: words.slice(at) };
}

/** Long flags of some words that a command does not have. */
export function unknownFlags(command: Command, words: readonly string[]): string[] {
  const known = new Set(command.options.map(({ long }) => long));
  const end = words.indexOf('--');
  return words
    .slice(0, end === -1 ? undefined : end)
    .filter((word) => word.startsWith('--'))
    .filter((word) => !known.has(word.split('=')[0] ?? word));
}

import { existsSync } from 'node:fs';
import { execa } from 'execa';
import type { ObjectFormat } from '../domain/source/revision.js';
import { TowlineError } from '../runtime/errors.js';
import { redact } from '../runtime/redact.js';

/** Variables that tie git to a repository (as `git rev-parse --local-env-vars` prints them), and the quarantine. */
const REPOSITORY_VARIABLES = [
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_CONFIG',
  'GIT_CONFIG_PARAMETERS',
  'GIT_CONFIG_COUNT',
  'GIT_OBJECT_DIRECTORY',
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_GRAFT_FILE',
  'GIT_INDEX_FILE',
  'GIT_NO_REPLACE_OBJECTS',
  'GIT_REPLACE_REF_BASE',
  'GIT_PREFIX',
  'GIT_SHALLOW_FILE',
  'GIT_COMMON_DIR',
  'GIT_INTERNAL_SUPER_PREFIX',
  'GIT_QUARANTINE_PATH',
];
const QUARANTINE_VARIABLES = new Set([
  'GIT_QUARANTINE_PATH',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
]);

export interface GitPlace {
  /** The repository's git folder (`repo.git`, or `work/.git`). */
  gitDir: string;
  /** Inside `pre-receive`: keep the variables through which the pushed objects are seen (reference: edges.md §7). */
  quarantine: boolean;
}

/** What the parts of the store share once the repository is open. */
export interface OpenRepository extends GitPlace {
  /** Undefined: the repository is used in place. */
  remote: string | undefined;
  /** For every call that talks to it. */
  remoteEnv: Record<string, string>;
  format: ObjectFormat;
  bare: boolean;
  /** Several people write into it (core.sharedRepository). */
  shared: boolean;
}

export interface GitResult {
  exitCode: number;
  stdout: Buffer;
  stderr: string;
}

export interface GitCall {
  signal: AbortSignal;
  input?: Uint8Array | string;
  env?: Record<string, string | undefined>;
  /** Exit codes that are answers and no failures. */
  allow?: readonly number[];
  timeoutMs?: number;
  /** It talks to a remote, by helpers of its own that have to end with it. */
  remote?: boolean;
}

/** The environment for a git process: nothing of the caller's repository, no prompts, no localised messages. */
export function gitEnvironment({ gitDir, quarantine }: GitPlace): Record<string, string | undefined> {
  const cleared = REPOSITORY_VARIABLES.filter((name) => !(quarantine && QUARANTINE_VARIABLES.has(name)));
  return {
    ...Object.fromEntries(cleared.map((name) => [name, undefined])),
    GIT_DIR: gitDir,
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: process.env['GIT_ASKPASS'] ?? '',
    GIT_OPTIONAL_LOCKS: '0',
  };
}

/**
 * Settings for every call: exact names in output, a repository of another user is read when it was named to us, and it is
 * packed anew when we say so and not in the middle of something.
 */
export function gitSettings({ gitDir }: GitPlace, command?: string): string[] {
  return [
    '-c',
    'core.quotePath=false',
    '-c',
    `safe.directory=${gitDir}`,
    '-c',
    'core.fsmonitor=false',
    ...(command === 'gc' ? [] : ['-c', 'gc.auto=0']),
  ];
}

const TIMEOUT_MS = 120_000;

/** Runs one git command to its end; arguments as a list, output as bytes. A failure is thrown with git's own words. */
export async function git(
  place: GitPlace,
  args: readonly string[],
  { signal, input, env = {}, allow = [0], timeoutMs = TIMEOUT_MS, remote = false }: GitCall,
): Promise<GitResult> {
  signal.throwIfAborted();
  const running = execa('git', [...gitSettings(place, args[0]), ...args], {
    ...options(place, { signal, env, timeoutMs }),
    encoding: 'buffer',
    maxBuffer: 512 * 1024 * 1024,
    detached: remote,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
  });
  const stop = remote ? endTogether(running.pid, { signal, timeoutMs }) : undefined;
  const result = await running.finally(() => stop?.());
  signal.throwIfAborted();
  const stderr = redact(Buffer.from(result.stderr).toString('utf8').trim());
  const exitCode = checked(place, args, { ...result, stderr }, { allow, timeoutMs });
  const { buffer, byteOffset, byteLength } = result.stdout;
  return { exitCode, stdout: Buffer.from(buffer, byteOffset, byteLength), stderr };
}

/**
 * Ends a process group when git itself is ended. Its helpers (git-remote-https, ssh) hold its pipes: left alone they would
 * keep a daemon from stopping for as long as a remote is silent.
 */
function endTogether(
  pid: number | undefined,
  { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
): () => void {
  const end = (): void => {
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGTERM');
    } catch (error) {
      // All of them have ended already.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  const timer = setTimeout(end, timeoutMs);
  signal.addEventListener('abort', end, { once: true });
  return () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  };
}

/** The same for a long output, piece by piece as it comes. */
export async function* gitOutput(
  place: GitPlace,
  args: readonly string[],
  { signal, env = {}, timeoutMs = TIMEOUT_MS }: GitCall,
): AsyncIterable<Buffer> {
  signal.throwIfAborted();
  const running = execa('git', [...gitSettings(place), ...args], {
    ...options(place, { signal, env, timeoutMs }),
    stdin: 'ignore',
    buffer: { stdout: false },
  });
  // Read to its end or left early, the process itself ends with its pipe.
  for await (const piece of running.stdout) yield piece as Buffer;
  const result = await running;
  signal.throwIfAborted();
  checked(place, args, { ...result, stderr: redact(result.stderr.trim()) }, { allow: [0], timeoutMs });
}

interface Ended {
  exitCode?: number | undefined;
  timedOut: boolean;
  stderr: string;
  /** Of the system: `ENOENT`. */
  code?: string | undefined;
  cause?: unknown;
}

function options(
  place: GitPlace,
  { signal, env, timeoutMs }: Required<Pick<GitCall, 'signal' | 'env' | 'timeoutMs'>>,
) {
  return {
    cwd: place.gitDir,
    env: { ...gitEnvironment(place), ...env },
    reject: false as const,
    stripFinalNewline: false as const,
    cancelSignal: signal,
    timeout: timeoutMs,
  };
}

/** The exit code, where it is an answer; everything else is thrown. */
function checked(
  place: GitPlace,
  args: readonly string[],
  ended: Ended,
  { allow, timeoutMs }: { allow: readonly number[]; timeoutMs: number },
): number {
  const { exitCode, timedOut, stderr } = ended;
  if (timedOut) {
    throw new TowlineError(
      'git-timeout',
      'unavailable',
      `git ${args[0] ?? ''} took longer than ${timeoutMs / 1000} s`,
      { help: 'The remote may be slow or away. It is tried again.' },
    );
  }
  if (exitCode === undefined && !existsSync(place.gitDir)) throw repositoryAway(place.gitDir);
  if (exitCode === undefined) {
    throw new TowlineError(
      'git-missing',
      'invalid',
      `git could not be run (${ended.code ?? 'it did not start'})`,
      { help: 'Install git 2.31 or later.', cause: ended.cause },
    );
  }
  if (!allow.includes(exitCode)) throw failure(args, exitCode, stderr);
  return exitCode;
}

/** The folder of a repository that is used in place is gone, or not there for now. */
export function repositoryAway(gitDir: string): TowlineError {
  return new TowlineError(
    'git-remote-away',
    'unavailable',
    `there is no job repository at ${gitDir} any more`,
    {
      help: 'Check repository.url. Nothing is changed while it is away.',
    },
  );
}

/** Sorts git's failures by what can be done about them; git itself only has exit codes 1 and 128. */
export function failure(args: readonly string[], code: number, stderr: string): TowlineError {
  const last =
    stderr
      .split('\n')
      .filter((line) => /^(fatal|error|remote|ERROR|ssh:|Host key|.*: Permission denied)/.test(line))
      .slice(-3)
      .join(' | ') || stderr.split('\n').slice(-2).join(' | ');
  const text = `git ${args[0] ?? ''} failed (${code}): ${last === '' ? 'it said nothing' : last}`;
  if (
    /authentication failed|permission denied|host key verification failed|could not read (username|password)|access denied|not authorized|403/i.test(
      stderr,
    )
  )
    return new TowlineError('git-denied', 'refused', text, {
      help: 'Check the credentials of the remote (credential helper, SSH key and known hosts, token).',
    });
  if (
    /could not resolve host|unable to access|connection (refused|reset|timed out)|could not read from remote|does not appear to be a git repository|early eof|the remote end hung up|no such device|timed out|repository .* not found|does not exist/i.test(
      stderr,
    )
  )
    return new TowlineError('git-remote-away', 'unavailable', text, {
      help: 'Check the address of the job repository. Nothing is changed while it is away.',
    });
  if (/not a git repository/i.test(stderr))
    return new TowlineError('git-no-repository', 'invalid', text, {
      help: 'Name a Git repository by repository.url, or run this inside one.',
    });
  return new TowlineError('git-failed', 'invalid', text, {
    help: 'This is what git said; run the same command by hand to see more.',
  });
}

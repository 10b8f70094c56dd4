import { execa } from 'execa';
import type { SourceState } from '../domain/release/image-tags.js';
import { TowlineError } from '../runtime/errors.js';
import { buildFacts, sourceBranch, sourceTag, withoutLogin } from './ci-environment.js';
import type { Io } from './io.js';

/** Where the source of an image stands, as its CI system and its git folder tell. */
export interface FoundSource extends SourceState {
  repository?: string;
  buildUrl?: string;
  /** Seconds since 1970: when the commit was made. */
  committedAt?: number;
}

/** A CI system's word counts more than git's: it knows the branch where git has only a commit checked out. */
export async function sourceState(folder: string, io: Pick<Io, 'env' | 'signal'>): Promise<FoundSource> {
  const facts = buildFacts(io.env);
  const git = (...args: string[]): Promise<string | undefined> => gitIn(folder, args, io);
  const head = await git('rev-parse', '--verify', '--quiet', 'HEAD^{commit}');
  const commit = facts.sourceCommit ?? head;
  // Tags and times are those of the commit that is checked out; a CI system's other commit has none here.
  const here = head !== undefined && head === commit;
  const [status, branch, tags, time, origin] = await Promise.all([
    head === undefined ? undefined : git('status', '--porcelain', '--untracked-files=no'),
    git('symbolic-ref', '--quiet', '--short', 'HEAD'),
    here ? git('tag', '--points-at', head) : undefined,
    here ? git('show', '--no-patch', '--format=%ct', head) : undefined,
    git('config', '--get', '--', 'remote.origin.url'),
  ]);
  const repository = facts.sourceRepository ?? (origin === undefined ? undefined : withoutLogin(origin));
  const [named, tag] = [sourceBranch(io.env) ?? branch, sourceTag(io.env)];
  return {
    gitTags: [...(tag === undefined ? [] : [tag]), ...(tags?.split('\n') ?? [])],
    changed: status !== undefined,
    ...(commit === undefined ? {} : { commit }),
    ...(named === undefined ? {} : { branch: named }),
    ...(repository === undefined ? {} : { repository }),
    ...(facts.buildUrl === undefined ? {} : { buildUrl: facts.buildUrl }),
    ...(time === undefined ? {} : { committedAt: Number(time) }),
  };
}

/** What git says; undefined for nothing, also outside of a repository and where there is no git. */
async function gitIn(
  folder: string,
  args: readonly string[],
  { env, signal }: Pick<Io, 'env' | 'signal'>,
): Promise<string | undefined> {
  const { stdout, exitCode, code } = await execa('git', ['-C', folder, ...args], {
    env: { ...env, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0' },
    extendEnv: false,
    reject: false,
    cancelSignal: signal,
  });
  signal.throwIfAborted();
  if (exitCode === undefined && code !== 'ENOENT')
    throw new TowlineError('image-source', 'refused', `git ${args[0] ?? ''} did not end in ${folder}`);
  return exitCode === 0 && stdout !== '' ? stdout : undefined;
}

import { parseObjectId, parseRevision, type ObjectId, type Revision } from '../domain/source/revision.js';
import type { NewCommit } from '../ports/git-store.js';
import type { Waiting } from '../ports/kv-store.js';
import { TowlineError } from '../runtime/errors.js';
import { bulkTree } from './bulk-tree.js';
import type { CatFile, GitObject } from './cat-file.js';
import { editTree } from './edit-tree.js';
import { objectWriter } from './object-writer.js';
import { git, type OpenRepository } from './run.js';

/** Files beyond which one index for all of them is quicker than each by itself. */
const MANY = 64;
/** How long it is remembered whether commits are to be signed. */
const REMEMBER_MS = 30_000;

/** A commit whose id is known. */
export interface MadeCommit {
  revision: Revision;
  /** All that it has and its base has not, and perhaps more; undefined where that is not known without a look. */
  objects: readonly GitObject[] | undefined;
  /** Waits until it is on disk: it may not be named before that. */
  stored(): Promise<void>;
}

/** Writes commits that nothing points to yet. No work tree, and no index of the repository, is touched. */
export class CommitWriter {
  #sign: { wanted: boolean; until: number } | undefined;

  constructor(
    readonly place: OpenRepository,
    readonly objects: () => CatFile,
  ) {}

  async write(commit: NewCommit, waiting: Waiting): Promise<Revision> {
    const { revision, stored } = await this.make(commit, waiting);
    await stored();
    return revision;
  }

  /** The same, without a wait for the disk. */
  async make(commit: NewCommit, waiting: Waiting): Promise<MadeCommit> {
    const { place } = this;
    const objects = this.objects();
    const [base, sign] = await Promise.all([
      treeOf(objects, commit.base),
      commit.sign ?? this.#wantsSignature(waiting),
    ]);
    const { files } = commit;
    const writer = objectWriter(place, waiting);
    const isMany = files.size > MANY;
    const tree = isMany
      ? await bulkTree(place, { base, files }, waiting)
      : await editTree({ base, files }, { objects, writer, format: place.format });
    const own = sign ? undefined : writer.commit?.(commitBytes(commit, tree));
    // Git itself has to find the tree.
    if (own === undefined) await writer.flush();
    const revision = parseRevision(own ?? (await byGit(place, commit, tree, sign, waiting)));
    if (revision === undefined) throw new Error('git commit-tree printed no commit');
    const written = isMany ? undefined : writer.written?.();
    const signed = own === undefined && written !== undefined ? await objects.ask(revision) : undefined;
    return {
      revision,
      objects: written === undefined ? undefined : [...written, ...(signed === undefined ? [] : [signed])],
      stored: () => writer.flush(),
    };
  }

  /** commit-tree ignores commit.gpgSign, so the repository's wish is asked for and passed on. */
  async #wantsSignature(waiting: Waiting): Promise<boolean> {
    const now = performance.now();
    if (this.#sign !== undefined && now < this.#sign.until) return this.#sign.wanted;
    const args = ['config', '--type=bool', '--get', 'commit.gpgSign'];
    const { stdout } = await git(this.place, args, { ...waiting, allow: [0, 1] });
    const wanted = stdout.toString('utf8').trim() === 'true';
    this.#sign = { wanted, until: now + REMEMBER_MS };
    return wanted;
  }
}

function commitBytes({ parents, author: { name, email }, at, message }: NewCommit, tree: ObjectId): Buffer {
  const who = `${name} <${email}> ${Math.floor(at / 1000)} +0000`;
  const lines = [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${who}`,
    `committer ${who}`,
  ];
  return Buffer.from(`${lines.join('\n')}\n\n${message.endsWith('\n') ? message : `${message}\n`}`);
}

async function byGit(
  place: OpenRepository,
  { parents, author: { name, email }, at, message, settings }: NewCommit,
  tree: ObjectId,
  sign: boolean,
  waiting: Waiting,
): Promise<string> {
  const date = `${Math.floor(at / 1000)} +0000`;
  const env = {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
    GIT_COMMITTER_DATE: date,
    ...settingsEnvironment(settings),
  };
  const named = parents.flatMap((parent) => ['-p', parent]);
  const args = ['commit-tree', ...(sign ? ['-S'] : []), ...named, '-F', '-', tree];
  try {
    return (await git(place, args, { ...waiting, env, input: message })).stdout.toString('utf8').trim();
  } catch (error) {
    throw sign && error instanceof TowlineError && error.code === 'git-failed' ? unsigned(error) : error;
  }
}

/** Settings for one call, without a place on its command line. */
function settingsEnvironment(settings: ReadonlyMap<string, string> = new Map()): Record<string, string> {
  const pairs = [...settings].flatMap(([name, value], at): [string, string][] => [
    [`GIT_CONFIG_KEY_${at}`, name],
    [`GIT_CONFIG_VALUE_${at}`, value],
  ]);
  return settings.size === 0 ? {} : { GIT_CONFIG_COUNT: String(settings.size), ...Object.fromEntries(pairs) };
}

function unsigned(cause: TowlineError): TowlineError {
  return new TowlineError('git-unsigned', 'refused', `the commit could not be signed: ${cause.message}`, {
    cause,
    help: 'Check user.signingkey and gpg.format of git, and that the key is there: git commit -S must work.',
  });
}

async function treeOf(objects: CatFile, base: Revision | undefined): Promise<ObjectId | undefined> {
  if (base === undefined) return undefined;
  const found = await objects.ask(`${base}^{tree}`);
  const id = found?.type === 'tree' ? parseObjectId(found.id) : undefined;
  if (id === undefined) throw new Error(`${base} is no commit of this repository`);
  return id;
}

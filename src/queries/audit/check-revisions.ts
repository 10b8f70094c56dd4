import { parseCommitObject, type CommitObject } from '../../domain/source/commit-object.js';
import type { ObjectFormat, ObjectId, Revision } from '../../domain/source/revision.js';
import { parseTreeObject, splitPath } from '../../domain/source/tree-object.js';
import type { CommitWalk } from '../../ports/commit-walk.js';
import type { Findings } from './findings.js';
import type { StatedRevision } from './walk-ledger.js';

/** The environment's branch of the job repository, each commit read and hashed. */
export interface AuditedBranch {
  tip: ObjectId;
  commits: Map<ObjectId, CommitObject>;
}

/** Reads all commits of the environment's branch. */
export async function readBranch(
  walk: CommitWalk,
  tip: ObjectId,
  findings: Findings,
  signal: AbortSignal,
): Promise<AuditedBranch> {
  const commits = new Map<ObjectId, CommitObject>();
  for await (const object of walk.objects(await walk.ancestors(tip, { signal }), { signal })) {
    if ('problem' in object)
      findings.add('job repository', object.id, `the commit is damaged: ${object.problem}`);
    else {
      const commit = object.type === 'commit' ? parseCommitObject(object.bytes) : undefined;
      if (commit === undefined) findings.add('job repository', object.id, 'it is no commit');
      else commits.set(object.id, commit);
    }
  }
  return { tip, commits };
}

/**
 * Each revision that the ledger speaks of is a commit of the branch, which is only ever added to, and the trees of its
 * folders are those that the ledger says, down to the last file.
 */
export async function checkRevisions(
  revisions: Iterable<StatedRevision>,
  branch: AuditedBranch,
  walk: CommitWalk,
  findings: Findings,
  signal: AbortSignal,
): Promise<void> {
  const found: { stated: StatedRevision; tree: ObjectId }[] = [];
  const elsewhere: StatedRevision[] = [];
  for (const stated of revisions) {
    const commit = branch.commits.get(asObject(stated.revision));
    if (commit !== undefined) found.push({ stated, tree: commit.tree });
    else elsewhere.push(stated);
  }
  for (const { stated, reason } of await whyElsewhere(elsewhere, walk, signal))
    findings.add('job repository', stated.revision, `the branch does not hold it any more: ${reason}`, {
      expected: `an ancestor of ${branch.tip}, because the ledger has it (${stated.entry})`,
    });
  const trees = new TreeReader(walk, await walk.format, signal);
  const folders = found.flatMap(({ stated, tree }) =>
    stated.trees.map((text) => {
      const space = text.indexOf(' ');
      const [id, folder] = space < 0 ? [text, ''] : [text.slice(0, space), text.slice(space + 1)];
      return { stated, root: tree, id, folder };
    }),
  );
  const ids = await trees.folders(folders);
  for (const [at, { stated, id, folder }] of folders.entries())
    findings.same(
      'job repository',
      stated.revision,
      `the tree of "${folder}" is not the one that the ledger says (${stated.entry})`,
      id,
      ids[at],
    );
  const whole = ids.flatMap((id) => id ?? []);
  for (const { id, problem } of await walk.damagedBelow(whole, { signal }))
    findings.add('job repository', id, `an object of a deployed revision is damaged: ${problem}`);
}

async function whyElsewhere(
  stated: readonly StatedRevision[],
  walk: CommitWalk,
  signal: AbortSignal,
): Promise<{ stated: StatedRevision; reason: string }[]> {
  const reasons = new Map<string, string>();
  const ids = [...new Set(stated.map(({ revision }) => asObject(revision)))];
  for await (const object of walk.objects(ids, { signal }))
    reasons.set(object.id, 'problem' in object ? object.problem : 'the branch was rewritten');
  return stated.map((each) => ({ stated: each, reason: reasons.get(each.revision) ?? 'it is missing' }));
}

/** Finds folders in many trees at once, a level of folders at a time. */
class TreeReader {
  readonly #lines = new Map<ObjectId, ReturnType<typeof parseTreeObject>>();

  constructor(
    readonly walk: CommitWalk,
    readonly format: ObjectFormat,
    readonly signal: AbortSignal,
  ) {}

  /** Undefined where there is none, or where a tree on the way can't be read. */
  async folders(wanted: readonly { root: ObjectId; folder: string }[]): Promise<(ObjectId | undefined)[]> {
    const at = wanted.map(({ root, folder }): { tree: ObjectId | undefined; names: string[] } => ({
      tree: root,
      names: folder === '' ? [] : splitPath(Buffer.from(folder, 'utf8')),
    }));
    for (let open = at.filter(isOpen); open.length > 0; open = at.filter(isOpen)) {
      await this.#load(open.flatMap(({ tree }) => tree ?? []));
      for (const each of open) {
        const line =
          each.tree === undefined ? undefined : this.#lines.get(each.tree)?.get(each.names.shift() ?? '');
        each.tree = line?.mode === '40000' ? line.id : undefined;
      }
    }
    return at.map(({ tree }) => tree);
  }

  async #load(ids: readonly ObjectId[]): Promise<void> {
    const unread = [...new Set(ids)].filter((id) => !this.#lines.has(id));
    for await (const object of this.walk.objects(unread, { signal: this.signal }))
      this.#lines.set(
        object.id,
        'problem' in object || object.type !== 'tree'
          ? undefined
          : parseTreeObject(object.bytes, this.format),
      );
  }
}

function isOpen({ tree, names }: { tree: ObjectId | undefined; names: string[] }): boolean {
  return tree !== undefined && names.length > 0;
}

/** A commit is an object; the two names keep revisions of the job repository and other ids apart elsewhere. */
function asObject(revision: Revision): ObjectId {
  return revision as string as ObjectId;
}

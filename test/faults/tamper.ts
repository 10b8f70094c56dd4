import { deflateSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { LEDGER, type AuditWorld } from './audit-world.js';

/** A commit taken apart. */
export interface LooseCommit {
  id: string;
  tree: string;
  /** Parents after the first one. */
  others: string[];
  author: string;
  committer: string;
  /** Header of a signature, with its lines. */
  signature: string;
  message: string;
}

/** Commits of a branch along first parents, oldest first. */
export function commitsOf({ git }: AuditWorld, branch: string): LooseCommit[] {
  const ids = git(['rev-list', '--first-parent', '--reverse', branch]).split('\n');
  const all = `${git(['cat-file', '--batch'], `${ids.join('\n')}\n`)}\n\n`;
  let from = 0;
  return ids.map((id) => {
    const line = all.indexOf('\n', from) + 1;
    const size = Number(all.slice(from, line).split(' ')[2]);
    const raw = all.slice(line, line + size);
    from = line + size + 1;
    const end = raw.indexOf('\n\n');
    const headers = raw.slice(0, end);
    const one = (name: string): string => new RegExp(`^${name} (.*)$`, 'm').exec(headers)?.[1] ?? '';
    const parents = [...headers.matchAll(/^parent (.*)$/gm)].map((m) => m[1] ?? '');
    return {
      id,
      tree: one('tree'),
      others: parents.slice(1),
      author: one('author'),
      committer: one('committer'),
      signature: /^gpgsig .*\n(?: .*\n?)*/m.exec(`${headers}\n`)?.[0] ?? '',
      message: raw.slice(end + 2),
    };
  });
}

/** Writes a whole branch anew, one commit after the other, as somebody would who wants nothing to be seen. */
export function rewrite(
  world: AuditWorld,
  branch: string,
  edit: (commits: LooseCommit[]) => LooseCommit[],
  sign?: (bytes: string) => string,
): void {
  let previous: string | undefined;
  for (const commit of edit(commitsOf(world, branch))) {
    const headers = [
      `tree ${commit.tree}`,
      ...(previous === undefined ? [] : [`parent ${previous}`]),
      ...commit.others.map((id) => `parent ${id}`),
      `author ${commit.author}`,
      `committer ${commit.committer}`,
    ].join('\n');
    const plain = `${headers}\n\n${commit.message}`;
    const signature = sign === undefined ? commit.signature : sign(plain);
    const bytes = signature === '' ? plain : `${headers}\n${signature.trimEnd()}\n\n${commit.message}`;
    previous = writeObject(world, 'commit', bytes);
  }
  world.git(['update-ref', `refs/heads/${branch}`, previous ?? '']);
}

/** The last entry of a phase, or of some other kind. */
export function indexOf(commits: readonly LooseCommit[], fits: (message: string) => boolean): number {
  const at = commits.findLastIndex(({ message }) => fits(message));
  if (at < 0) throw new Error('there is no such entry');
  return at;
}

export const phase =
  (name: string) =>
  (message: string): boolean =>
    message.includes(`\nTowline-Phase: ${name}\n`);

/** Changes one entry of the ledger, and writes all that come after it anew. */
export function editEntry(
  world: AuditWorld,
  fits: (message: string) => boolean,
  edit: (commit: LooseCommit) => LooseCommit,
): void {
  rewrite(world, LEDGER, (commits) => {
    const at = indexOf(commits, fits);
    return commits.map((commit, n) => (n === at ? edit(commit) : commit));
  });
}

/** A tree with another content at some paths; null takes one away. */
export function treeWith(world: AuditWorld, tree: string, files: Record<string, string | null>): string {
  const index = { GIT_INDEX_FILE: path.join(world.bare, 'tamper-index') };
  world.git(['read-tree', tree], undefined, index);
  for (const [name, text] of Object.entries(files)) {
    const [mode, blob] = text === null ? ['0', '0'.repeat(40)] : ['100644', writeObject(world, 'blob', text)];
    world.git(['update-index', '--index-info'], `${mode} ${blob}\t${name}\n`, index);
  }
  const written = world.git(['write-tree'], undefined, index);
  rmSync(index.GIT_INDEX_FILE, { force: true });
  return written;
}

function writeObject({ bare }: AuditWorld, type: string, text: string): string {
  const bytes = Buffer.from(text);
  const whole = Buffer.concat([Buffer.from(`${type} ${bytes.byteLength}\0`), bytes]);
  const id = createHash('sha1').update(whole).digest('hex');
  const file = path.join(bare, 'objects', id.slice(0, 2), id.slice(2));
  mkdirSync(path.dirname(file), { recursive: true });
  if (!existsSync(file)) writeFileSync(file, deflateSync(whole));
  return id;
}

/** Puts other bytes into the store under the name of an object, as a faulty disk or a hand in the folder does. */
export function flipObject(world: AuditWorld, name: string, edit: (text: string) => string): void {
  const id = world.git(['rev-parse', name]);
  const type = world.git(['cat-file', '-t', id]);
  const raw = world.git(['cat-file', type, id]);
  const bytes = Buffer.from(edit(`${raw}\n`));
  const file = path.join(world.bare, 'objects', id.slice(0, 2), id.slice(2));
  if (!existsSync(file)) throw new Error(`${name} is not a file of its own`);
  chmodSync(file, 0o644);
  writeFileSync(file, deflateSync(Buffer.concat([Buffer.from(`${type} ${bytes.byteLength}\0`), bytes])));
}

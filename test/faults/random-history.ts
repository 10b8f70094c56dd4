import { execFileSync } from 'node:child_process';

export type Tree = ReadonlyMap<string, string>;

/** Numbers from a seed: the same seed tells the same story. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

const NAMES = ['a', 'b', 'c', 'd.json', 'e f.yaml', 'ü.txt', 'g', 'h.json'];

/** The next state of a tree: adds, edits, deletes, renames, a file that becomes a folder, and back. */
export function nextTree(before: Tree, next: () => number): Tree {
  const tree = new Map(before);
  const pick = <T>(all: readonly T[]): T | undefined => all[Math.floor(next() * all.length)];
  const path = (): string =>
    Array.from({ length: 1 + Math.floor(next() * 3) }, () => pick(NAMES) ?? 'a').join('/');
  const put = (name: string, text: string): void => {
    // A file and a folder of one name can't be at once.
    for (const other of [...tree.keys()])
      if (other.startsWith(`${name}/`) || name.startsWith(`${other}/`)) tree.delete(other);
    tree.set(name, text);
  };
  const text = (): string => `${'x'.repeat(Math.floor(next() ** 4 * 3000))}${Math.floor(next() * 1e9)}\r\n`;
  for (let step = 0; step <= next() * 6; step++) {
    const kind = next();
    const old = pick([...tree.keys()]);
    if (kind < 0.4 || old === undefined) put(path(), text());
    else if (kind < 0.65) tree.set(old, text());
    else if (kind < 0.8) tree.delete(old);
    else {
      const content = tree.get(old) ?? '';
      tree.delete(old);
      put(kind < 0.9 ? path() : `${old}/${pick(NAMES) ?? 'a'}`, content);
    }
  }
  if (tree.size === 0) put('last.txt', text());
  return tree;
}

/**
 * A history of commits, each with the tree that it has below `jobs`; some begin anew, or go on from an older commit, as
 * force pushes do. Returns the commits' ids in order.
 */
export function writeHistory(bare: string, count: number, seed: number): { id: string; tree: Tree }[] {
  const next = random(seed);
  const trees: Tree[] = [];
  const parts: string[] = [];
  const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`;
  for (let at = 0; at < count; at++) {
    const jump = next();
    const base = at === 0 || jump < 0.03 ? -1 : jump < 0.1 ? Math.floor(next() * at) : at - 1;
    const tree = nextTree(trees[base] ?? new Map(), next);
    trees.push(tree);
    parts.push(
      `commit refs/model/tip\nmark :${at + 1}\ncommitter M <m@example.org> ${1_700_000_000 + at} +0000\n`,
    );
    parts.push(data(`Commit ${at}`), base < 0 ? '' : `from :${base + 1}\n`, 'deleteall\n');
    for (const [path, text] of tree) parts.push(`M 100644 inline "jobs/${path}"\n${data(text)}`);
    parts.push('\n');
  }
  // Each root is a branch of its own, or fast-import would take it for a child of the one before.
  const script = parts
    .join('')
    .replaceAll(/^(commit refs\/model\/tip\nmark :(\d+)\n)/gm, (_all, head: string, mark: string) =>
      head.replace('tip', `c${mark}`),
    );
  execFileSync('git', ['fast-import', '--quiet', '--export-marks=model.marks'], { cwd: bare, input: script });
  const marks = execFileSync('cat', ['model.marks'], { cwd: bare }).toString();
  const ids = new Map(
    [...marks.matchAll(/^:(\d+) ([0-9a-f]+)$/gm)].map(([, mark, id]) => [Number(mark), id ?? '']),
  );
  return trees.map((tree, at) => ({ id: ids.get(at + 1) ?? '', tree }));
}

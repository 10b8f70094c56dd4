import picocolors from 'picocolors';
import { Document, isCollection, isScalar, visit, type Node } from 'yaml';
import type { Job } from '../../domain/job/job.js';
import { pointer, type Json, type Pointer } from '../../domain/source/json.js';
import type { Io } from '../io.js';

/** Begins the comments of ours; nothing that a manifest holds can begin with it. */
const MARK = '\u0000';
/** Comments stand side by side up to this column; longer lines push theirs to the right. */
const COMMENT_COLUMN = 64;

/** A job as YAML, each value with the file and line that says it in a comment. */
export function renderedJob(job: Job, { stdout }: Pick<Io, 'stdout'>): string {
  const colors = picocolors.createColors(stdout.isTTY === true);
  const document = new Document(job.spec, { aliasDuplicateObjects: false });
  visit(document, {
    Node(key, node, path) {
      if (key === 'key') return;
      if (isScalar(node) || (isCollection(node) && node.items.length === 0))
        node.comment = MARK + placeOf(job, pointerOf(path, node));
    },
  });
  const lines = document.toString({ lineWidth: 0, flowCollectionPadding: true }).split('\n');
  const head = `# ${job.ref} (${job.kind}), from ${job.source.files.join(', ')}`;
  return [colors.dim(head), ...lines.map((line) => withComment(line, colors.dim))].join('\n');
}

/** Pointers of all values that a file says as such, each with its place. */
export function originsOf(job: Job): Record<Pointer, string> {
  const origins: Record<Pointer, string> = {};
  collect(job.spec, '');
  return origins;

  function collect(value: Json, at: Pointer): void {
    if (typeof value !== 'object' || value === null || Object.keys(value).length === 0)
      origins[at] = placeOf(job, at);
    else for (const [name, inner] of Object.entries(value)) collect(inner, at + pointer(name));
  }
}

function placeOf(job: Job, at: Pointer): string {
  const { file, line } = job.source.placeOf(at);
  return line === undefined ? file : `${file}:${line}`;
}

function pointerOf(path: readonly unknown[], node: Node): Pointer {
  const names: (string | number)[] = [];
  const chain = [...path, node];
  for (const [at, each] of chain.entries()) {
    const parent = chain[at - 1];
    if (isCollection(parent)) {
      const index = parent.items.indexOf(each as never);
      const pair = each as { key?: unknown };
      names.push(isScalar(pair.key) ? String(pair.key.value) : index);
    }
  }
  return pointer(...names);
}

function withComment(line: string, dim: (text: string) => string): string {
  const at = line.indexOf(`#${MARK}`);
  if (at < 0) return line;
  // Only the blank before the comment: other white space at the end belongs to the value.
  const text = line.slice(0, at).replace(/ +$/, '');
  return `${text.padEnd(COMMENT_COLUMN)} ${dim(`# ${line.slice(at + 1 + MARK.length)}`)}`;
}

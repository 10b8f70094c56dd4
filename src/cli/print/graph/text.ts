import type { JobRef } from '../../../domain/job/job-ref.js';
import type { JobGraph } from '../../../domain/job/job-graph.js';

/** One line of a drawn tree. */
export interface GraphLine {
  /** What stands before the name: `   └─ `. */
  lead: string;
  ref: JobRef;
  note: string;
}

/** A tree below each job that comes after no other; what stands below several is drawn below the first of them only. */
export function graphLines({ nodes, edges }: JobGraph): GraphLine[] {
  const byRef = new Map(nodes.map((node) => [node.ref, node]));
  const after = new Map<JobRef, JobRef[]>(nodes.map(({ ref }) => [ref, []]));
  const before = new Map<JobRef, JobRef[]>(nodes.map(({ ref }) => [ref, []]));
  for (const [from, to] of edges) {
    after.get(from)?.push(to);
    before.get(to)?.push(from);
  }
  const lines: GraphLine[] = [];
  const drawn = new Set<JobRef>();
  const draw = (ref: JobRef, lead: string, indent: string, parent: JobRef | undefined): void => {
    const node = byRef.get(ref);
    const others = (before.get(ref) ?? []).filter((each) => each !== parent);
    const again = drawn.has(ref);
    const notes = [
      node?.isMissing === true ? 'not stated' : node?.note,
      parent !== undefined && others.length > 0 ? `and after ${others.join(', ')}` : undefined,
      again && (after.get(ref)?.length ?? 0) > 0 ? 'see above' : undefined,
    ];
    lines.push({ lead, ref, note: notes.filter((note) => note !== undefined).join('; ') });
    if (again) return;
    drawn.add(ref);
    const below = after.get(ref) ?? [];
    below.forEach((each, at) => {
      const isLast = at === below.length - 1;
      draw(each, `${indent}${isLast ? '└─ ' : '├─ '}`, `${indent}${isLast ? '   ' : '│  '}`, ref);
    });
  };
  for (const { ref } of nodes) if (before.get(ref)?.length === 0) draw(ref, '', '', undefined);
  // Circles have no beginning.
  for (const { ref } of nodes) if (!drawn.has(ref)) draw(ref, '', '', undefined);
  return lines;
}

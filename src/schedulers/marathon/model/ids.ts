/** One segment: lower-case letters, digits, dashes inside, dots between (reference: marathon.md §2.1). */
const SEGMENT =
  /^(([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])\.)*([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])$|^(\.|\.\.)$/;
const RESERVED = new Set(['restart', 'tasks', 'versions', '.', '..']);

/** The absolute form of an id, seen from a group: no double and no trailing slash, `.` and `..` resolved. */
export function absoluteId(id: string, base = '/'): string {
  const parts = id.startsWith('/') ? [] : base.split('/').filter((p) => p !== '');
  for (const part of id.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** Why Marathon refuses an id; undefined where it does not. */
export function idProblem(id: string): string | undefined {
  const parts = id.split('/').filter((p) => p !== '');
  if (parts.length === 0) return 'it names the root';
  const bad = parts.find((part) => !SEGMENT.test(part));
  if (bad !== undefined)
    return `"${bad}" may hold lower-case letters, digits, dashes and dots only, and no dash at its ends`;
  const last = parts.at(-1) ?? '';
  return RESERVED.has(last) ? `"${last}" is reserved by Marathon` : undefined;
}

/** The group that a job is in: `/shop` for `/shop/web`, `/` for `/web`. */
export function parentOf(id: string): string {
  const at = id.lastIndexOf('/');
  return at <= 0 ? '/' : id.slice(0, at);
}
